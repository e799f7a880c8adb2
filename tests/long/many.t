#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Many devices: a guest with DISKS (50) disks and NICS (20) interfaces, then
# GUESTS (40) small guests with one of each; attached, worked on, detached. See
# many.dom0.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
guest_kernel "$tmp/extra"
script=tests/long/many.dom0
checks=$(grep -c '^ *check "' $script)
guests=${GUESTS:-40}
export MEMORY=$((2560 + guests * 136)) DOM0_MEM=1536 CPUS=2 LIMIT=$((1200 + guests * 60))
export DOM0_ARGS="disks=${DISKS:-50} nics=${NICS:-20} guests=$guests"
for system in ${SYSTEMS:-xen-lite}; do
    [ "$system" = genuine ] && xen=genuine || xen=
    checks_of "$system" "$checks" $script HYPERVISOR=$xen TOOLS=ours
done
echo "1..$n"
