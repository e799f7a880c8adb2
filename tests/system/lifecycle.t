#!/bin/bash
# SPDX-License-Identifier: MIT
# Guests' lives: two at once, crash, reboot, destroy in a loop of 20, bad
# configurations, on the checking build of the hypervisor, whose auditor has the
# last word; see lifecycle.dom0, which runs in dom0.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh
export HYPERVISOR=${HYPERVISOR:-$TREE/build-debug/dist/xen-lite.elf}
EXTRA=$(mktemp -d) || exit 1
trap 'rm -rf "$EXTRA"' EXIT
guest_kernel "$EXTRA"
LIMIT=${LIMIT:-600} tap_of tests/system/lifecycle.dom0
