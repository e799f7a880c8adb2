#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Hypercalls at random by two domUs and, privileged ones, by dom0 (tests/fuzz/
# hypercalls), on a debug build: on one CPU, where a seed does the same again, and
# on two, for what races. A call fails that goes without a look at other work for 2
# million instructions; on two CPUs, where ticks are time, for some seconds.
#
# Some seconds, by the seeds that stand here; FUZZ_SECONDS=600 for as long, with
# other seeds and longer rounds. SEED=n ROUNDS=m (1) CPUS=1 or 2: those alone, with
# FUZZ_ARGS (see main.c). What failed says the command that does it again; on one
# CPU it fails again.
cd "$(dirname "$0")/../.." || exit 1
export HYPERVISOR=${HYPERVISOR:-build-debug/dist/xen-lite.elf}
n=0

# fuzz CPUS SEED ROUNDS
fuzz() {
    local out args="seed=$2 rounds=$3 ${FUZZ_ARGS:-}"
    if [ "$1" = 1 ]; then
        out=$(GUEST_COUNT=1 GUEST_SMP=1 GUEST_ARGS="$args patience=20 late=30 stretch=2000000" \
            tests/guests/run "${BUILD:-build}/fuzz/hypercalls")
    else
        out=$(GUEST_SMP=$1 GUEST_ARGS="$args stretch=20000000000" tests/guests/run "${BUILD:-build}/fuzz/hypercalls")
    fi
    n=$((n + 1))
    grep '^# *[0-9]' <<< "$out"
    if ! grep -q '^1\.\.' <<< "$out" || grep -q '^not ok' <<< "$out"; then
        grep -v '^ok\|^# *[0-9]\|^1\.\.' <<< "$out" | sed 's/^[^#]/# &/'
        echo "# again: CPUS=$1 SEED=$2 ROUNDS=$3 FUZZ_ARGS='${FUZZ_ARGS:-}' $0"
        echo -n "not "
        failed=1
    fi
    echo "ok $n - hypercalls at random on $1 CPUs, seeds $2 to $(($2 + $3 - 1))"
}

if [ "${SEED:-}" ]; then
    fuzz "${CPUS:-1}" "$SEED" "${ROUNDS:-1}"
elif [ "${FUZZ_SECONDS:-}" ]; then
    # A building of domUs and an audit cost as much as thousands of operations.
    FUZZ_ARGS="calls=20000 audit=5000"
    export GUEST_LIMIT=${GUEST_LIMIT:-1500}
    for ((seed = $(date +%s); SECONDS < FUZZ_SECONDS && !${failed:-0}; seed += 30)); do
        fuzz 1 $seed 20
        fuzz 2 $((seed + 20)) 10
    done
else
    fuzz 1 500 10
    fuzz 2 101 5
fi
echo "1..$n"
