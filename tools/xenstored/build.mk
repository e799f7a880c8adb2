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

# Unit tests: the core with a made-up hypervisor and a log that counts
# (tests/unit/store_test.h).
STORE_TEST := tests/unit/store_test.c $(filter-out %/log.c,$(XENSTORED_CORE))
STORE_WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

$(eval $(call unit_test,store_tree,tests/unit/store_tree.c $(addprefix tools/xenstored/,tree.c perms.c path.c),$(STORE_WRAP)))
$(eval $(call unit_test,store_paths,tests/unit/store_paths.c $(addprefix tools/xenstored/,path.c perms.c),))
$(eval $(call unit_test,store_transactions,tests/unit/store_transactions.c $(STORE_TEST),))
$(eval $(call unit_test,store_protocol,tests/unit/store_protocol.c $(STORE_TEST),))
$(eval $(call unit_test,store_ring,tests/unit/store_ring.c $(STORE_TEST),))
$(eval $(call unit_test,store_memory,tests/unit/store_memory.c $(STORE_TEST),$(STORE_WRAP)))

# The client library against the daemon's core in the same process.
$(eval $(call unit_test,xs_client,tests/unit/xs_client.c $(STORE_TEST) $(LIBXENSTORE_SOURCES) tools/xenstored/loop.c tools/xenstored/socket.c,-lpthread))
$(eval $(call man_page,tools/xenstored/xenstored.8))
