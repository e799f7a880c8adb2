#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Guests that do what only the assertions of a debug build can judge, or its
# auditor.
cd "$(dirname "$0")/../.." || exit 1
export HYPERVISOR=${HYPERVISOR:-build-debug/dist/xen-lite.elf}
guests=(other_gdt physdev vcpus domu_deaths)
echo "1..${#guests[@]}"
for n in "${!guests[@]}"; do
    out=$(GUEST_ARGS="cycles=46" tests/guests/run "${BUILD:-build}/guests/${guests[n]}")
    if ! grep -q '^1\.\.' <<< "$out" || grep -q -e '^not ok' -e '^Bail' -e 'no auditor' <<< "$out"; then
        sed 's/^/# /' <<< "$out"
        echo -n "not "
    fi
    echo "ok $((n + 1)) - ${guests[n]}: no assertion of the debug build fails"
done
