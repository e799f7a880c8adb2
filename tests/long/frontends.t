#!/bin/bash
# SPDX-License-Identifier: MIT
# The frontends of frontends/ with our backends, Linux's and QEMU's, on xen-lite and
# on genuine Xen: a table. What can be killed is killed 20 times, and each device
# connected anew as often; saved and restored, and migrated, by Debian's tools.
cd "$(dirname "$0")/../.." || exit 1
export KILLS=${KILLS:-20} CLOSES=${CLOSES:-20} LIMIT=${LIMIT:-900}
SYSTEMS=${SYSTEMS:-"xen-lite genuine-ours stock genuine qdisk genuine-qdisk"} exec tests/system/frontends.t
