#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A thousand histories of tests/unit/store_stock.t, about ten minutes.
cd "$(dirname "$0")/../.." || exit 1
FIRST=${FIRST:-1000} LAST=${LAST:-1999} exec tests/unit/store_stock.t
