#!/bin/bash
# SPDX-License-Identifier: MIT
#
# On a CPU with SMEP and SMAP, which other tests' has not: guests that reach the
# hypervisor by each way and have it read and write their memory.
cd "$(dirname "$0")/../.." || exit 1
export GUEST_CPU=qemu64,+rdrand,+smep,+smap
guests=(bad_pointers user_mode iret fast_paths software_interrupt page_fault write_emulation
    ldt multicall exchange vcpu_info fpu nmi debug_traps domu_grants)
echo "1..${#guests[@]}"
for n in "${!guests[@]}"; do
    out=$(tests/guests/run "${BUILD:-build}/guests/${guests[n]}")
    if ! grep -q '^1\.\.' <<< "$out" || grep -q '^not ok' <<< "$out"; then
        sed 's/^/# /' <<< "$out"
        echo -n "not "
    fi
    echo "ok $((n + 1)) - with SMEP and SMAP: ${guests[n]}"
done
