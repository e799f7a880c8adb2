#!/bin/bash
# SPDX-License-Identifier: MIT
# The store is killed under a guest's load and started again: its disk, its
# console and the process that watches over it go on. See store.dom0, which runs
# in dom0.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh
export HYPERVISOR=${HYPERVISOR:-$TREE/build-debug/dist/xen-lite.elf}
EXTRA=$(mktemp -d) || exit 1
trap 'rm -rf "$EXTRA"' EXIT
guest_kernel "$EXTRA"
session "$EXTRA"
LIMIT=${LIMIT:-900} tap_of tests/system/store.dom0
