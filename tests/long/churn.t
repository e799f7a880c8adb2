#!/bin/bash
# SPDX-License-Identifier: MIT
#
# MINUTES (30) of whatever Debian's tools can do to four guests, at random, on
# the checking build of the hypervisor; see churn.dom0. SEED repeats a run.
# HYPERVISOR=genuine does the same on Debian's Xen, without migration.
cd "$(dirname "$0")/../.." || exit 1
IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"
export HYPERVISOR=${HYPERVISOR:-$TREE/build-debug/dist/xen-lite.elf}
LOG=$(mktemp) && out=$(mktemp) && EXTRA=$(mktemp -d) || exit 1
trap 'rm -rf "$LOG" "$out" "$out.tap" "$EXTRA"' EXIT
seconds=${SECONDS_OF_LOAD:-$((${MINUTES:-30} * 60))}
fetch_vmlinux > /dev/null
mkdir -p "$EXTRA"/{guest,job}
cp "$VMLINUX" "$EXTRA/guest/vmlinux"
cp "$BUILD/tests/system/witness" tests/system/witness.sh "$EXTRA/job/"
own=1
[ "$HYPERVISOR" != genuine ] || own=0
TOOLS=stock LIMIT=$((seconds + 1200)) \
    DOM0_ARGS="seconds=$seconds guests=${GUESTS:-4} seed=${SEED:-$RANDOM} migrate=${MIGRATE:-$own} audit=$own" \
    in_dom0 tests/long/churn.dom0 > "$out" 2>&1
tr -d '\r' < "$LOG" | sed -n 's/^TAP //p' > "$out.tap"
cat "$out.tap"
if ! grep -q '^1\.\.' "$out.tap"; then
    tail -n 25 "$out" | sed 's/^/# /'
    echo "not ok 999 - the script in dom0 came to its end"
    echo "1..999"
fi
