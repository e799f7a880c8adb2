# SPDX-License-Identifier: MIT
# The stable libraries (Debian's SONAMEs, symbol versions and headers) over
# the kernel's Xen devices, then our own two: ctrl and guest.

# __XEN_TOOLS__ opens the domctl and sysctl parts of the public headers.
CPPFLAGS_tools += -D__XEN_TOOLS__ -Itools/libs/ctrl -Itools/libs/guest -Ixen-lite/include

L := tools/libs

# For daemons: static, not installed, hence not in $(O)/lib.
DAEMON := $(O)/$L/daemon.a
$(DAEMON): $(addprefix $(O)/$L/daemon/,event_loop.o log.o signals.o notify.o daemonise.o pid_lock.o \
    privileges.o filter.o filter_guests.o pair.o sandbox.o errand.o fd_message.o log_open.o virq.o)
	$(call say,AR,$@)mkdir -p $(@D); rm -f $@; ar rcs $@ $^
# The sources of our libraries, by folder.
LIB_toollog       := logger stdiostream
LIB_toolcore      := restrict_all
LIB_call          := hypercall buffer
LIB_evtchn        := evtchn
LIB_gnttab        := handle gnttab gntshr dmabuf
LIB_foreignmemory := foreignmemory
LIB_ctrl          := handle domain vcpu schedule cpupool memory event_channel grant_table host version
library_sources = $(patsubst %,$L/$(1)/%.c,$(LIB_$(1)))

# For daemons as well: these libraries as one archive. Somebody waits for a daemon
# that has been killed, and each library to be found and joined costs it time.
LINKED_IN := $(O)/$L/linked_in.a
$(LINKED_IN): $(foreach l,toollog toolcore call evtchn gnttab foreignmemory ctrl, \
    $(patsubst %.c,$(O)/%.o,$(call library_sources,$l)))
	$(call say,AR,$@)mkdir -p $(@D); rm -f $@; ar rcs $@ $^
XENTOOLLOG  := $(O)/lib/libxentoollog.so.1
XENTOOLCORE := $(O)/lib/libxentoolcore.so.1

$(eval $(call shared_library,libxentoollog.so.1,libxentoollog.so.1,\
    $(call library_sources,toollog),\
    $L/toollog/libxentoollog.map))
$(eval $(call shared_library,libxentoolcore.so.1,libxentoolcore.so.1,\
    $(call library_sources,toolcore),\
    $L/toolcore/libxentoolcore.map))
$(eval $(call shared_library,libxencall.so.1,libxencall.so.1,\
    $(call library_sources,call),\
    $L/call/libxencall.map,$(XENTOOLLOG) $(XENTOOLCORE)))
$(eval $(call shared_library,libxenevtchn.so.1,libxenevtchn.so.1,\
    $(call library_sources,evtchn),\
    $L/evtchn/libxenevtchn.map,$(XENTOOLLOG) $(XENTOOLCORE)))
$(eval $(call shared_library,libxengnttab.so.1,libxengnttab.so.1,\
    $(call library_sources,gnttab),\
    $L/gnttab/libxengnttab.map,$(XENTOOLLOG) $(XENTOOLCORE)))
$(eval $(call shared_library,libxenforeignmemory.so.1,libxenforeignmemory.so.1,\
    $(call library_sources,foreignmemory),\
    $L/foreignmemory/libxenforeignmemory.map,$(XENTOOLLOG) $(XENTOOLCORE)))

$(eval $(call shared_library,libxlctrl.so,libxlctrl.so,\
    $(call library_sources,ctrl),\
    ,$(addprefix $(O)/lib/,libxencall.so.1 libxenforeignmemory.so.1 \
        libxentoollog.so.1)))
# The hypervisor's parsers of kernels are pure C and serve here as well.
KERNEL_PARSERS := $(addprefix xen-lite/common/kernel/,refuse.c bzimage.c decompress.c elf.c)
KERNEL_LAYOUT  := xen-lite/common/kernel/layout.c
$(eval $(call shared_library,libxlguest.so,libxlguest.so,\
    $(addprefix $L/guest/,source.c image.c build.c populate.c page_table.c boot_info.c) \
    $(patsubst %.c,$(O)/user/%.o,$(KERNEL_PARSERS) $(KERNEL_LAYOUT)),\
    ,$(addprefix $(O)/lib/,libxlctrl.so libxenforeignmemory.so.1 \
        libxentoollog.so.1) -lz -llzma -lzstd -llz4))

# For the system tests, not installed: the smallest toolstack (it speaks to
# whichever libxenstore is there at run time), and the libraries' behaviour.
PV_START := $(O)/tests/system/pv-start
CFLAGS_tests/system/pv_start := $(CPPFLAGS_tools)
$(PV_START): $(O)/tests/system/pv_start.o \
    $(addprefix $(O)/lib/,libxlguest.so libxlctrl.so libxentoollog.so.1)
	$(call say,LD,$@)mkdir -p $(@D); $(CC) -Wl,-rpath,'$$ORIGIN/../../lib' -o $@ $^ -lxenstore
pv-start: $(PV_START)
XENLIBS := $(O)/tests/system/xenlibs
$(XENLIBS): $(O)/tests/system/xenlibs.o $(addprefix $(O)/lib/,libxencall.so.1 \
    libxenevtchn.so.1 libxengnttab.so.1 libxenforeignmemory.so.1 libxentoollog.so.1)
	$(call say,LD,$@)mkdir -p $(@D); $(CC) -Wl,-rpath,'$$ORIGIN/../../lib' -o $@ $^
xenlibs: $(XENLIBS)
XLCTRL_OPS := $(O)/tests/system/xlctrl-ops
CFLAGS_tests/system/xlctrl_ops := $(CPPFLAGS_tools)
$(XLCTRL_OPS): $(O)/tests/system/xlctrl_ops.o $(addprefix $(O)/lib/,libxlctrl.so libxentoollog.so.1)
	$(call say,LD,$@)mkdir -p $(@D); $(CC) -Wl,-rpath,'$$ORIGIN/../../lib' -o $@ $^
xlctrl-ops: $(XLCTRL_OPS)
check-build: $(PV_START) $(XENLIBS) $(XLCTRL_OPS)
.PHONY: pv-start xenlibs xlctrl-ops

# The builder's pure steps, under the sanitizers.
CFLAGS_tests/unit/guest_image  := $(CPPFLAGS_tools)
CFLAGS_tests/unit/guest_layout := $(CPPFLAGS_tools)
$(eval $(call unit_test,guest_image,tests/unit/guest_image.c \
    $(addprefix $L/guest/,source.c image.c) $(KERNEL_PARSERS) \
    $L/toollog/logger.c $L/toollog/stdiostream.c,\
    -lz -llzma -lzstd -llz4))
$(eval $(call unit_test,guest_layout,tests/unit/guest_layout.c \
    $(KERNEL_LAYOUT) xen-lite/common/kernel/refuse.c $L/guest/page_table.c))

# The same steps under libFuzzer, which is clang's.
fuzz-guest-image: tests/fuzz/guest_image.c $(KERNEL_PARSERS) $(KERNEL_LAYOUT) \
    $(O)/tests/unit/guest_image
	$(Q)mkdir -p $(O)/tests/fuzz; clang -g -O1 -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all $(USER_CPPFLAGS) $(CPPFLAGS_tools) \
	    -o $(O)/tests/fuzz/guest-image $(filter %.c,$^) -lz -llzma -lzstd -llz4
	$(Q)mkdir -p $(O)/tests/fuzz/seeds; $(O)/tests/unit/guest_image $(O)/tests/fuzz/seeds
.PHONY: fuzz-guest-image

$(eval $(call unit_test,daemon,tests/unit/daemon.c \
    $(addprefix $L/daemon/,event_loop.c fd_message.c log.c signals.c notify.c daemonise.c pid_lock.c \
        pair.c),-lxentoollog))
$(eval $(call unit_test,daemon_virq,tests/unit/daemon_virq.c $L/daemon/virq.c))
