/* SPDX-License-Identifier: MIT */
/*
 * What each debug key does: mostly one line per object, without locks where a
 * stale figure does no harm.
 */
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/event_channel.h>
#include <hv/grant_table.h>
#include <hv/mm.h>
#include <hv/smp.h>
#include <hv/stretch.h>

#define for_each_dumped_domain(d)                                              \
    for_each_domain (d)                                                        \
        if (dump_goes_on())

static void dump_domains(char key)
{
    struct domain *d;
    struct vcpu *v;

    for_each_dumped_domain(d)
    {
        printk("d%d: refcnt=%u pages=%lu/%lu dying=%u paused=%u shutdown=%d "
               "pool=%u weight=%u cap=%u\n",
               d->id, d->refcnt, d->tot_pages, d->max_pages, d->is_dying,
               d->pause_count, d->is_shut_down ? d->shutdown_code : -1,
               d->sched.cpupool, d->sched.weight, d->sched.cap);
        for_each_vcpu (d, v)
            printk("  v%u: CPU%u running=%d flags=%x paused=%u pending=%d "
                   "mask=%d poll=%d hard=%lx soft=%lx\n",
                   v->vcpu_id, v->processor, v->is_running, v->pause_flags,
                   v->pause_count, v->vcpu_info->evtchn_upcall_pending,
                   v->vcpu_info->evtchn_upcall_mask, v->poll_evtchn,
                   (unsigned long)v->sched.hard_affinity.bits,
                   (unsigned long)v->sched.soft_affinity.bits);
    }
}

static void dump_events(char key)
{
    struct domain *d;

    for_each_dumped_domain(d) dump_evtchn_info(d);
}

static void dump_grants(char key)
{
    struct domain *d;

    for_each_dumped_domain(d) gnttab_dump(d);
}

static void dump_queues(char key)
{
    unsigned int cpu;

    printk("now=%ld ratelimit=%uus\n", (long)get_s_time(), sched_ratelimit_us);
    for_each_online_cpu(cpu) sched_dump_cpu(cpu);
}

static void dump_timers(char key)
{
    unsigned int cpu;

    for_each_online_cpu(cpu) timer_dump_cpu(cpu);
}

static void dump_cpu_registers(char key)
{
    unsigned int cpu;

    for_each_online_cpu(cpu)
    {
        struct vcpu *v = READ_ONCE(cpu_info_of(cpu)->current_vcpu);

        if (is_idle_vcpu(v))
            printk("CPU%u idles\n", cpu);
        else if (dump_goes_on())
            arch_dump_vcpu(v);
    }
}

static void dump_dom0_registers(char key)
{
    if (hardware_domain)
        arch_dump_domain(hardware_domain);
}

static void dump_memory(char key)
{
    printk("%lu of %lu frames free, %lu claimed\n", total_free_pages(),
           total_pages, outstanding_claims());
}

static void dump_idle(char key)
{
    unsigned int cpu;

    for_each_online_cpu(cpu)
    {
        struct vcpu_runstate_info rs;

        vcpu_runstate_get(idle_vcpu[cpu], &rs);
        printk("CPU%u: C1 (halt) %lu ms\n", cpu,
               (unsigned long)(rs.time[RUNSTATE_running] / MILLISECS(1)));
    }
}

static void crash(char key)
{
    printk("no crash kernel is loaded\n");
}

static void reboot(char key)
{
    machine_restart();
}

#ifdef HV_DEBUG
static void audit(char key)
{
    audit_frames(true);
}

static void dump_stretches(char key)
{
    stretch_dump();
    lock_holds_dump();
}

static void reset_stretches(char key)
{
    stretch_reset();
    lock_holds_reset();
}
#endif

const struct debug_key debug_keys[] = {
    {'*', false, "all of those with '*'", run_all_dumps},
    {'+', false, "raise the log level", console_change_level},
    {'-', false, "lower the log level", console_change_level},
    {'0', true, "dump dom0's registers", dump_dom0_registers},
#ifdef HV_DEBUG
    {'A', false, "audit the frame table", audit},
#endif
    {'C', false, "trigger a crash dump", crash},
    {'G', false, "'+' and '-' for guests' messages", console_change_level},
    {'H', true, "show the heap's free memory, by zone", heap_dump},
#ifdef HV_DEBUG
    {'L', false, "forget the longest stretches", reset_stretches},
#endif
    {'R', false, "reboot", reboot},
    {'a', true, "dump timers", dump_timers},
    {'c', true, "dump idle times", dump_idle},
    {'d', true, "dump registers of guests on CPUs", dump_cpu_registers},
    {'e', true, "dump event channels", dump_events},
    {'g', true, "dump grants in use", dump_grants},
    {'h', false, "show this list", show_keys},
    {'i', true, "dump interrupts", arch_dump_irqs},
#ifdef HV_DEBUG
    {'l', true, "show the longest stretches without a look", dump_stretches},
#endif
    {'m', true, "dump memory", dump_memory},
    {'q', true, "dump domains", dump_domains},
    {'r', true, "show who waits for a CPU", dump_queues},
    {'z', false, "dump interrupts", arch_dump_irqs},
    {},
};
