#!/bin/bash
# SPDX-License-Identifier: MIT
# Disks that are more than files and devices, below a guest that works for
# SECONDS_OF_WORK (12): an image of a format, an NBD server. Their backends and
# servers are killed, KILLS (6) times. Then devices that hang and fail, what
# Xen's xentop counts, and the kernel's backend beside ours. See media.dom0.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
guest_kernel "$tmp/extra"
cp "$BUILD/guests/version" "$tmp/extra/job/tiny" # a small kernel
fetch closure $(packages media) > /dev/null
fetch_xen > /dev/null
put "$tmp/extra" usr/bin/qemu-nbd usr/bin/qemu-img usr/bin/setpriv usr/sbin/dmsetup usr/lib/xen-4.17/bin/xentop
modules=usr/lib/modules/$KVER/kernel/drivers
put "$tmp/extra" $modules/md/dm-mod.ko $modules/md/dm-flakey.ko $modules/block/xen-blkback/xen-blkback.ko
install -D "$PKG_ROOT/usr/lib/x86_64-linux-gnu/libnbd.so.0" "$tmp/extra/usr/lib/x86_64-linux-gnu/libnbd.so.0"
put_libraries "$tmp/extra"
script=tests/system/media.dom0
checks=$(grep -c '^ *check "' $script)
seconds=${SECONDS_OF_WORK:-12}
export CPUS=${CPUS:-2} LIMIT=${LIMIT:-$((seconds * 2 + 600))} DOM0_MEM=1024
export DOM0_ARGS="kills=${KILLS:-6} seconds=$seconds"

for system in ${SYSTEMS:-xen-lite}; do
    [ "$system" = genuine ] && xen=genuine || xen=
    checks_of "$system" "$checks" $script HYPERVISOR=$xen TOOLS=ours
done
echo "1..$n"
