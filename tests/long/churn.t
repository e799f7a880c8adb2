#!/bin/bash
# SPDX-License-Identifier: MIT
#
# MINUTES (30) of whatever Debian's tools can do to four guests, at random, on
# the checking build of the hypervisor; see churn.dom0. SEED repeats a run.
# HYPERVISOR=genuine does the same on Debian's Xen, without migration.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh
export HYPERVISOR=${HYPERVISOR:-$TREE/build-debug/dist/xen-lite.elf}
EXTRA=$(mktemp -d) || exit 1
trap 'rm -rf "$EXTRA"' EXIT
guest_kernel "$EXTRA"
seconds=${SECONDS_OF_LOAD:-$((${MINUTES:-30} * 60))}
witness "$EXTRA"
own=1
[ "$HYPERVISOR" != genuine ] || own=0
TOOLS=stock LIMIT=$((seconds + 1200)) \
    DOM0_ARGS="seconds=$seconds guests=${GUESTS:-4} seed=${SEED:-$RANDOM} migrate=${MIGRATE:-$own} audit=$own" \
    tap_of tests/long/churn.dom0
