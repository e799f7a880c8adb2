#!/bin/bash
# SPDX-License-Identifier: MIT
# What takes long in tests/system/guests.t, on genuine Xen and on xen-lite: Debian's
# kernels with several vcpus, disks and interfaces, GRUB, and as many guests as fit
# into 4 GiB beside a dom0 of 512 MiB.
export DOM0_MEM=512 LIMIT=${LIMIT:-3600}
PARTS=${PARTS:-debian+grub+sizes+many} SYSTEMS=${SYSTEMS:-genuine xen-lite} exec "$(dirname "$0")/../system/guests.t"
