#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Mixed load for MINUTES (10) in a dom0 of two vcpus and a guest beside it, with
# one host thread per CPU. HYPERVISOR=genuine shows the same on Debian's Xen.
cd "$(dirname "$0")/../.." || exit 1
IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"
minutes=${MINUTES:-10}
LOG=$(mktemp) && out=$(mktemp) || exit 1
CPUS=2 DOM0_ARGS="minutes=$minutes" LIMIT=$((minutes * 90 + 400)) in_dom0 tests/long/load.dom0 > "$out" 2>&1
tr -d '\r' < "$LOG" | sed -n 's/^TAP //p' > "$out.tap"
cat "$out.tap"
if ! grep -q '^1\.\.' "$out.tap"; then
    tail -n 25 "$out" | sed 's/^/# /'
    echo "not ok 999 - the script in dom0 came to its end"
    echo "1..999"
fi
rm -f "$LOG" "$out" "$out.tap"
