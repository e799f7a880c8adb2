# SPDX-License-Identifier: MIT
# xenstored. Its core also runs in unit tests.

XENSTORED_CORE := $(addprefix tools/xenstored/, \
    path.c perms.c tree.c quota.c share.c edit.c store.c transaction.c watch.c \
    hash.c outstanding.c event_index.c connection.c protocol.c requests.c requests_domain.c \
    control.c domain.c ring.c journal.c record.c dump.c state.c restore.c)
XENSTORED_SOURCES := $(XENSTORED_CORE) $(addprefix tools/xenstored/, \
    main.c live_update.c trace.c turns.c socket.c xen.c sandbox.c \
    errand.c parent.c log_files.c files.c successor.c)

XENSTORED_LIBS := $(DAEMON) $(O)/tools/libxenstore.a $(LINKED_IN) -lz -lseccomp

$(eval $(call program,usr/sbin/xenstored,$(XENSTORED_SOURCES),$(XENSTORED_LIBS)))

# Unit tests: the core with a made-up hypervisor and a log that counts
# (tests/unit/store_test.h).
STORE_FILES := tests/unit/store_errands.c tools/xenstored/files.c
STORE_TEST := tests/unit/store_test.c $(STORE_FILES) $(XENSTORED_CORE)
STORE_WORLD := $(addprefix tests/unit/,store_world.c store_text.c) $(STORE_TEST)
STORE_WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
STORE_DEATHS := -Wl,--wrap=write,--wrap=rename
STORE_READS := $(STORE_DEATHS),--wrap=journal_load
STORE_WRITES := -Wl,--wrap=write
STORE_CLOCK := -Wl,--wrap=clock_gettime

$(eval $(call unit_test,store_journal_format,tests/unit/store_journal_format.c \
    tools/xenstored/journal.c $(STORE_FILES),-lz))
$(eval $(call unit_test,store_tree,tests/unit/store_tree.c \
    $(addprefix tools/xenstored/,tree.c perms.c path.c),$(STORE_WRAP)))
$(eval $(call unit_test,store_paths,tests/unit/store_paths.c \
    $(addprefix tools/xenstored/,path.c perms.c),))
$(eval $(call unit_test,store_transactions,tests/unit/store_transactions.c $(STORE_TEST),-lz))
$(eval $(call unit_test,store_fairness,tests/unit/store_fairness.c $(STORE_TEST),$(STORE_CLOCK) -lz))
$(eval $(call unit_test,store_serial,tests/unit/store_serial.c $(STORE_TEST),-lz))
$(eval $(call unit_test,store_protocol,tests/unit/store_protocol.c $(STORE_TEST),-lz))
$(eval $(call unit_test,store_quota,tests/unit/store_quota.c $(STORE_TEST),-lz))
$(eval $(call unit_test,store_queues,tests/unit/store_queues.c $(STORE_TEST),-lz))
$(eval $(call unit_test,store_ring,tests/unit/store_ring.c $(STORE_TEST),-lz))
$(eval $(call unit_test,store_journal,tests/unit/store_journal.c $(STORE_WORLD), \
    $(STORE_DEATHS) -lz))
$(eval $(call unit_test,store_rewriting,tests/unit/store_rewriting.c $(STORE_WORLD), \
    $(STORE_DEATHS) -lz))
$(eval $(call unit_test,store_reuse,tests/unit/store_reuse.c $(STORE_WORLD), \
    $(STORE_DEATHS) -lz))
$(eval $(call unit_test,store_damage,tests/unit/store_damage.c $(STORE_WORLD), \
    $(STORE_DEATHS) -lz))
$(eval $(call unit_test,store_wakeups,tests/unit/store_wakeups.c $(STORE_TEST) \
    tools/xenstored/turns.c tools/libs/daemon/event_loop.c,$(STORE_WRITES) -lz))
$(eval $(call unit_test,store_hostile,tests/unit/store_hostile.c tests/unit/store_text.c \
    $(STORE_TEST) tools/xenstored/turns.c tools/libs/daemon/event_loop.c,$(STORE_WRITES) -lz))
$(eval $(call unit_test,store_kill,tests/unit/store_kill.c tests/unit/store_writers.c,))
$(eval $(call unit_test,store_update,tests/unit/store_update.c tests/unit/store_writers.c,))
STORE_PARENT := tests/unit/taken_over.c \
    $(addprefix tools/xenstored/,parent.c log_files.c successor.c errand.c files.c) \
    $(addprefix tools/libs/daemon/,daemonise.c log.c notify.c pid_lock.c pair.c errand.c signals.c \
        event_loop.c fd_message.c log_open.c)
$(eval $(call unit_test,store_parent,tests/unit/store_parent.c $(STORE_PARENT),-lxentoollog))
$(eval $(call unit_test,store_logs,tests/unit/store_logs.c $(STORE_PARENT),-Wl$(comma)--wrap=lstat64 -lxentoollog))
$(eval $(call unit_test,store_sandbox,$(addprefix tests/unit/,store_sandbox.c prison.c tried_call.c) \
    tools/xenstored/sandbox.c $(addprefix tools/libs/daemon/,privileges.c filter.c filter_guests.c sandbox.c \
        log.c pair.c signals.c event_loop.c daemonise.c notify.c pid_lock.c),-lseccomp -lxentoollog))
$(eval $(call unit_test,store_memory,tests/unit/store_memory.c $(STORE_TEST),$(STORE_WRAP) -lz))

# Guests and clients that lie, by seeds: see tests/fuzz/meddler.h.
$(eval $(call unit_test,fuzz_store,$(addprefix tests/fuzz/,store_rings.c meddler.c) $(STORE_TEST) \
    $(addprefix tools/xenstored/,turns.c socket.c) tools/libs/daemon/event_loop.c,-pthread -lz))
$(eval $(call unit_test,fuzz_journal,$(addprefix tests/fuzz/,journal_reads.c meddler.c) $(STORE_WORLD), \
    $(STORE_READS) -pthread -lz))

# Journals at random, from those of the test's histories: see the file.
fuzz-store-journal: tests/fuzz/store_journal.c $(STORE_TEST) $(O)/tests/unit/store_damage
	$(Q)mkdir -p $(O)/tests/fuzz/journals
	$(Q)$(O)/tests/unit/store_damage $(O)/tests/fuzz/journals
	$(Q)clang -g -O1 -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all $(USER_CPPFLAGS) \
	    -o $(O)/tests/fuzz/store-journal $(filter %.c,$^) -lcmocka -lz
.PHONY: fuzz-store-journal

# The client library against the daemon's core in the same process.
$(eval $(call unit_test,xs_client,tests/unit/xs_client.c $(STORE_TEST) $(LIBXENSTORE_SOURCES) \
    tools/xenstored/turns.c tools/xenstored/socket.c tools/libs/daemon/event_loop.c,-lpthread -lz))
$(eval $(call man_page,tools/xenstored/xenstored.8))

# The same under daemons whose connection is cut, and comes back.
STORE_CLIENT := $(addprefix backends/common/, \
    store_client.c handover.c record.c kept_nodes.c xenbus.c xenbus_nodes.c xenbus_watch.c \
    xenbus_state.c device_node.c)
RELAY_WORLD := tests/unit/relay_world.c $(STORE_TEST) $(LIBXENSTORE_SOURCES) $(STORE_CLIENT) \
    tools/xenstored/turns.c tools/xenstored/socket.c tools/libs/daemon/event_loop.c
$(eval $(call unit_test,store_client,tests/unit/store_client.c $(RELAY_WORLD),-lpthread -lz))
$(eval $(call unit_test,store_outage,tests/unit/store_outage.c $(RELAY_WORLD),-lpthread -lz))

# Beside the C daemon of Xen (tests/unit/store_stock.t): both with a hypervisor
# made of files, which is loaded before the Xen libraries; so ours is linked with
# them here.
STORE_ORACLE := $(addprefix $(O)/tests/oracle/,xenstored store-compare store-xen.so)
$(O)/tests/oracle/xenstored: $(XENSTORED_SOURCES:%.c=$(O)/%.o) $(DAEMON) $(O)/tools/libxenstore.a \
    $(addprefix $(O)/lib/,libxlctrl.so libxenevtchn.so.1 libxengnttab.so.1 libxentoollog.so.1)
	$(call say,LD,$@)mkdir -p $(@D); $(CC) -Wl,-rpath,'$$ORIGIN/../../lib' -o $@ $^ -lz -lseccomp
$(O)/tests/oracle/store-compare: \
    $(patsubst %,$(O)/tests/oracle/store_%.o,compare peer random reasons)
	$(call say,LD,$@)mkdir -p $(@D); $(CC) -o $@ $^
CFLAGS_tests/oracle/store_xen := -fPIC
$(O)/tests/oracle/store-xen.so: $(O)/tests/oracle/store_xen.o
	$(call say,LD,$@)mkdir -p $(@D); $(CC) -shared -o $@ $^
check-build: $(STORE_ORACLE) $(addprefix $(O)/,bin/xenstored bin/xenstore lib/libxenstore.so.4)

# Requests to both, and to ours with as many nodes: see tests/bench/store.c.
$(O)/bench/store: $(patsubst %,$(O)/tests/%.o,bench/store oracle/store_peer oracle/store_random)
	$(call say,LD,$@)mkdir -p $(@D); $(CC) -o $@ $^
bench-xenstore: packages-run
	$(Q)$(MAKE) $(O)/bench/store $(STORE_ORACLE)
	$(Q)BUILD=$(abspath $(O)) DIST=$(abspath $(DIST)) tests/bench/run-store
.PHONY: bench-xenstore
