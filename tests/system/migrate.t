#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Live migration of a guest under load to the machine it is on, COUNT (2) times,
# with Debian's unmodified tools; see migrate.dom0. (Debian's genuine Xen refuses
# to migrate PV guests, so there is nothing to compare with.)
cd "$(dirname "$0")/../.." || exit 1
IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"
count=${COUNT:-2}
LOG=$(mktemp) && out=$(mktemp) && EXTRA=$(mktemp -d) || exit 1
trap 'rm -rf "$LOG" "$out" "$out.tap" "$EXTRA"' EXIT
fetch_vmlinux > /dev/null
mkdir -p "$EXTRA"/{guest,job}
cp "$VMLINUX" "$EXTRA/guest/vmlinux"
cp "$BUILD/tests/system/witness" tests/system/witness.sh "$EXTRA/job/"
TOOLS=stock DOM0_ARGS="count=$count" LIMIT=${LIMIT:-$((count * 120 + 480))} in_dom0 tests/system/migrate.dom0 > "$out" 2>&1
tr -d '\r' < "$LOG" | sed -n 's/^TAP //p' > "$out.tap"
cat "$out.tap"
if ! grep -q '^1\.\.' "$out.tap"; then
    tail -n 25 "$out" | sed 's/^/# /'
    echo "not ok 999 - the script in dom0 came to its end"
    echo "1..999"
fi
