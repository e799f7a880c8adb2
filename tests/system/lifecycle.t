#!/bin/bash
# SPDX-License-Identifier: MIT
# Guests' lives: two at once, crash, reboot, destroy in a loop of 20, bad
# configurations; see lifecycle.dom0, which runs in dom0.
cd "$(dirname "$0")/../.." || exit 1
IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"
LOG=$(mktemp) && out=$(mktemp) || exit 1
LIMIT=${LIMIT:-600} in_dom0 tests/system/lifecycle.dom0 > "$out" 2>&1
tr -d '\r' < "$LOG" | sed -n 's/^TAP //p' > "$out.tap"
cat "$out.tap"
if ! grep -q '^1\.\.' "$out.tap"; then
    tail -n 25 "$out" | sed 's/^/# /'
    echo "not ok 999 - the script in dom0 came to its end"
    echo "1..999"
fi
rm -f "$LOG" "$out" "$out.tap"
