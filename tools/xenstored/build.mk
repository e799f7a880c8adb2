# SPDX-License-Identifier: MIT
# xenstored. Everything but main.c and xen.c also runs in unit tests.

XENSTORED_CORE := $(addprefix tools/xenstored/, \
    path.c perms.c tree.c quota.c edit.c store.c transaction.c watch.c \
    log.c connection.c protocol.c requests.c requests_domain.c control.c \
    domain.c ring.c)
XENSTORED_SOURCES := $(XENSTORED_CORE) $(addprefix tools/xenstored/, \
    main.c daemon.c loop.c socket.c xen.c) tools/libxenstore/paths.c

# Our own libraries where they are built, else the installed ones.
xen_library = $(or $(filter $(O)/lib/lib$(1).so.1,$(LIBRARIES)),-l$(1))
XENSTORED_LIBS = $(foreach l,xencall xenevtchn xengnttab xenforeignmemory,$(call xen_library,$(l)))

$(eval $(call program,usr/sbin/xenstored,$(XENSTORED_SOURCES),$(XENSTORED_LIBS)))
