#!/bin/bash
# SPDX-License-Identifier: MIT
#
# fio writes, reads and compares in a guest, and iperf3 sends eight streams each
# way, while what serves them is killed at random instants: KILLS (100) block
# backends, a fifth as many supervisors and net backends, a twentieth as many
# stores. See devices.dom0.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh
kills=${KILLS:-100}

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
guest_kernel "$tmp/extra"
fetch closure $(packages long) > /dev/null || exit 1

# What the guest and dom0 get besides their usual root.
mkdir -p "$tmp/guest/usr/lib/xen-lite"
put "$tmp/guest" usr/bin/{fio,iperf3}
libraries=usr/lib/x86_64-linux-gnu
install -D -t "$tmp/guest/$libraries" "$PKG_ROOT/$libraries"/ceph/*.so.* # fio finds them in a folder of their own
put_libraries "$tmp/guest"
pack "$tmp/guest" "$tmp/more.cpio"
"$IMAGE_DIR/mkguest" "$tmp/extra/guest/long-initrd" && cat "$tmp/more.cpio" >> "$tmp/extra/guest/long-initrd" || exit 1
put "$tmp/extra" usr/bin/iperf3
put_libraries "$tmp/extra"

script=tests/long/devices.dom0
checks=$(grep -c '^ *check "' $script)
export MEMORY=3072 DOM0_MEM=1024 CPUS=2 LIMIT=$((kills * 15 + 900)) DOM0_ARGS="kills=$kills"
for system in ${SYSTEMS:-xen-lite}; do
    [ "$system" = genuine ] && xen=genuine || xen=
    checks_of "$system" "$checks" $script HYPERVISOR=$xen TOOLS=ours
done
echo "1..$n"
