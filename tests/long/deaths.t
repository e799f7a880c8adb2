#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The long form of tests/guests/domu_deaths: CYCLES (10000) domUs that die in every
# way, on a debug build with its auditor, half of them on two CPUs. They come 500 to
# a machine, FIRST (0) is the first one's number.
cd "$(dirname "$0")/../.." || exit 1
export HYPERVISOR=${HYPERVISOR:-build-debug/dist/xen-lite.elf} GUEST_LIMIT=${LIMIT:-3600}
first=${FIRST:-0} end=$((first + ${CYCLES:-10000})) n=0

# some COUNT: from the first one that is left
some() {
    local out
    out=$(GUEST_ARGS="first=$first cycles=$1 audit=100" tests/guests/run "${BUILD:-build}/guests/domu_deaths")
    n=$((n + 1))
    if ! grep -q '^1\.\.' <<< "$out" || grep -q -e '^not ok' -e '^Bail' -e 'no auditor' <<< "$out"; then
        grep -v -e '^ok' -e '^1\.\.' <<< "$out" | sed 's/^[^#]/# &/'
        echo -n "not "
    fi
    echo "ok $n - domains die and leave nothing: cycles $first to $((first + $1 - 1)), ${GUEST_SMP:-2} CPUs"
    first=$((first + $1))
}

while [ "$first" -lt "$end" ]; do
    GUEST_COUNT=1 GUEST_SMP=1 some 500
    [ "$first" -ge "$end" ] || some 500
done
echo "1..$n"
