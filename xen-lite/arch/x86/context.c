/* SPDX-License-Identifier: MIT */
/*
 * Which vcpu a CPU runs, and how it changes.
 *
 * A vcpu that leaves its CPU is saved completely: registers, segments, FPU.
 * There is one stack per CPU, so a switch ends by forgetting the stack and
 * going the way of the new one: to the guest, or into the idle loop.
 *
 * An idle CPU keeps the root of the guest that ran before: if that vcpu comes
 * back next, as it does after most waits, its translations are still there.
 * Before a root is taken away from a domain, idle CPUs must leave it for the
 * hypervisor's own.
 */
#include <hv/lib.h>
#include <hv/smp.h>
#include <hv/softirq.h>
#include <hv/stretch.h>
#include <asm/guest_tables.h>
#include <asm/log_dirty.h>
#include <asm/pv.h>
#include <asm/tlb.h>

noreturn void enter_idle_loop(void); /* entry.S */
noreturn void idle_loop(void);

void toggle_guest_mode(struct vcpu *v)
{
    v->arch.flags ^= TF_KERNEL_MODE;
    swapgs();
    WRITE_CR(3, guest_kernel_mode(v) ? v->arch.cr3_kernel : v->arch.cr3_user);
}

void borrow_kernel_root(const struct vcpu *v)
{
    if (!guest_kernel_mode(v))
        WRITE_CR(3, v->arch.cr3_kernel);
}

void return_root(const struct vcpu *v)
{
    if (!guest_kernel_mode(v))
        WRITE_CR(3, v->arch.cr3_user);
}

/* The vcpu whose translations this CPU may have cached. */
static DEFINE_PER_CPU(const struct vcpu *, cached_vcpu);

/* Guest memory that belongs to v as a whole is in its kernel root. The one that
 * is loaded will do if v has not run elsewhere since it ran here: what it
 * flushed there has not been flushed here. Nor if another vcpu with the same
 * kernel root ran here since: its user root may be another, whose translations
 * are global. */
static void load_kernel_root(struct vcpu *v)
{
    unsigned int cpu = smp_processor_id();
    bool stale = v->arch.tlb_cpu != cpu || this_cpu(cached_vcpu) != v;

    if (unlikely(v->domain->arch.log) && vtlb_enter(v))
        stale = true;
    /* Before the flush: the updater of an entry reads tlb_cpu to choose which
     * CPUs to flush. */
    WRITE_ONCE(v->arch.tlb_cpu, cpu);
    this_cpu(cached_vcpu) = v;
    if (stale || READ_CR(3) != v->arch.cr3_kernel)
        root_load(v->arch.cr3_kernel, v->domain);
}

static void leave(struct vcpu *v)
{
    if (v->arch.flags & TF_IO_OPEN)
        io_bitmap_close(v);
    v->arch.regs = *guest_cpu_regs();
    save_segments(v);
    fpu_save(v);
    if (v->arch.dr[7])
        asm volatile("mov %0, %%dr7" ::"r"(0x400UL));
    load_idle_gdt(); /* before the window with the other one goes away */
    if (v->arch.ldt_ents)
        asm volatile("lldt %w0" ::"r"(0));
    if (v->runstate_guest) {
        load_kernel_root(v);
        update_runstate_area(v);
    }
}

static void load_guest_gdt(const struct vcpu *v)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __packed r = {FIRST_RESERVED_GDT_BYTE + PAGE_SIZE - 1, GDT_VIRT_START(v)};

    asm volatile("lgdt %0" ::"m"(r));
}

static void enter(struct vcpu *v)
{
    pv_map_cpu_gdt_page(v);
    load_kernel_root(v);
    load_guest_gdt(v);
    if (v->arch.ldt_ents)
        load_ldt(v);
    *guest_cpu_regs() = v->arch.regs;
    load_segments(v);
    fpu_restore(v);
    if (v->arch.dr[7])
        load_debugregs(v);
    if (cpu_has_rdtscp)
        wrmsr(MSR_TSC_AUX, v->arch.tsc_aux);
    update_vcpu_system_time(v);
    if (v->runstate_guest)
        update_runstate_area(v);
    if (!guest_kernel_mode(v))
        WRITE_CR(3, v->arch.cr3_user);
}

void context_switch(struct vcpu *prev, struct vcpu *next)
{
    if (!is_idle_vcpu(prev))
        leave(prev);
    get_cpu_info()->current_vcpu = next;
    if (!is_idle_vcpu(next))
        enter(next);
    sched_context_switched(prev, next);
    continue_running(next);
}

noreturn void continue_running(struct vcpu *v)
{
    local_irq_disable();
    if (is_idle_vcpu(v))
        enter_idle_loop();
    ret_to_guest_asm();
}

static DEFINE_PER_CPU(uint64_t, halts);

uint64_t cpu_halts(unsigned int cpu)
{
    return READ_ONCE(per_cpu(halts, cpu));
}

noreturn void idle_loop(void)
{
    for (;;) {
        local_irq_enable();
        do_softirq();
        local_irq_disable();
        if (!softirq_pending()) {
            this_cpu(halts)++;
            stretch_idle();
            asm volatile("sti; hlt" ::: "memory");
        }
    }
}

noreturn void startup_cpu_idle_loop(void)
{
    get_cpu_info()->current_vcpu = idle_vcpu[smp_processor_id()];
    raise_softirq(SCHEDULE_SOFTIRQ);
    continue_running(current);
}

void vcpu_kick(struct vcpu *v)
{
    unsigned int cpu = READ_ONCE(v->processor);

    if (READ_ONCE(v->is_running) && v != current)
        smp_send_event_check(cpu);
}
