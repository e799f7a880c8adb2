#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Live migration of a guest under load to the machine it is on, COUNT (2) times,
# with Debian's unmodified tools; see migrate.dom0. (Debian's genuine Xen refuses
# to migrate PV guests, so there is nothing to compare with.)
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh
count=${COUNT:-2}
EXTRA=$(mktemp -d) || exit 1
trap 'rm -rf "$EXTRA"' EXIT
guest_kernel "$EXTRA"
witness "$EXTRA"
TOOLS=stock DOM0_ARGS="count=$count" LIMIT=${LIMIT:-$((count * 120 + 480))} tap_of tests/system/migrate.dom0
