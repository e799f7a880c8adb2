# SPDX-License-Identifier: MIT
# Hotplug scripts, where toolstacks look for them.
INSTALL += $(foreach f,block vif-bridge hotplug-common.sh,\
    dom0-scripts/hotplug/$(f):etc/xen/scripts/$(f))
INSTALL_LINKS += etc/xen/scripts/block-nbd:block
