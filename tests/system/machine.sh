# SPDX-License-Identifier: MIT
#
# Functions (bash) for the disk of a Debian machine; after dom0-scripts' lib.sh.

# start_machine DISK [QEMU-OPTION...]: the machine; its serial port is left to
# the caller. Does not return: for subshells, which become it and can be killed.
start_machine() {
    local disk=$1
    shift
    # shellcheck disable=SC2086
    exec ${LIMIT:+timeout $LIMIT} ${QEMU:-qemu-system-x86_64} -accel tcg,thread=multi -cpu "${CPU:-qemu64,+rdrand}" \
        -m "${MEMORY:-2048}" -smp "${CPUS:-2}" -display none -nic none -monitor none \
        -drive "file=$disk,if=virtio,format=raw" "$@"
}

# in_system DISK ARCHIVE: what comes on standard input is run by the shell of
# the system on the disk, as its only process, started without its boot loader;
# ARCHIVE, a tar file, is /dev/vdb. What it says goes to standard error.
in_system() {
    local dir rc
    dir=$(mktemp -d) || die "no temporary directory"
    fetch_kernel
    new_root "$dir/root"
    put_modules "$dir/root" virtio_pci virtio_blk ext4 crc32c_generic
    { echo 'export PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8'; cat; } > "$dir/root/job"
    cat > "$dir/root/init" << 'I'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc && mount -t sysfs sys /sys && mount -t devtmpfs dev /dev
for m in virtio_pci virtio_blk crc32c_generic ext4; do modprobe $m; done
mount -t ext4 /dev/vda1 /mnt
for d in dev proc sys; do mount --bind /$d /mnt/$d; done
chroot /mnt /bin/sh < /job && echo "JOB done"
for d in dev proc sys .; do umount /mnt/$d; done
poweroff -f
I
    chmod 755 "$dir/root/init"
    pack "$dir/root" "$dir/initrd"
    LIMIT=${LIMIT:-300} start_machine "$1" ${2:+-drive "file=$2,if=virtio,format=raw,readonly=on"} -no-reboot \
        -kernel "$KERNEL" -append "console=ttyS0 quiet panic=1" -initrd "$dir/initrd" -serial stdio < /dev/null |
        tr -d '\r' | tee "$dir/log" >&2
    grep -q '^JOB done' "$dir/log"
    rc=$?
    rm -rf "$dir"
    return $rc
}
