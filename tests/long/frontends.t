#!/bin/bash
# SPDX-License-Identifier: MIT
# The frontends of frontends/ with the backends of Linux's kernel, on genuine Xen.
cd "$(dirname "$0")/../.." || exit 1
SYSTEMS=genuine exec tests/system/frontends.t
