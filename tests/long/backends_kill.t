#!/bin/bash
# SPDX-License-Identifier: MIT
# The backends of a busy guest are killed KILLS (400) times.
cd "$(dirname "$0")/../.." || exit 1
export KILLS=${KILLS:-400}
SECONDS_OF_WORK=$((KILLS * 3 / 2)) exec tests/system/backends_kill.t
