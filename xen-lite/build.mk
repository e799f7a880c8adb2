# SPDX-License-Identifier: MIT
# The hypervisor's objects, one per line, and how they become an image:
#
#   xen-lite-syms   ELF64 with symbols at its real address, for gdb
#   image.bin       the same, flat
#   xen-lite.elf    the flat image in a 32-bit ELF that multiboot loaders take

HV_OBJS :=
# boot
HV_OBJS += arch/x86/boot/head.o
HV_OBJS += arch/x86/boot/multiboot1.o
HV_OBJS += arch/x86/boot/multiboot2.o
HV_OBJS += arch/x86/boot/trampoline.o
HV_OBJS += arch/x86/e820.o
HV_OBJS += arch/x86/setup.o
# memory
HV_OBJS += common/page_alloc.o
HV_OBJS += common/heap.o
HV_OBJS += arch/x86/paging.o
HV_OBJS += arch/x86/paging_init.o
HV_OBJS += arch/x86/tlb.o
HV_OBJS += common/memory.o
HV_OBJS += common/memory_exchange.o
HV_OBJS += arch/x86/memory_op.o
HV_OBJS += arch/x86/audit.o
HV_OBJS += arch/x86/pv/mm_teardown.o
HV_OBJS += arch/x86/pv/mm_types.o
HV_OBJS += arch/x86/pv/mm_table.o
HV_OBJS += arch/x86/pv/mm_entry.o
HV_OBJS += arch/x86/pv/mm_walk.o
HV_OBJS += arch/x86/pv/mm_update.o
HV_OBJS += arch/x86/pv/mmuext.o
HV_OBJS += arch/x86/pv/mm_grant.o
HV_OBJS += arch/x86/pv/vtlb.o
HV_OBJS += arch/x86/pv/log_dirty.o
HV_OBJS += arch/x86/pv/ldt.o
HV_OBJS += arch/x86/pv/ptwr.o
HV_OBJS += arch/x86/pv/ptwr_decode.o
# PV CPU
HV_OBJS += arch/x86/entry.o
HV_OBJS += arch/x86/pv/entry.o
HV_OBJS += arch/x86/traps.o
HV_OBJS += arch/x86/usercopy.o
HV_OBJS += arch/x86/cpu.o
HV_OBJS += arch/x86/domctl.o
HV_OBJS += arch/x86/sysctl.o
HV_OBJS += arch/x86/hypercall.o
HV_OBJS += arch/x86/context.o
HV_OBJS += arch/x86/domain.o
HV_OBJS += arch/x86/fpu.o
HV_OBJS += arch/x86/pv/callback.o
HV_OBJS += arch/x86/pv/cpu_policy.o
HV_OBJS += arch/x86/pv/cpuid.o
HV_OBJS += arch/x86/pv/debugreg.o
HV_OBJS += arch/x86/pv/descriptor_check.o
HV_OBJS += arch/x86/pv/descriptors.o
HV_OBJS += arch/x86/pv/emul_priv.o
HV_OBJS += arch/x86/pv/emulate.o
HV_OBJS += arch/x86/pv/io_ports.o
HV_OBJS += arch/x86/pv/iret.o
HV_OBJS += arch/x86/pv/msr.o
HV_OBJS += arch/x86/pv/segments.o
HV_OBJS += arch/x86/pv/traps.o
HV_OBJS += common/hypercall.o
HV_OBJS += common/multicall.o
HV_OBJS += arch/x86/pv/dom0_build.o
HV_OBJS += arch/x86/pv/hypercall_page.o
# interrupts, time, CPUs
HV_OBJS += arch/x86/io_apic.o
HV_OBJS += arch/x86/irq.o
HV_OBJS += arch/x86/lapic.o
HV_OBJS += arch/x86/msi.o
HV_OBJS += arch/x86/pci.o
HV_OBJS += arch/x86/pirq.o
HV_OBJS += arch/x86/shutdown.o
HV_OBJS += arch/x86/smpboot.o
HV_OBJS += arch/x86/time.o
# platform calls of dom0
HV_OBJS += arch/x86/pv/mca.o
HV_OBJS += arch/x86/pv/physdev.o
HV_OBJS += arch/x86/pv/platform.o
# drivers
HV_OBJS += drivers/acpi.o
HV_OBJS += drivers/serial.o
HV_OBJS += drivers/vga.o
# common
HV_OBJS += common/domain.o
HV_OBJS += common/domctl.o
HV_OBJS += common/sysctl.o
HV_OBJS += common/kernel/bzimage.o
HV_OBJS += common/kernel/decompress.o
HV_OBJS += common/kernel/elf.o
HV_OBJS += common/event_channel/core.o
HV_OBJS += common/event_channel/op.o
HV_OBJS += common/event_channel/fifo.o
HV_OBJS += common/event_channel/two_level.o
HV_OBJS += common/schedule.o
HV_OBJS += common/sched_control.o
HV_OBJS += common/cpupool.o
HV_OBJS += common/softirq.o
HV_OBJS += common/timer.o
HV_OBJS += common/vcpu.o
HV_OBJS += common/console.o
HV_OBJS += common/cmdline.o
HV_OBJS += common/host_parts.o
HV_OBJS += common/keyhandler.o
HV_OBJS += common/debug_keys.o
HV_OBJS += common/sched_op.o
HV_OBJS += common/version.o
HV_OBJS += common/lock_order.o
HV_OBJS += common/grant_table/core.o
HV_OBJS += common/grant_table/map.o
HV_OBJS += common/grant_table/copy.o
HV_OBJS += common/bitops.o
HV_OBJS += common/string.o
HV_OBJS += common/symbols.o
HV_OBJS += common/vsprintf.o

HV_O := $(O)/xen-lite
CFLAGS_xen-lite/common/version += -DXEN_LITE_DATE='"$(SOURCE_DATE)"' -DXEN_VERSION_STRING='"$(XEN_MAJOR).$(XEN_MINOR)$(XEN_EXTRA)"'
# What no guest's work waits for is compiled for size: a quarter less code.
HV_COLD := arch/x86/audit arch/x86/cpu arch/x86/domain arch/x86/domctl
HV_COLD += arch/x86/e820 arch/x86/io_apic arch/x86/memory_op arch/x86/msi
HV_COLD += arch/x86/paging arch/x86/paging_init arch/x86/pci arch/x86/pirq
HV_COLD += arch/x86/setup arch/x86/shutdown arch/x86/smpboot arch/x86/sysctl
HV_COLD += arch/x86/pv/callback arch/x86/pv/cpu_policy arch/x86/pv/cpuid
HV_COLD += arch/x86/pv/debugreg arch/x86/pv/descriptor_check
HV_COLD += arch/x86/pv/descriptors arch/x86/pv/dom0_build
HV_COLD += arch/x86/pv/emul_priv arch/x86/pv/hypercall_page
HV_COLD += arch/x86/pv/io_ports arch/x86/pv/mca arch/x86/pv/msr
HV_COLD += arch/x86/pv/physdev arch/x86/pv/platform
HV_COLD += common/cmdline common/console common/cpupool common/debug_keys
HV_COLD += common/domctl common/heap common/kernel/bzimage
HV_COLD += common/kernel/decompress common/kernel/elf common/keyhandler
HV_COLD += common/memory_exchange common/symbols common/sysctl common/version
HV_COLD += common/vsprintf
HV_COLD += drivers/acpi drivers/serial drivers/vga
$(foreach f,$(HV_COLD),$(eval CFLAGS_xen-lite/$(f) += -Os))

HV_OBJS := $(sort $(HV_OBJS))
HV_CPPFLAGS += -I$(HV_O)/include

# Offsets of structure fields for assembly, from the C structures themselves:
# asm-offsets.c emits lines "->NAME value", which become #defines.
ASM_OFFSETS := $(HV_O)/include/asm-offsets.h
$(ASM_OFFSETS): xen-lite/arch/x86/asm-offsets.c
	$(call say,GEN,$@)mkdir -p $(@D); $(CC) $(HV_CFLAGS) $(HV_CPPFLAGS) -MMD -MP -MT $@ -MF $(@:.h=.d) -S -o - $< | \
	  sed -n 's/.*->\([A-Za-z_0-9]*\) [$$]*\([-0-9]*\).*/#define \1 \2/p' > $@
$(patsubst xen-lite/%.S,$(HV_O)/%.o,$(shell find xen-lite -name '*.S')): $(ASM_OFFSETS)

LD      ?= ld
OBJCOPY ?= objcopy
NM      ?= nm

# Decompressors of dom0's kernel (static libraries, init part only).
HV_LIBS := -L/usr/lib/x86_64-linux-gnu -lz -llzma -lzstd -llz4

HV_LDS := $(HV_O)/xen.lds
$(HV_LDS): xen-lite/arch/x86/xen.lds.S
	$(call say,CPP,$@)mkdir -p $(@D); $(CC) -E -P -x c $(HV_CPPFLAGS) -D__ASSEMBLY__ -MMD -MP -MT $@ -MF $@.d -o $@ $<

# The first link finds the functions' addresses, the second one carries them.
# Names of their own keep two builds at the same time apart.
HV_LINK = $(LD) -nostdlib -static -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments --build-id=sha1 -T $(HV_LDS)
HV_SYMS := $(HV_O)/xen-lite-syms
HV_LINK_OBJS := $(addprefix $(HV_O)/,$(HV_OBJS))
$(HV_SYMS): $(HV_LDS) $(HV_LINK_OBJS) xen-lite/symbols.awk
	$(call say,LD,$@)t=$@.$$$$; trap 'rm -f '$$t'*' EXIT; \
	link() { $(CC) -c -o $$t.o $$t.S && $(HV_LINK) -o $$1 $(HV_LINK_OBJS) $$t.o $(HV_LIBS); }; \
	awk -f xen-lite/symbols.awk /dev/null > $$t.S && link $$t && \
	$(NM) -n $$t > $$t.nm && \
	awk -v base=0x$$(sed -n 's/ . _start$$//p' $$t.nm) -f xen-lite/symbols.awk $$t.nm > $$t.S && link $$t && mv $$t $@
$(HV_O)/image.bin: $(HV_SYMS)
	$(call say,OBJCOPY,$@)$(OBJCOPY) -O binary $< $@

# Distance of a symbol from the start of the image, for the container.
hv_offset = $$(( 0x$$($(NM) $(HV_SYMS) | sed -n 's/ . $(1)$$//p') - 0x$$($(NM) $(HV_SYMS) | sed -n 's/ . _start$$//p') ))
HYPERVISOR := $(DIST)/xen-lite.elf $(DIST)/install/boot/xen-lite-$(VERSION).gz
$(HV_O)/xen-lite.elf: xen-lite/arch/x86/boot/container.S $(HV_O)/image.bin
	$(call say,LD,$@)mkdir -p $(@D); \
	$(CC) $(HV_CPPFLAGS) -D__ASSEMBLY__ -DIMAGE='"$(HV_O)/image.bin"' -DENTRY_OFFSET=$(call hv_offset,multiboot_entry) -DMEMORY_SIZE=$(call hv_offset,_end) \
	  -c -o $(HV_O)/container.o $< && \
	$(LD) --oformat binary -Ttext 0 -e 0 -o $@ $(HV_O)/container.o
# Both variants go to the same place; a change of DEBUG= makes it out of date.
HV_VARIANT := $(DIST)/.variant
$(shell mkdir -p $(DIST); [ "`cat $(HV_VARIANT) 2>/dev/null`" = $(O) ] || echo $(O) > $(HV_VARIANT))
$(DIST)/xen-lite.elf: $(HV_O)/xen-lite.elf $(HV_VARIANT)
	$(Q)cp $< $@
$(DIST)/install/boot/xen-lite-$(VERSION).gz: $(DIST)/xen-lite.elf
	$(call say,GZIP,$@)mkdir -p $(@D); gzip -9nc $< > $@
