#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A million transactions of eight clients at a time (tests/unit/store_serial.c),
# about a minute.
cd "$(dirname "$0")/../.." || exit 1
export TRANSACTIONS=${TRANSACTIONS:-1000000} SEED=${SEED:-$RANDOM}
export CMOCKA_MESSAGE_OUTPUT=TAP
echo "# SEED=$SEED"
exec "${BUILD:-build}/tests/unit/store_serial"
