#!/bin/bash
# SPDX-License-Identifier: MIT
# Backends are killed below a guest, KILLS (12) times while it works for
# SECONDS_OF_WORK (20): it notices nothing but pauses. See backends_kill.dom0.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
guest_kernel "$tmp/extra"
script=tests/system/backends_kill.dom0
checks=$(grep -c '^ *check "' $script)
seconds=${SECONDS_OF_WORK:-20}
export CPUS=${CPUS:-2} LIMIT=$((seconds * 2 + 300)) DOM0_ARGS="kills=${KILLS:-12} seconds=$seconds"

for system in ${SYSTEMS:-xen-lite}; do
    [ "$system" = genuine ] && xen=genuine || xen=
    checks_of "$system" "$checks" $script HYPERVISOR=$xen TOOLS=ours
done
echo "1..$n"
