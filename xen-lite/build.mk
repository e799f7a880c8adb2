# SPDX-License-Identifier: MIT
# The hypervisor's objects, one per line, and how they become an image:
#
#   xen-lite-syms   ELF64 with symbols at its real address, for gdb
#   image.bin       the same, flat
#   xen-lite.elf    the flat image in a 32-bit ELF that multiboot loaders take

# HV_COLD holds what no guest's work waits for: compiled for size, a quarter less
# code. HV_HOT is the rest.
HV_HOT :=
HV_COLD :=
# boot
HV_HOT += arch/x86/boot/head.o
HV_HOT += arch/x86/boot/boot_info.o
HV_HOT += arch/x86/boot/multiboot1.o
HV_HOT += arch/x86/boot/multiboot2.o
HV_HOT += arch/x86/boot/trampoline.o
HV_COLD += arch/x86/boot/e820.o
HV_COLD += arch/x86/setup.o
# memory
HV_HOT += common/mm/page_alloc.o
HV_COLD += common/mm/heap.o
HV_COLD += arch/x86/paging.o
HV_COLD += arch/x86/paging_init.o
HV_HOT += arch/x86/tlb.o
HV_HOT += common/mm/memory_op.o
HV_COLD += common/mm/exchange.o
HV_COLD += arch/x86/memory_op.o
HV_COLD += arch/x86/pv/mm/audit.o
HV_COLD += arch/x86/pv/mm/teardown.o
HV_HOT += arch/x86/pv/mm/types.o
HV_HOT += arch/x86/pv/mm/table.o
HV_HOT += arch/x86/pv/mm/entry.o
HV_HOT += arch/x86/pv/mm/walk.o
HV_HOT += arch/x86/pv/mm/update.o
HV_HOT += arch/x86/pv/mm/mmuext.o
HV_HOT += arch/x86/pv/mm/grant.o
HV_COLD += arch/x86/pv/mm/iomem.o
HV_HOT += arch/x86/pv/mm/owner.o
HV_HOT += arch/x86/pv/mm/vtlb.o
HV_COLD += arch/x86/pv/mm/log_dirty.o
HV_COLD += arch/x86/pv/ldt.o
HV_COLD += arch/x86/pv/nmi.o
HV_HOT += arch/x86/pv/mm/ptwr.o
HV_HOT += arch/x86/pv/mm/ptwr_decode.o
# PV CPU
HV_HOT += arch/x86/entry.o
HV_HOT += arch/x86/pv/entry.o
HV_HOT += arch/x86/traps.o
HV_HOT += arch/x86/usercopy.o
HV_COLD += arch/x86/cpu.o
HV_COLD += arch/x86/domctl.o
HV_COLD += arch/x86/sysctl.o
HV_HOT += arch/x86/hypercall.o
HV_COLD += arch/x86/stretch.o
HV_HOT += arch/x86/context.o
HV_COLD += arch/x86/domain.o
HV_COLD += arch/x86/dump.o
HV_HOT += arch/x86/fpu.o
HV_COLD += arch/x86/pv/callback.o
HV_COLD += arch/x86/pv/emul/cpu_policy.o
HV_COLD += arch/x86/pv/emul/cpuid.o
HV_COLD += arch/x86/pv/debugreg.o
HV_COLD += arch/x86/pv/descriptor_check.o
HV_COLD += arch/x86/pv/descriptors.o
HV_COLD += arch/x86/pv/emul/priv.o
HV_HOT += arch/x86/pv/emul/decode.o
HV_COLD += arch/x86/pv/emul/io_ports.o
HV_HOT += arch/x86/pv/iret.o
HV_COLD += arch/x86/pv/emul/msr.o
HV_HOT += arch/x86/pv/segments.o
HV_HOT += arch/x86/pv/traps.o
HV_HOT += common/hypercall.o
HV_HOT += common/multicall.o
HV_COLD += arch/x86/pv/dom0/build.o
HV_COLD += arch/x86/pv/hypercall_page.o
# interrupts, time, CPUs
HV_COLD += arch/x86/irq/io_apic.o
HV_HOT += arch/x86/irq/irq.o
HV_COLD += arch/x86/irq/i8259.o
HV_COLD += arch/x86/irq/vectors.o
HV_HOT += arch/x86/irq/lapic.o
HV_COLD += arch/x86/irq/msi.o
HV_COLD += arch/x86/irq/pci.o
HV_COLD += arch/x86/irq/pirq.o
HV_COLD += arch/x86/shutdown.o
HV_COLD += arch/x86/clock_line.o
HV_HOT += arch/x86/clock_record.o
HV_COLD += arch/x86/platform_timer.o
HV_COLD += arch/x86/smpboot.o
HV_HOT += arch/x86/time.o
# platform calls of dom0
HV_COLD += arch/x86/pv/dom0/mca.o
HV_COLD += arch/x86/pv/dom0/physdev.o
HV_COLD += arch/x86/pv/dom0/platform.o
# drivers
HV_COLD += drivers/acpi.o
HV_COLD += drivers/serial.o
HV_COLD += drivers/vga.o
# common
HV_HOT += common/domain.o
HV_HOT += common/subop.o
HV_COLD += common/domctl.o
HV_COLD += common/sysctl.o
HV_COLD += common/kernel/bzimage.o
HV_COLD += common/kernel/decompress.o
HV_COLD += common/kernel/elf.o
HV_COLD += common/kernel/environment.o
HV_COLD += common/kernel/layout.o
HV_COLD += common/kernel/refuse.o
HV_HOT += common/event_channel/core.o
HV_COLD += common/event_channel/op.o
HV_COLD += common/event_channel/close.o
HV_HOT += common/event_channel/fifo.o
HV_HOT += common/event_channel/two_level.o
HV_HOT += common/sched/schedule.o
HV_COLD += common/sched/control.o
HV_COLD += common/sched/cpupool.o
HV_HOT += common/softirq.o
HV_HOT += common/timer.o
HV_HOT += common/vcpu.o
HV_HOT += common/vcpu_op.o
HV_HOT += common/runstate.o
HV_COLD += common/console.o
HV_COLD += common/lib/cmdline.o
HV_COLD += common/sysctl_host.o
HV_COLD += common/keyhandler.o
HV_COLD += common/debug_keys.o
HV_HOT += common/sched/op.o
HV_COLD += common/version.o
HV_HOT += common/lib/lock_order.o
HV_HOT += common/grant_table/op.o
HV_COLD += common/grant_table/table.o
HV_HOT += common/grant_table/maptrack.o
HV_HOT += common/grant_table/pin.o
HV_HOT += common/grant_table/map.o
HV_HOT += common/grant_table/copy.o
HV_COLD += common/lib/bitmap.o
HV_HOT += common/lib/string.o
HV_COLD += common/lib/symbols.o
HV_COLD += common/lib/vsprintf.o

HV_O := $(O)/xen-lite
CFLAGS_xen-lite/common/version += -DXEN_LITE_DATE='"$(SOURCE_DATE)"' \
    -DXEN_VERSION_STRING='"$(XEN_MAJOR).$(XEN_MINOR)$(XEN_EXTRA)"'
$(foreach f,$(HV_COLD:.o=),$(eval CFLAGS_xen-lite/$(f) += -Os))

HV_OBJS := $(sort $(HV_HOT) $(HV_COLD))
HV_CPPFLAGS += -I$(HV_O)/include

# Offsets of structure fields for assembly, from the C structures themselves:
# asm-offsets.c emits lines "->NAME value", which become #defines.
ASM_OFFSETS := $(HV_O)/include/asm-offsets.h
$(ASM_OFFSETS): xen-lite/arch/x86/asm-offsets.c
	$(call say,GEN,$@)mkdir -p $(@D); \
	    $(CC) $(HV_CFLAGS) $(HV_CPPFLAGS) -MMD -MP -MT $@ -MF $(@:.h=.d) -S -o - $< | \
	  sed -n 's/.*->\([A-Za-z_0-9]*\) [$$]*\([-0-9]*\).*/#define \1 \2/p' > $@
$(patsubst xen-lite/%.S,$(HV_O)/%.o,$(shell find xen-lite -name '*.S')): $(ASM_OFFSETS)

LD      ?= ld
OBJCOPY ?= objcopy
NM      ?= nm

# Decompressors of dom0's kernel (static libraries, init part only).
HV_LIBS := -L/usr/lib/x86_64-linux-gnu -lz -llzma -lzstd -llz4

HV_LDS := $(HV_O)/xen.lds
$(HV_LDS): xen-lite/arch/x86/xen.lds.S
	$(call say,CPP,$@)mkdir -p $(@D); \
	    $(CC) -E -P -x c $(HV_CPPFLAGS) -D__ASSEMBLY__ -MMD -MP -MT $@ -MF $@.d -o $@ $<

# The first link finds the functions' addresses, the second one carries them.
# Names of their own keep two builds at the same time apart.
HV_LINK = $(LD) -nostdlib -static -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments \
    --build-id=sha1 -T $(HV_LDS)
HV_SYMS := $(HV_O)/xen-lite-syms
HV_LINK_OBJS := $(addprefix $(HV_O)/,$(HV_OBJS))
$(HV_SYMS): $(HV_LDS) $(HV_LINK_OBJS) xen-lite/symbols.awk
	$(call say,LD,$@)t=$@.$$$$; trap 'rm -f '$$t'*' EXIT; \
	link() { $(CC) -c -o $$t.o $$t.S && $(HV_LINK) -o $$1 $(HV_LINK_OBJS) $$t.o $(HV_LIBS); }; \
	awk -f xen-lite/symbols.awk /dev/null > $$t.S && link $$t && \
	$(NM) -n $$t > $$t.nm && \
	awk -v base=0x$$(sed -n 's/ . _start$$//p' $$t.nm) -f xen-lite/symbols.awk $$t.nm > $$t.S \
	    && link $$t && mv $$t $@
$(HV_O)/image.bin: $(HV_SYMS)
	$(call say,OBJCOPY,$@)$(OBJCOPY) -O binary $< $@

# Distance of a symbol from the start of the image, for the container.
hv_offset = $$(( 0x$$($(NM) $(HV_SYMS) | sed -n 's/ . $(1)$$//p') \
    - 0x$$($(NM) $(HV_SYMS) | sed -n 's/ . _start$$//p') ))
HYPERVISOR := $(DIST)/xen-lite.elf $(DIST)/install/boot/xen-lite-$(VERSION).gz
$(HV_O)/xen-lite.elf: xen-lite/arch/x86/boot/container.S $(HV_O)/image.bin
	$(call say,LD,$@)mkdir -p $(@D); \
	$(CC) $(HV_CPPFLAGS) -D__ASSEMBLY__ -DIMAGE='"$(HV_O)/image.bin"' \
	    -DENTRY_OFFSET=$(call hv_offset,multiboot_entry) -DMEMORY_SIZE=$(call hv_offset,_end) \
	  -c -o $(HV_O)/container.o $< && \
	$(LD) --oformat binary -Ttext 0 -e 0 -o $@ $(HV_O)/container.o
$(DIST)/xen-lite.elf: $(HV_O)/xen-lite.elf
	$(Q)mkdir -p $(@D); cp $< $@
$(DIST)/install/boot/xen-lite-$(VERSION).gz: $(DIST)/xen-lite.elf
	$(call say,GZIP,$@)mkdir -p $(@D); gzip -9nc $< > $@
