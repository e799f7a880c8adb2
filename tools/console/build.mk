# SPDX-License-Identifier: MIT
# Console daemon and client, at the paths where init scripts and xl look.
CONSOLE_LIBS := $(addprefix $(O)/lib/, libxenevtchn.so.1 libxengnttab.so.1 \
    libxenforeignmemory.so.1 libxencall.so.1 libxlctrl.so libxentoollog.so.1 \
    libxentoolcore.so.1) \
    $(if $(wildcard tools/libxenstore/build.mk),$(O)/lib/libxenstore.so.4,-lxenstore)

XENCONSOLED := $(addprefix tools/console/, \
    daemon.c console.c hypervisor.c ring.c backlog.c log_file.c terminal.c) \
    $(addprefix backends/common/, log.c event_loop.c daemonise.c grant_map.c \
    ports.c)

$(eval $(call program,usr/sbin/xenconsoled,$(XENCONSOLED),$(CONSOLE_LIBS)))
$(eval $(call program,usr/lib/xen-lite/bin/xenconsole,\
    tools/console/client.c tools/console/terminal.c,$(CONSOLE_LIBS)))

$(eval $(call unit_test,console_ring,tests/unit/console_ring.c tools/console/ring.c tools/console/backlog.c))
