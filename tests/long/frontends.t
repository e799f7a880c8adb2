#!/bin/bash
# SPDX-License-Identifier: MIT
# The frontends of frontends/ with the backends of Linux's kernel, on genuine Xen
# and on xen-lite, saved and restored, and migrated.
cd "$(dirname "$0")/../.." || exit 1
SYSTEMS="genuine stock" exec tests/system/frontends.t
