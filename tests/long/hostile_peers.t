#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Guests whose frontends lie in every way (tests/system/liar/) to our backends, the
# console daemon and the store, OPERATIONS (1000000) of each kind by each of SEEDS
# ("1"), beside an honest guest; then DEATHS (20) more are destroyed while they lie. On
# the checking build, whose auditor counts all frames at each death. SYSTEMS=genuine:
# our backends on genuine Xen.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh
operations=${OPERATIONS:-1000000} seeds=(${SEEDS:-1}) deaths=${DEATHS:-20}
export CPUS=${CPUS:-2} LIMIT=${LIMIT:-$((600 + (240 + operations / 50) * ${#seeds[@]}))}

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/extra/job"
cp "$BUILD"/tests/system/pv_{peer,liar} "$tmp/extra/job/"
seq -f %015.0f 0 16383 > "$tmp/extra/job/records" # what the honest guest reads
script=tests/long/hostile_peers.dom0

for system in ${SYSTEMS:-xen-lite}; do
    [ "$system" = genuine ] && xen=genuine audit=0 || xen=${HYPERVISOR:-$TREE/build-debug/dist/xen-lite.elf} audit=1
    HV_ARGS=audit-deaths checks_of "$system" $((9 + audit + ${#seeds[@]} * 6 + deaths)) $script HYPERVISOR=$xen TOOLS=ours \
        DOM0_ARGS="operations=$operations seeds=$(IFS=:; echo "${seeds[*]}") deaths=$deaths audit=$audit"
done
echo "1..$n"
