#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Mixed load for MINUTES (10) in a dom0 of two vcpus and a guest beside it, with
# one host thread per CPU. HYPERVISOR=genuine shows the same on Debian's Xen.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh
minutes=${MINUTES:-10}
CPUS=2 DOM0_ARGS="minutes=$minutes" LIMIT=$((minutes * 90 + 400)) tap_of tests/long/load.dom0
