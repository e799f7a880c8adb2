# SPDX-License-Identifier: MIT
# `make check`: every test there is, each printing TAP, under one `prove`.
#
#   $(UNIT_TESTS)             programs on the host, under ASan and UBSan
#   tests/{unit,abi,house,guests,system}/*.t   scripts
#   $(GUESTS)                 tiny PV kernels, booted as dom0
#
# make check T="abi demo" runs those whose path contains one of the words.
# The whole of it builds everything with clang as well.
# J: how many at a time; those in system/ boot one or two machines each.
J ?= 2
T ?=
chosen = $(if $(T),\
    $(foreach t,$(1),$(if $(strip $(foreach w,$(T),$(findstring $(w),$(t)))),$(t))),$(1))

check: packages-run packages-test
	$(Q)$(MAKE) all install-tree run-image guests check-build
	$(Q)$(MAKE) DEBUG=1 hypervisor
	$(if $(T),,$(Q)$(MAKE) -j$(J) clang)
	$(Q)$(MAKE) check-run

# Scripts name the programs they want as prerequisites of check-build.
FAST_TESTS = $(UNIT_TESTS) $(sort $(wildcard tests/unit/*.t tests/abi/*.t tests/house/*.t \
    tests/guests/*.t tests/fuzz/*.t)) $(GUESTS)
# The longest first: at the end it would run alone.
LONGEST := tests/system/toolstack.t
SLOW_TESTS = $(LONGEST) $(filter-out $(LONGEST),$(sort $(wildcard tests/system/*.t)))
check-run:
	$(Q)rc=0; export BUILD=$(O) DIST=$(DIST); \
	set -- $(call chosen,$(FAST_TESTS)); [ $$# = 0 ] || prove -j$(J) --exec tests/run-one "$$@" \
	    || rc=1; \
	set -- $(call chosen,$(SLOW_TESTS)); [ $$# = 0 ] \
	    || prove -j$(J) --timer --exec tests/run-one "$$@" || rc=1; \
	exit $$rc

.PHONY: check check-build check-run

# --- measurements ---------------------------------------------------------------
$(O)/bench/bench: tests/bench/bench.c tests/bench/measure.h
	$(call say,CC,$<)mkdir -p $(@D); $(CC) $(BASE_CFLAGS) -O2 -static -o $@ $<
bench: packages-run
	$(Q)$(MAKE) hypervisor $(O)/bench/bench
	$(Q)BUILD=$(abspath $(O)) DIST=$(abspath $(DIST)) tests/bench/run
$(O)/bench/io: tests/bench/io.c tests/bench/measure.h
	$(call say,CC,$<)mkdir -p $(@D); $(CC) $(BASE_CFLAGS) -O2 -static -o $@ $<
bench-io: packages-run
	$(Q)$(MAKE) all install-tree run-image $(O)/bench/io
	$(Q)BUILD=$(abspath $(O)) DIST=$(abspath $(DIST)) tests/bench/run-io
# Tiny guests, all of one image.
$(O)/bench/hostile: $(patsubst %.c,$(O)/pv/%.o,$(wildcard tests/bench/hostile/*.c)) \
    $(PV_LIB) frontends/guest.lds
	$(PV_LINK)
bench-hostile: packages-run
	$(Q)$(MAKE) all install-tree run-image $(O)/bench/hostile
	$(Q)BUILD=$(abspath $(O)) DIST=$(abspath $(DIST)) tests/bench/run-hostile
.PHONY: bench bench-io bench-hostile

# --- what takes long --------------------------------------------------------------
# MINUTES of mixed load (10) and of the toolstack's operations at random (30;
# with our own tools 60, while the store is killed and replaced), KILLS of block
# backends (100), of a busy guest's backends (400) and of the store (500), COUNT
# live migrations (20), histories and transactions of the store, FUZZ_COUNT
# requests of guests that lie, OPERATIONS (1000000) of one that lies to real backends,
# INTERLEAVE_SCHEDULES of two CPUs.
check-long: packages-run
	$(Q)$(MAKE) all install-tree run-image $(O)/tests/system/witness \
	    $(O)/tests/system/store_clients $(O)/tests/system/pv_peer $(O)/tests/system/pv_wire \
	    $(O)/tests/system/pv_liar \
	    $(STORE_ORACLE) $(O)/tests/unit/store_serial \
	    $(filter $(O)/tests/unit/fuzz_% $(O)/tests/unit/interleave_%,$(UNIT_TESTS))
	$(Q)$(MAKE) DEBUG=1 hypervisor
	$(Q)export BUILD=$(O) DIST=$(DIST); prove --timer --verbose --exec tests/run-one \
	    $(sort $(wildcard tests/long/*.t))
.PHONY: check-long

# --- what can be reached; HACKING says how the kept part is renewed -------------------
surface:
	$(Q)$(MAKE) -s hypervisor tools
	$(Q)BUILD=$(abspath $(O)) tests/surface/show
.PHONY: surface

# --- how much of the hypervisor do tests run? ------------------------------------
# T="FILE ..." runs those tests only, see tests/coverage/run.
$(O)/coverage/executed.so: tests/coverage/executed.c
	$(call say,CC,$<)mkdir -p $(@D); $(CC) $(BASE_CFLAGS) -O2 -fPIC -shared -o $@ $<
coverage: packages-run
	$(Q)$(MAKE) hypervisor guests run-image $(FUZZ_HYPERCALLS) $(O)/tests/system/control \
	    $(O)/coverage/executed.so
	$(Q)BUILD=$(O) DIST=$(DIST) tests/coverage/run $(T)
.PHONY: coverage

# --- mistakes on purpose: do the tests see them? -------------------------------------
# T="word ..." chooses by name; see tests/mutants/README.
mutants:
	$(Q)$(MAKE) hypervisor guests $(MUTANT_UNITS)
	$(Q)$(MAKE) DEBUG=1 hypervisor
	$(Q)tests/mutants/run -j$(J) $(T)
MUTANT_UNITS = $(addprefix $(O)/tests/,$(sort $(shell sed -n '/^test /s/ /\n/gp' \
    $(filter-out %/run %/README,$(wildcard tests/mutants/*)) | grep ^unit/)))
.PHONY: mutants
