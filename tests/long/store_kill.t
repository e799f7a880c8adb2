#!/bin/bash
# SPDX-License-Identifier: MIT
# xenstored dies KILLS (500) times, and each time it is there again in half a
# second, in two while guests and devices come and go.
cd "$(dirname "$0")/../.." || exit 1
export KILLS=${KILLS:-500} GAP=${GAP:-500} BUSY=${BUSY:-2000} SYSTEMS=${SYSTEMS:-xen-lite}
exec tests/system/store_kill.t
