# SPDX-License-Identifier: MIT
# The hypervisor's memory core, run in a process (hv_shim/, hv_world.c).

HV_TEST_CPPFLAGS := -Itests/unit/hv_shim -Ixen-lite/include \
                    -Ixen-lite/arch/x86/include -Itests/unit \
                    -D__HYPERVISOR__ -DHV_DEBUG
CPPFLAGS_xen-lite += $(HV_TEST_CPPFLAGS)
HV_MM := $(addprefix tests/unit/,hv_world.c hv_domains.c hv_tlb.c hv_recount.c) xen-lite/common/subop.c xen-lite/arch/x86/memory_op.c \
  $(addprefix xen-lite/common/mm/,page_alloc.c heap.c memory_op.c exchange.c) \
  $(addprefix xen-lite/arch/x86/pv/mm/,audit.c types.c table.c entry.c iomem.c owner.c walk.c \
  update.c mmuext.c grant.c teardown.c ptwr.c ptwr_decode.c ../emul/decode.c)
$(foreach t,hv_audit hv_world hv_domains hv_tlb hv_recount hv_heap mm_programs mm_model mm_flags mm_rules hv_subop mm_threads mm_log mm_vtlb \
  ptwr_decode priv_insn pv_rules hv_pci hv_e820 hv_strings hv_clock hv_irqs hv_console hv_vga \
  hv_sched hv_softirq hv_spinlock hv_nmi hv_flush hv_domain hv_usercopy mm_ldt,\
  $(eval CFLAGS_tests/unit/$(t) := $(HV_TEST_CPPFLAGS)))

HV_GRANTS := $(addprefix xen-lite/common/grant_table/,map.c pin.c copy.c maptrack.c table.c)

$(eval $(call unit_test,hv_audit,tests/unit/hv_audit.c $(HV_MM) $(HV_GRANTS),))
$(eval $(call unit_test,mm_model,tests/unit/mm_model.c tests/unit/mm_programs.c $(HV_MM),))
$(eval $(call unit_test,mm_threads,tests/unit/mm_threads.c tests/unit/mm_programs.c $(HV_MM),\
    -pthread))
$(eval $(call unit_test,hv_heap,tests/unit/hv_heap.c $(HV_MM),))
$(eval $(call unit_test,mm_flags,tests/unit/mm_flags.c $(HV_MM),))
$(eval $(call unit_test,mm_rules,tests/unit/mm_rules.c $(HV_MM),))
$(eval $(call unit_test,hv_subop,tests/unit/hv_subop.c $(HV_MM),))
$(eval $(call unit_test,mm_log,tests/unit/mm_log.c $(HV_MM),))
$(eval $(call unit_test,mm_vtlb,tests/unit/mm_vtlb.c $(HV_MM),))
$(eval $(call unit_test,mm_ldt,tests/unit/mm_ldt.c $(HV_MM),))
$(eval $(call unit_test,ptwr_decode,tests/unit/ptwr_decode.c \
  $(addprefix xen-lite/arch/x86/pv/,mm/ptwr_decode.c emul/decode.c),-lZydis))

# Each includes the file that it tests.
$(eval $(call unit_test,hv_flush,tests/unit/hv_flush.c,-pthread))
$(eval $(call unit_test,hv_domain,tests/unit/hv_domain.c,))
$(eval $(call unit_test,hv_nmi,tests/unit/hv_nmi.c,))
$(eval $(call unit_test,hv_usercopy,tests/unit/hv_usercopy.c,))

# The PV CPU's decoder and rules.
$(eval $(call unit_test,priv_insn,tests/unit/priv_insn.c \
  xen-lite/arch/x86/pv/emul/decode.c,-lZydis))
$(eval $(call unit_test,pv_rules,tests/unit/pv_rules.c $(addprefix \
  xen-lite/arch/x86/pv/,emul/cpu_policy.c descriptor_check.c emul/io_ports.c emul/msr.c),))

# Interrupts.
$(eval $(call unit_test,hv_irqs,tests/unit/hv_irqs.c $(addprefix \
  xen-lite/arch/x86/irq/,irq.c vectors.c),-pthread))

# The console and its serial line.
$(eval $(call unit_test,hv_console,tests/unit/hv_console.c $(addprefix \
  xen-lite/,common/console.c common/keyhandler.c drivers/serial.c),))

# The scheduler, which the test includes, and timers.
$(eval $(call unit_test,hv_sched,tests/unit/hv_sched.c xen-lite/common/timer.c,-pthread))

$(eval $(call unit_test,hv_softirq,tests/unit/hv_softirq.c xen-lite/common/softirq.c,))
$(eval $(call unit_test,hv_spinlock,tests/unit/hv_spinlock.c,-pthread))

# Boot and library parts, included by the test itself.
$(eval $(call unit_test,hv_e820,tests/unit/hv_e820.c,))
$(eval $(call unit_test,hv_pci,tests/unit/hv_pci.c,))
$(eval $(call unit_test,hv_vga,tests/unit/hv_vga.c,))
$(eval $(call unit_test,hv_strings,tests/unit/hv_strings.c,))

# The clock.
$(eval $(call unit_test,hv_clock,tests/unit/hv_clock.c $(addprefix \
  xen-lite/arch/x86/,clock_record.c clock_line.c),-pthread))

# Two CPUs in every order of their steps: code that is compiled so that each
# access is announced (interleave_steps.c), and what watches it.
STEPS := -fsanitize=thread,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
$(O)/steps/%.o: %.c
	$(call say,CC steps,$<)mkdir -p $(@D); \
	    $(CC) $(USER_CFLAGS) $(STEPS) $(USER_CPPFLAGS) -Itests/unit/hv_shim/steps \
	    $(HV_TEST_CPPFLAGS) -MMD -MP -c -o $@ $<
HV_STEPPED := $(filter xen-lite/%,$(HV_MM)) tests/unit/hv_domains.c tests/unit/interleave_machine.c
HV_STEPPED := $(filter-out %/audit.c,$(HV_STEPPED))
$(foreach t,interleave interleave_tlb interleave_pairs interleave_search interleave_mm \
  interleave_grants interleave_events,\
  $(eval CFLAGS_tests/unit/$(t) := $(HV_TEST_CPPFLAGS)))
INTERLEAVE := $(addprefix tests/unit/,interleave.c interleave_steps.c interleave_tlb.c \
  interleave_pairs.c hv_world.c hv_recount.c) xen-lite/arch/x86/pv/mm/audit.c
$(O)/tests/unit/interleave_search: $(HV_STEPPED:%.c=$(O)/steps/%.o)
$(eval $(call unit_test,interleave_search,tests/unit/interleave_search.c $(INTERLEAVE),))
$(O)/tests/unit/interleave_mm: $(HV_STEPPED:%.c=$(O)/steps/%.o)
$(eval $(call unit_test,interleave_mm,tests/unit/interleave_mm.c $(INTERLEAVE),))
$(O)/tests/unit/interleave_grants: $(HV_STEPPED:%.c=$(O)/steps/%.o) $(HV_GRANTS:%.c=$(O)/steps/%.o)
$(eval $(call unit_test,interleave_grants,tests/unit/interleave_grants.c $(INTERLEAVE),))
HV_EVENTS := $(addprefix xen-lite/common/event_channel/,core.c close.c op.c two_level.c fifo.c)
$(O)/tests/unit/interleave_events: $(HV_STEPPED:%.c=$(O)/steps/%.o) $(HV_EVENTS:%.c=$(O)/steps/%.o)
$(eval $(call unit_test,interleave_events,tests/unit/interleave_events.c $(INTERLEAVE),))

# The frontends of guests, with a store, grants and backends that are played.
FRONTENDS := $(addprefix frontends/,blkfront blk_ring xenbus_device event_loop)
$(foreach t,$(FRONTENDS) $(addprefix tests/unit/,blkfront event_loop guest_grants guest_suspend demo_net_disk),\
  $(eval CFLAGS_$(t) := -Ifrontends/include -fno-builtin))
$(eval $(call unit_test,blkfront,tests/unit/blkfront.c \
  $(addprefix frontends/,blkfront.c blk_ring.c xenbus_device.c),))
$(eval $(call unit_test,event_loop,tests/unit/event_loop.c frontends/event_loop.c,))
$(eval $(call unit_test,guest_grants,tests/unit/guest_grants.c,))
$(eval $(call unit_test,guest_suspend,tests/unit/guest_suspend.c,))
$(eval $(call unit_test,demo_net_disk,tests/unit/demo_net_disk.c \
  $(addprefix frontends/demo-net/,layout.c request.c),))
CFLAGS_tests/unit/demo_net_port := -Itests/unit/lwip_shim -Ifrontends/include -fno-builtin
$(eval $(call unit_test,demo_net_port,tests/unit/demo_net_port.c \
  $(addprefix frontends/demo-net/,address.c random.c segment.c),))
