#!/bin/bash
# SPDX-License-Identifier: MIT
#
# From GRUB on a CD, on BIOS and on UEFI: the entry has the form that Debian's
# 20_linux_xen writes, multiboot2 with the word "placeholder" first. A tiny
# guest as dom0, its own file as its ramdisk, prints its own TAP; then Debian's
# kernel has to reach its init.
cd "$(dirname "$0")/../.." || exit 1
IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
fetch closure $(packages files) > /dev/null 2>&1
fetch_kernel > /dev/null 2>&1

# An init that says where it is and switches the machine off.
mkdir -p "$work/root/bin" "$work/root/dev" "$work/root/proc" "$work/iso/boot/grub"
cp "$PKG_ROOT/usr/bin/busybox" "$work/root/bin/busybox"
cat > "$work/root/init" << 'I'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mkdir -p /sys && /bin/busybox mount -t sysfs sys /sys
echo "INIT $(/bin/busybox cat /sys/hypervisor/version/extra) $([ -d /sys/firmware/efi ] && echo efi || echo bios)"
/bin/busybox poweroff -f
I
chmod 755 "$work/root/init"
pack "$work/root" "$work/iso/boot/initrd"
cp "$KERNEL" "$work/iso/boot/vmlinuz"
cp "$DIST/xen-lite.elf" "$BUILD/guests/start_of_day" "$work/iso/boot/" || exit 1

iso() { # NAME MODULE-LINES
    cat > "$work/iso/boot/grub/grub.cfg" << G
serial --unit=0 --speed=115200
terminal_output serial
set timeout=0
menuentry xen-lite {
    multiboot2 /boot/xen-lite.elf placeholder console=com1 com1=115200,8n1 dom0_mem=$2 loglvl=info noreboot
    $3
}
G
    grub-mkrescue -o "$work/$1.iso" "$work/iso" > "$work/mkrescue.log" 2>&1 || { sed 's/^/# /' "$work/mkrescue.log"; return 1; }
}
# start ISO FIRMWARE SECONDS TEXT: until TEXT shows on the console, kept in out
start() {
    local bios=() pid end=$((SECONDS + $3))
    [ "$2" = bios ] || bios=(-bios /usr/share/ovmf/OVMF.fd)
    : > "$work/out"
    # shellcheck disable=SC2086
    timeout "$3" ${QEMU:-qemu-system-x86_64} -accel tcg -cpu "${CPU:-qemu64,+rdrand}" -m 1024 -smp 1 -display none \
        -no-reboot -nic none -monitor none -serial "file:$work/out" "${bios[@]}" -cdrom "$work/$1.iso" < /dev/null > "$work/qemu" 2>&1 &
    pid=$!
    until grep -aqE -- "$4" "$work/out" || [ $SECONDS -ge $end ] || ! kill -0 $pid 2> /dev/null; do sleep 0.2; done
    kill $pid 2> /dev/null
    wait $pid 2> /dev/null
}
n=0
tap() { # TEXT-TO-FIND NAME
    n=$((n + 1))
    if grep -aqE -- "$1" "$work/out"; then echo "ok $n - $2"; else
        tail -n 20 "$work/out" | sed 's/^/# /'
        echo "not ok $n - $2"
    fi
}

plan='(^|[^0-9.])1\.\.[0-9]+'
iso tiny 64M "module2 /boot/start_of_day placeholder
    module2 --nounzip /boot/start_of_day" || exit 1
for firmware in bios uefi; do
    start tiny $firmware 120 "$plan"
    tap "$plan" "$firmware: the tiny guest runs to its plan"
    n=$((n + 1))
    if grep -aq 'not ok' "$work/out"; then
        grep -a 'not ok' "$work/out" | sed 's/^/# /'
        echo "not ok $n - $firmware: all its tests pass"
    else
        echo "ok $n - $firmware: all its tests pass"
    fi
done
iso linux 512M "module2 --nounzip /boot/vmlinuz placeholder console=hvc0 quiet panic=1
    module2 --nounzip /boot/initrd" || exit 1
for firmware in bios uefi; do
    start linux $firmware 180 '^INIT '
    tap '^INIT ' "$firmware: Debian's kernel reaches its init ($(grep -a '^INIT' "$work/out" | tr -d '\r'))"
done
echo "1..$n"
