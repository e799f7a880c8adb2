#!/bin/bash
# SPDX-License-Identifier: MIT
#
# MINUTES (30) of whatever Debian's tools can do to four guests, at random, on
# the checking build of the hypervisor; see churn.dom0. SEED repeats a run.
# HYPERVISOR=genuine does the same on Debian's Xen, without migration. TOOLS=ours
# takes our tools, which do not save or move guests, and our store.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh
export HYPERVISOR=${HYPERVISOR:-$TREE/build-debug/dist/xen-lite.elf}
EXTRA=$(mktemp -d) || exit 1
trap 'rm -rf "$EXTRA"' EXIT
guest_kernel "$EXTRA"
seconds=${SECONDS_OF_LOAD:-$((${MINUTES:-30} * 60))}
witness "$EXTRA"
export TOOLS=${TOOLS:-stock}
cp "$BUILD/tests/system/store_clients" "$EXTRA/job/"
own=1 migrate=1
[ "$HYPERVISOR" != genuine ] || own=0 migrate=0
[ "$TOOLS" = stock ] || migrate=0
LIMIT=$((seconds + 1200)) \
    DOM0_ARGS="seconds=$seconds guests=${GUESTS:-4} seed=${SEED:-$RANDOM} migrate=${MIGRATE:-$migrate} audit=$own" \
    tap_of tests/long/churn.dom0
