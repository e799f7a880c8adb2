#!/bin/bash
# SPDX-License-Identifier: MIT
#
# CPUs whose XSAVE saves less than other tests' does: x87 and SSE alone; no more
# than XSAVE's bit, as where its leaf is hidden; and all but AVX. XSAVEOPT, which
# nothing here executes, is there for QEMU: it takes CR4.OSXSAVE for a reserved bit
# without it, and hangs.
cd "$(dirname "$0")/../.." || exit 1
few=qemu64,+rdrand,+xsave,+xsaveopt old=qemu64,+rdrand,+xsave,level=0xc
runs=("$few cpuid" "$few xcr0" "$few fpu" "$few domu_context"
    "$old cpuid" "$old fpu" "$old domu_context"
    "max,-smap,-avx cpuid" "max,-smap,-avx xcr0")
echo "1..${#runs[@]}"
for n in "${!runs[@]}"; do
    read -r cpu guest <<< "${runs[n]}"
    out=$(GUEST_CPU=$cpu tests/guests/run "${BUILD:-build}/guests/$guest")
    if ! grep -q '^1\.\.' <<< "$out" || grep -q '^not ok' <<< "$out"; then
        sed 's/^/# /' <<< "$out"
        echo -n "not "
    fi
    echo "ok $((n + 1)) - on a CPU $cpu: $guest"
done
