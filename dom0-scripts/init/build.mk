# SPDX-License-Identifier: MIT
# What starts the daemons on a machine of its own.
INSTALL += dom0-scripts/init/xen-init-dom0:usr/lib/xen-lite/bin/xen-init-dom0
