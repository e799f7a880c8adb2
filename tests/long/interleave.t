#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The long form of the tests that run two CPUs in every order of their steps: up
# to INTERLEAVE_PREEMPTIONS (3) preemptions in a schedule and INTERLEAVE_SCHEDULES
# (2000) schedules of a pair; 0 for all of them, which takes days.
cd "$(dirname "$0")/../.." || exit 1
out=$(mktemp)
trap 'rm -f "$out"' EXIT
. tests/unit/tap.sh
export INTERLEAVE_PREEMPTIONS=${INTERLEAVE_PREEMPTIONS:-3}
export INTERLEAVE_SCHEDULES=${INTERLEAVE_SCHEDULES:-2000}

for what in mm grants events; do
    check "no order of two CPUs' steps breaks anything: $what" \
        "${BUILD:-build}/tests/unit/interleave_$what"
    grep '^# [0-9]' "$out"
done
echo "1..$n"
