#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Many kinds of guests and Debian's own backends, with Debian's toolstack: fifty
# small guests; the standard kernel with 4 vcpus, ballooned, its vcpus unplugged,
# on loop, block and qcow2 disks (QEMU) and two interfaces; the cloud kernel with
# 2 GiB; GRUB that starts the kernel on the guest's disk; guests that crash and
# kernels that are none. By default the short parts, on the checking build with
# the C xenstored; tests/long/guests.t runs the others.
#
# SYSTEMS="genuine xen-lite" runs the same on genuine Xen. PARTS=debian+grub
# chooses.
cd "$(dirname "$0")/../.." || exit 1
export IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"

n=0
tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
images=$tmp/images

# Kernels unpacked, since an emulated processor unpacks slowly, except where that
# is the point. They are on a disk, as QEMU is: only what is read is loaded.
collect() {
    fetch alone $(packages guests)
    fetch closure $(packages qdisk)
    fetch_vmlinux
    mkdir -p "$images"/{kernel,qemu} "$tmp/grub/boot/grub" "$tmp/extra/job"
    cp "$VMLINUX" "$images/kernel/vmlinux"
    cp "$BUILD/tests/system/idle_guest" "$images/kernel/idle"
    cp "$PKG_ROOT/usr/lib/grub-xen/grub-x86_64-xen.bin" "$images/kernel/"
    "$IMAGE_DIR/mkguest" "$images/kernel/initrd"
    put_qemu "$images/qemu"
    fetch_kernel cloud-amd64
    cp "$KERNEL" "$images/kernel/vmlinuz-cloud"
    "$IMAGE_DIR/mkguest" "$images/kernel/initrd-cloud" cloud-amd64

    ln "$images/kernel/vmlinux" "$images/kernel/initrd" "$tmp/grub/boot/"
    cat > "$tmp/grub/boot/grub/grub.cfg" << 'G'
linux /boot/vmlinux console=hvc0 quiet demo=no
initrd /boot/initrd
boot
G
    mke2fs -q -t ext4 -d "$tmp/grub" "$images/grub.img" 96M
    empty_qcow2 "$images/empty.qcow2"
    mke2fs -q -t ext4 -d "$images" "$tmp/images.img" 512M
    install -m 755 tests/system/guests.dom0 "$tmp/extra/job/script"
}

# empty_qcow2 FILE: 64 MiB, version 2: header, table of refcounts, refcounts of
# the first four clusters, first-level table.
empty_qcow2() {
    python3 - "$1" << 'P'
import struct, sys
cluster = 65536
header = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 2, 0, 0, 16, 64 << 20, 0, 1, 3 * cluster, cluster, 1, 0, 0)
table = struct.pack(">Q", 2 * cluster)
counts = struct.pack(">4H", 1, 1, 1, 1)
with open(sys.argv[1], "wb") as f:
    for part in header, table, counts, b"":
        f.write(part.ljust(cluster, b"\0"))
P
}

# boot NAME PARTS [VARIABLE=VALUE...]
boot() {
    local name=$1 parts=$2 before=$n line end=
    shift 2
    env TOOLS=stock EXTRA="$tmp/extra" IMAGES="$tmp/images.img" LOG="$tmp/log" LIMIT="${LIMIT:-900}" MEMORY=4096 "$@" \
        bash -c ". $IMAGE_DIR/lib.sh; DOM0_ARGS=\"\${DOM0_ARGS:-} parts=$parts\" boot_dom0 /job/script" > "$tmp/out" 2>&1
    [ -z "${KEEP:-}" ] || cat "$tmp/log" >> "$KEEP"
    while read -r line; do
        case $line in
            "ok "* | "not ok "*) n=$((n + 1)); sed -E "s/ok [0-9]+ - /ok $n - $name: /" <<< "$line" ;;
            1..*) [ "$line" = "1..$((n - before))" ] && end=1 ;;
            *) echo "$line" ;;
        esac
    done < <(tr -d '\r' < "$tmp/log" | sed -n 's/^.*TAP \(ok\|not ok\|#\|1\.\.\)/\1/p')
    n=$((n + 1))
    [ -n "$end" ] && echo "ok $n - $name: to its end" && return
    echo "not ok $n - $name: to its end"
    cat "$tmp"/{out,log} | tail -n 20 | tr -d '\r' | sed 's/^/# /'
}

collect > "$tmp/collect" 2>&1 || { cat "$tmp/collect" >&2; exit 1; }
for system in ${SYSTEMS:-xen-lite}; do
    if [ "$system" = genuine ]; then one=genuine two=genuine audit=0; else
        one=${HYPERVISOR:-$DIST/xen-lite.elf} two=${HYPERVISOR:-$TREE/build-debug/dist/xen-lite.elf} audit=1
    fi
    [ -z "${PARTS:-}" ] || { boot "$system" "$PARTS" HYPERVISOR="$one"; continue; }
    boot "$system, C xenstored" wrong+fifty HYPERVISOR="$two" DOM0_ARGS="xenstored=c audit=$audit"
done
echo "1..$n"
