# SPDX-License-Identifier: MIT
# The one Makefile. Each room contributes a build.mk that lists its objects and
# programs with the templates below; nothing is built recursively.
#
#   make            dist/xen-lite.elf and dist/install/
#   make run        boot the demo in QEMU          (GUEST=debian, tiny, DEBUG=1)
#   make demo-net   a guest that is a web server; fetches Debian's lwip
#   make check      all tests                      make bench   measurements
#   make check-long load, churn and migrations  (MINUTES=10)
#   make mutants    do the tests see mistakes? (half an hour)
#   make surface    what a guest or a process of its can reach
#   make coverage   what of the hypervisor the tests run  (ten minutes)
#   make fuzz-hypercalls  random hypercalls of two guests  (SECONDS=600)
#   make install    onto this machine, DESTDIR=/  (see README)
#   make format     lay out the C files as clang-format-14 has it
#   make format-check, headers-alone, clang: parts of check
#   make help       this

MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
all:

include Config.mk

Q := $(if $(filter 1,$(V)),,@)
comma := ,
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)';)

# --- compile rules: one per kind of code -----------------------------------
# %.o of the hypervisor's rooms, of user space, and of user space under ASan
# and UBSan (the san/ tree, linked into unit tests).
$(O)/xen-lite/%.o: xen-lite/%.c
	$(call say,CC,$<)mkdir -p $(@D); \
	    $(CC) $(HV_CFLAGS) $(HV_CPPFLAGS) $(CFLAGS_$(<:.c=)) -MMD -MP -c -o $@ $<
$(O)/xen-lite/%.o: xen-lite/%.S
	$(call say,AS,$<)mkdir -p $(@D); \
	    $(CC) $(HV_CFLAGS) $(HV_CPPFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $@ $<
$(O)/san/%.o: %.c
	$(call say,CC san,$<)mkdir -p $(@D); \
	    $(CC) $(USER_CFLAGS) $(SANITIZE) $(USER_CPPFLAGS) $(CPPFLAGS_$(firstword $(subst /, ,$<))) \
	    $(CFLAGS_$(<:.c=)) -MMD -MP -c -o $@ $<
# A source of the hypervisor's in a library: $(O)/user/xen-lite/...
$(O)/user/%.o: %.c
	$(call say,CC,$<)mkdir -p $(@D); \
	    $(CC) $(USER_CFLAGS) $(USER_CPPFLAGS) -Ixen-lite/include -MMD -MP -c -o $@ $<
$(O)/%.o: %.c
	$(call say,CC,$<)mkdir -p $(@D); \
	    $(CC) $(USER_CFLAGS) $(USER_CPPFLAGS) $(CPPFLAGS_$(firstword $(subst /, ,$<))) \
	    $(CFLAGS_$(<:.c=)) -MMD -MP -c -o $@ $<

# $(call shared_library,FILE.so.N,SONAME,SOURCES,VERSION-SCRIPT,LIBS)
# A library of ours lands in $(O)/lib and in usr/lib/xen-lite; programs find it
# by RUNPATH. LIBS names other libraries of ours ($(O)/lib/x.so) or -lfoo.
define shared_library
$(O)/lib/$(1): $$(patsubst %.c,$(O)/%.o,$(3)) $(4) $$(filter $(O)/lib/%,$(5))
	$$(call say,LD,$(1))mkdir -p $$(@D); $$(CC) -shared -Wl,-soname,$(2) \
	    $(if $(strip $(4)),-Wl$(comma)--version-script=$(strip $(4))) -Wl,-z,defs \
	    -Wl,-rpath,'$$$$ORIGIN' -o $$@ $$(filter %.o,$$^) $(5)
	$$(if $$(filter-out $(1),$(2)),$(Q)ln -sf $(1) $(O)/lib/$(2))
LIBRARIES += $(O)/lib/$(1)
endef

# $(call program,INSTALLED-PATH,SOURCES,LIBS): $(O)/bin/<basename>
define program
$(O)/bin/$(notdir $(1)): $$(patsubst %.c,$(O)/%.o,$(2)) $$(filter $(O)/%,$(3))
	$$(call say,LD,$(1))mkdir -p $$(@D); $$(CC) -Wl,-rpath,'$$$$ORIGIN/../lib:/usr/lib/xen-lite' \
	    -Wl,--enable-new-dtags -o $$@ $$(filter %.o,$$^) $(3)
PROGRAMS += $(O)/bin/$(notdir $(1))
INSTALL  += $(O)/bin/$(notdir $(1)):$(1)
endef

# $(call unit_test,NAME,SOURCES,LIBS): tests/unit/NAME.c and the sources it
# exercises, all under ASan and UBSan, TAP on standard output (cmocka).
define unit_test
$(O)/tests/unit/$(1): $$(patsubst %.c,$(O)/san/%.o,$(2))
	$$(call say,LD san,$(1))mkdir -p $$(@D); $$(CC) $(SANITIZE) -o $$@ $$(filter %.o,$$^) -lcmocka $(3)
UNIT_TESTS += $(O)/tests/unit/$(1)
endef

# $(call man_page,FILE.SECTION,OTHER NAMES): installed compressed, without a date.
define man_page
$(O)/man/$(notdir $(1)).gz: $(1)
	$$(call say,GZIP,$(1))mkdir -p $$(@D); gzip -9n < $$< > $$@
tools: $(O)/man/$(notdir $(1)).gz
INSTALL += $(O)/man/$(notdir $(1)).gz:usr/share/man/man$(subst .,,$(suffix $(1)))/$(notdir $(1)).gz
INSTALL_LINKS += \
    $(foreach n,$(2),\
    usr/share/man/man$(subst .,,$(suffix $(1)))/$(n)$(suffix $(1)).gz:$(notdir $(1)).gz)
endef

ROOMS := xen-lite tools backends frontends dom0-scripts tests
-include $(wildcard $(ROOMS:=/build.mk))
-include $(wildcard $(ROOMS:=/*/build.mk))

# Below the includes, where the lists are complete.
all: hypervisor tools
check-build: $(UNIT_TESTS)
hypervisor: $(HYPERVISOR)
tools: $(LIBRARIES) $(PROGRAMS)

clean:
	$(Q)rm -rf build build-debug build-clang dist

# Every C file we wrote, as clang-format sees it.
SOURCES = $(shell git ls-files -co --exclude-standard '*.c' '*.h')
format:
	$(Q)$(CLANG_FORMAT) -i $(SOURCES)
format-check:
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(SOURCES)

# Each header alone: what it needs it includes. The build made asm-offsets.h.
HV_HEADERS   = $(shell git ls-files -co --exclude-standard 'xen-lite/*.h')
USER_HEADERS = $(shell git ls-files -co --exclude-standard 'tools/*.h' 'backends/*.h' \
    'public-headers/*.h')
PV_HEADERS   = $(shell git ls-files -co --exclude-standard 'frontends/*.h' \
    'tests/fuzz/hypercalls/*.h' 'tests/guests/*.h' 'tests/bench/hostile/*.h' 'tests/system/liar/*.h')
# Of tests: those of the hypervisor's core in a process, and the others. The
# shims are no headers of their own: each is the first half of another one.
CORE_HEADERS = $(addprefix tests/unit/,hv_world.h mm_programs.h interleave_tlb.h \
    interleave_pairs.h)
TEST_HEADERS = $(filter-out $(CORE_HEADERS) $(PV_HEADERS) tests/unit/hv_shim/%,\
    $(shell git ls-files -co --exclude-standard 'tests/*.h'))
headers-alone: $(HV_HEADERS:=.hv-alone) $(USER_HEADERS:=.user-alone) $(PV_HEADERS:=.pv-alone) \
    $(CORE_HEADERS:=.core-alone) $(TEST_HEADERS:=.test-alone)
%.h.hv-alone:
	$(Q)$(CC) $(HV_CFLAGS) $(HV_CPPFLAGS) -fsyntax-only -include $*.h -x c /dev/null
%.h.user-alone:
	$(Q)$(CC) $(USER_CFLAGS) $(USER_CPPFLAGS) $(CPPFLAGS_$(firstword $(subst /, ,$*))) -fsyntax-only \
	    -include $*.h -x c /dev/null
%.h.pv-alone:
	$(Q)$(CC) $(PV_CFLAGS) -fsyntax-only -include $*.h -x c /dev/null
%.h.core-alone:
	$(Q)$(CC) $(USER_CFLAGS) $(USER_CPPFLAGS) $(HV_TEST_CPPFLAGS) -fsyntax-only \
	    -include $*.h -x c /dev/null
%.h.test-alone:
	$(Q)$(CC) $(USER_CFLAGS) $(USER_CPPFLAGS) $(CPPFLAGS_tools) -fsyntax-only \
	    -include $*.h -x c /dev/null

# Everything once more with the other compiler; it is linked but not run.
clang:
	$(Q)$(MAKE) CC=clang O=build-clang DIST=build-clang/dist all check-build
	$(Q)$(MAKE) CC=clang O=build-clang/debug DIST=build-clang/debug/dist DEBUG=1 hypervisor

help:
	@sed -n '/^#   make/s/^# *//p' Makefile

.PHONY: all hypervisor tools clean format format-check headers-alone clang help

-include $(shell find $(O) -type f -name '*.d' 2>/dev/null)
