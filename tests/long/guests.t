#!/bin/bash
# SPDX-License-Identifier: MIT
# As many guests as fit into 4 GiB beside a dom0 of 512 MiB, on genuine Xen and on
# xen-lite: small ones, and Debian's kernels that all reach user space.
PARTS=many DOM0_MEM=512 LIMIT=${LIMIT:-2400} SYSTEMS=${SYSTEMS:-genuine xen-lite} exec "$(dirname "$0")/../system/guests.t"
