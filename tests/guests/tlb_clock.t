#!/bin/bash
# SPDX-License-Identifier: MIT
#
# stale_write on a debug build whose flush clock has moved on since boot, so that
# the stamps of memory that has been free since then are that many ticks old.
cd "$(dirname "$0")/../.." || exit 1
export HYPERVISOR=${HYPERVISOR:-build-debug/dist/xen-lite.elf}
n=0
echo 1..3
for ticks in 0x7ffffff0 0x80000100 0xfffffff0; do
    n=$((n + 1))
    out=$(HV_ARGS=tlb-clock=$ticks tests/guests/run "${BUILD:-build}/guests/stale_write")
    if ! grep -q '^1\.\.' <<< "$out" || grep -qv -e '^ok' -e '^1\.\.' <<< "$out"; then
        sed 's/^/# /' <<< "$out"
        echo -n "not "
    fi
    echo "ok $n - no stale write $ticks ticks of the flush clock after boot"
done
