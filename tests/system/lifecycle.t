#!/bin/bash
# SPDX-License-Identifier: MIT
# Guests' lives: two at once, crash, reboot, destroy in a loop of 20, bad
# configurations, on the checking build of the hypervisor, whose auditor has the
# last word; see lifecycle.dom0, which runs in dom0.
cd "$(dirname "$0")/../.." || exit 1
IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"
export HYPERVISOR=${HYPERVISOR:-$TREE/build-debug/dist/xen-lite.elf}
LOG=$(mktemp) && out=$(mktemp) && EXTRA=$(mktemp -d) || exit 1
fetch_vmlinux > /dev/null
mkdir -p "$EXTRA/guest"
cp "$VMLINUX" "$EXTRA/guest/vmlinux"
LIMIT=${LIMIT:-600} in_dom0 tests/system/lifecycle.dom0 > "$out" 2>&1
tr -d '\r' < "$LOG" | sed -n 's/^TAP //p' > "$out.tap"
cat "$out.tap"
if ! grep -q '^1\.\.' "$out.tap"; then
    tail -n 25 "$out" | sed 's/^/# /'
    echo "not ok 999 - the script in dom0 came to its end"
    echo "1..999"
fi
rm -rf "$LOG" "$out" "$out.tap" "$EXTRA"
