#!/bin/bash
# SPDX-License-Identifier: MIT
#
# dom0 on different machines: chipset, CPUs, memory, CPU model, disk and network
# card in a table in which every pair of values occurs together, with Debian 12's
# kernel; and once with Debian 13's. The normal drivers must read and write the
# disk and answer a ping.
cd "$(dirname "$0")/../.." || exit 1
IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
exec 3>&1 > /dev/null
fetch closure $(packages files)
exec >&3

make_initrd() { # for $KVER
    new_root "$work/root"
    put_modules "$work/root" virtio_pci virtio_blk virtio_net ahci sd_mod nvme e1000e
    install -m 755 tests/system/matrix-init "$work/root/init"
    pack "$work/root" "$work/initrd"
}
head -c 16777216 /dev/urandom > "$work/disk"
want=$(head -c 8388608 "$work/disk" | md5sum | cut -c1-32)

n=0
machine() { # CPUS MODEL DISK MACHINE MEMORY NIC
    local line name="Linux $KVER as dom0 uses disk and network: $4, $1 CPUs, $5 MiB, $2, $3, $6" devices
    devices=(-drive "file=$work/disk,format=raw,if=none,id=d,snapshot=on" -netdev user,id=n -device "$6,netdev=n")
    case $3 in
        virtio) devices+=(-device virtio-blk-pci,drive=d) ;;
        ahci) devices+=(-device ahci,id=ahci9 -device ide-hd,drive=d,bus=ahci9.0) ;;
        nvme) devices+=(-device nvme,drive=d,serial=1) ;;
    esac
    CPUS=$1 CPU=$2 MACHINE=$4 MEMORY=$5 LIMIT=${LIMIT:-300} HV_ARGS="dom0_mem=512M" \
        qemu_xen "${HYPERVISOR:-$DIST/xen-lite.elf}" "$KERNEL console=hvc0 quiet panic=1,$work/initrd" \
        "${devices[@]}" -serial stdio -monitor none < /dev/null 2>&1 | tr -d '\r' > "$work/out"
    line=$(grep -a '^MATRIX' "$work/out")
    n=$((n + 1))
    if [[ $line == *"cpus=$1 "*"read=$want write=ok"*"net=ok"* ]]; then
        echo "ok $n - $name (${line##* nic=})"
    else
        { [ -n "$line" ] && echo "$line" || tail -n 12 "$work/out"; } | sed 's/^/# /'
        echo "not ok $n - $name"
    fi
}
# QEMU 7.2 takes the reads of an iret in user mode for the kernel's, which SMAP
# forbids; Linux uses that instruction when it starts, and dies of it on genuine
# Xen, too. Hence without SMAP.
skylake=Skylake-Client,-hle,-rtm,-smap epyc=EPYC,-smap
echo "1..10"
fetch_kernel > /dev/null
make_initrd
machine 1 qemu64,+rdrand virtio pc 1024 virtio-net-pci
machine 1 $skylake ahci q35 4096 e1000e
machine 1 $epyc nvme q35 1024 virtio-net-pci
machine 2 qemu64,+rdrand ahci pc 4096 virtio-net-pci
machine 2 $skylake nvme pc 1024 virtio-net-pci
machine 2 $epyc virtio q35 4096 e1000e
machine 4 qemu64,+rdrand nvme q35 4096 e1000e
machine 4 $skylake virtio pc 1024 e1000e
machine 4 $epyc ahci pc 1024 virtio-net-pci
SUITE=trixie fetch_kernel > /dev/null
make_initrd
machine 2 qemu64,+rdrand virtio q35 1024 virtio-net-pci
