#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Our store daemon beside the C daemon of Xen, from Debian's package, on the
# host: the same random requests, equal answers. See tests/oracle/
# store_compare.c. FIRST and LAST: the seeds of the histories (1 to 20).
cd "$(dirname "$0")/../.." || exit 1
IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"

stock=$PKG_ROOT/usr/lib/xen-4.17/bin/xenstored
# A subshell, as fetch ends its shell when it fails.
if ! (fetch closure $(packages stock)) > /dev/null 2>&1 || [ ! -x "$stock" ]; then
    echo "1..0 # SKIP Debian's package xen-utils-4.17 cannot be had"
    exit 0
fi
exec "$BUILD/tests/oracle/store-compare" "$stock" "$BUILD/tests/oracle/xenstored" \
    "$(realpath "$BUILD")/tests/oracle/store-xen.so" "${FIRST:-1}" "${LAST:-20}" "${STEPS:-300}"
