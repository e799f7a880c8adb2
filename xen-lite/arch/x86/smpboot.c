/* SPDX-License-Identifier: MIT */
/*
 * Bringing up the other CPUs, one after another: a stack and a copy of the
 * per-CPU data, a copy of the trampoline below 1 MiB, INIT and start-up
 * messages, and a wait until the CPU says that it is there.
 */
#include <hv/acpi.h>
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/page_alloc.h>
#include <hv/smp.h>
#include <hv/timer.h>
#include <asm/apic.h>
#include <asm/irq.h>
#include <asm/paging.h>
#include <asm/setup.h>
#include <asm/time.h>

extern char trampoline_start[], trampoline_end[];
extern uint64_t trampoline_cr3;
extern void *ap_boot_stack;
extern uint64_t ap_root;
noreturn void start_secondary(void);

cpumask_t cpu_present_map, cpu_online_map;
unsigned long per_cpu_offset[NR_CPUS];
struct cpu_info *cpu_infos[NR_CPUS];
static unsigned int booting_cpu;
static unsigned int opt_maxcpus = NR_CPUS;
HV_OPTION(OPT_UINT, "maxcpus", opt_maxcpus);

#define AP_TIMEOUT SECONDS(2)

static void wait_until(s_time_t t)
{
    while (get_s_time() < t)
        cpu_relax();
}

/* --- on the new CPU --- */

noreturn void start_secondary(void)
{
    unsigned int cpu = booting_cpu;
    struct cpu_info *info = get_cpu_info();

    info->cpu = cpu;
    info->per_cpu_offset = per_cpu_offset[cpu];
    info->current_vcpu = idle_vcpu[cpu];
    cpu_init_features();
    cpu_init_traps(cpu, (void *)((unsigned long)info & ~(STACK_SIZE - 1UL)));
    lapic_init_cpu();
    time_check_sync_target();
    cpumask_set(cpu, &cpu_online_map);
    local_irq_enable();
    startup_cpu_idle_loop();
}

/* --- on the boot CPU --- */

static bool __init prepare_cpu(unsigned int cpu)
{
    size_t percpu = __per_cpu_end - __per_cpu_start;
    unsigned int order = 0;
    char *stack = alloc_xenheap_pages(STACK_ORDER, 0), *data;

    while (PAGE_SIZE << order < percpu)
        order++;
    data = alloc_xenheap_pages(order, 0);
    if (!stack || !data) {
        printk(XENLOG_ERR "CPU%u: no memory\n", cpu);
        return false;
    }
    per_cpu_offset[cpu] = data - __per_cpu_start;
    cpu_infos[cpu] = (struct cpu_info *)(stack + STACK_SIZE) - 1;
    timer_init_cpu(cpu);
    scheduler_init_cpu(cpu);
    if (!vcpu_create(idle_domain, cpu)) {
        printk(XENLOG_ERR "CPU%u: no memory\n", cpu);
        return false;
    }
    ap_boot_stack = stack + STACK_SIZE;
    booting_cpu = cpu;
    return true;
}

static bool __init boot_cpu_at(unsigned int cpu, unsigned int page)
{
    uint32_t apic_id = cpu_to_apicid[cpu];

    lapic_icr(apic_id, APIC_ICR_ASSERT | APIC_DM_INIT);
    wait_until(get_s_time() + MILLISECS(10));
    for (int i = 0; i < 2; i++) {
        lapic_icr(apic_id, APIC_ICR_ASSERT | APIC_DM_STARTUP | page);
        wait_until(get_s_time() + MICROSECS(200));
    }
    if (!time_check_sync_source(get_s_time() + AP_TIMEOUT)) {
        printk(XENLOG_ERR "CPU%u (APIC %u) does not start\n", cpu, apic_id);
        return false;
    }
    while (!cpumask_test(cpu, cpu_online_map))
        cpu_relax();
    return true;
}

void __init smp_prepare_boot_cpu(void)
{
    cpu_infos[0] = get_cpu_info();
    cpumask_set(0, &cpu_present_map);
    cpumask_set(0, &cpu_online_map);
}

void __init smp_prepare_cpus(paddr_t trampoline)
{
    unsigned int nr = MIN(MAX(acpi.nr_cpus, 1u), MAX(opt_maxcpus, 1u));

    cpu_to_apicid[0] = lapic_id();
    trampoline_cr3 = virt_to_maddr(boot_l4);
    ap_root = virt_to_maddr(idle_root);
    for (unsigned int cpu = 1; cpu < nr; cpu++) {
        cpu_to_apicid[cpu] = acpi.cpu[cpu].apic_id;
        cpumask_set(cpu, &cpu_present_map);
        if (!prepare_cpu(cpu))
            break;
        memcpy(maddr_to_virt(trampoline), trampoline_start,
               trampoline_end - trampoline_start);
        if (!boot_cpu_at(cpu, trampoline >> PAGE_SHIFT))
            break;
    }
    printk(XENLOG_INFO "%u CPUs\n", num_online_cpus());
}

/* --- calls to other CPUs --- */

static struct {
    spinlock_t lock;
    void (*fn)(void *data);
    void *data;
    cpumask_t left; /* CPUs that have not finished */
} call = {.lock = SPIN_LOCK_INIT(LOCK_NONE)};

void smp_call_function_interrupt(void)
{
    unsigned int cpu = smp_processor_id();

    if (!cpumask_test(cpu, (cpumask_t){atomic_load(&call.left.bits)}))
        return;
    call.fn(call.data);
    cpumask_clear(cpu, &call.left);
}

void on_selected_cpus(cpumask_t mask, void (*fn)(void *data), void *data)
{
    unsigned int self;
    cpumask_t others;

    /* Spin by trying, so that another caller's function can run here. */
    while (!spin_trylock(&call.lock))
        cpu_relax();
    self = smp_processor_id();
    mask = cpumask_and(mask, cpu_online_map);
    others = cpumask_andnot(mask, cpumask_of(self));
    call.fn = fn;
    call.data = data;
    atomic_store(&call.left.bits, others.bits);
    if (!cpumask_empty(others))
        smp_send_ipi_mask(others.bits, CALL_FUNCTION_VECTOR);
    if (cpumask_test(self, mask)) {
        unsigned long flags = local_irq_save();

        fn(data);
        local_irq_restore(flags);
    }
    while (atomic_load(&call.left.bits))
        cpu_relax();
    spin_unlock(&call.lock);
}

void smp_send_event_check(unsigned int cpu)
{
    smp_send_ipi(cpu, EVENT_CHECK_VECTOR);
}
