# SPDX-License-Identifier: MIT
# What makes a Debian machine start the hypervisor, its daemons and guests.
INIT_UNITS := proc-xen.mount xenstored.service xenconsoled.service \
    xen-backendd.service xen-backends.service xendomains.service
INSTALL += $(foreach p,xen-init-dom0 xendomains,dom0-scripts/init/$p:usr/lib/xen-lite/bin/$p)
INSTALL += $(foreach u,$(INIT_UNITS),dom0-scripts/init/$u:usr/lib/systemd/system/$u)
INSTALL += dom0-scripts/init/modules-load.conf:usr/lib/modules-load.d/xen-lite.conf
INSTALL += dom0-scripts/init/tmpfiles.conf:usr/lib/tmpfiles.d/xen-lite.conf
INSTALL += dom0-scripts/init/modprobe.conf:etc/modprobe.d/xen-lite.conf
INSTALL += dom0-scripts/init/logrotate.conf:etc/logrotate.d/xen-lite
INSTALL += dom0-scripts/init/grub.cfg:etc/default/grub.d/xen-lite.cfg
# As `systemctl enable` does it, for a tree that may not be a running system's.
INSTALL_LINKS += \
    $(foreach u,$(filter %.service,$(INIT_UNITS)),\
    etc/systemd/system/multi-user.target.wants/$u:/usr/lib/systemd/system/$u)
