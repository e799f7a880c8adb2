/* SPDX-License-Identifier: MIT */
/* vcpus: their states, areas, timers, segments, callbacks. */
#include "fuzz.h"

static long vcpu_op(struct cpu *c, unsigned int cmd, uint64_t vcpu, void *op)
{
    return call(c, __HYPERVISOR_vcpu_op, cmd, vcpu, odd(c, op), 0);
}

/* Does little, but is there. */
static void spare(void)
{
    for (;;) {
        HC2(sched_op, SCHEDOP_yield, 0);
        HC3(vcpu_op, VCPUOP_down, SPARE_VCPU, 0);
    }
}

/* A context that works, in most cases changed in some word. */
long op_initialise(struct cpu *c)
{
    struct vcpu_guest_context *g = arg(c, sizeof(*g));
    static uint8_t stack[PAGE_SIZE];

    g->flags = VGCF_in_kernel | (one_in(c, 2) ? VGCF_online : 0);
    g->user_regs.rip = (uint64_t)spare;
    g->user_regs.rsp = g->kernel_sp = (uint64_t)(stack + PAGE_SIZE - 8);
    g->user_regs.cs = FLAT_KERNEL_CS;
    g->user_regs.ss = g->kernel_ss = FLAT_KERNEL_SS;
    g->event_callback_eip = g->failsafe_callback_eip = (uint64_t)spare;
    g->ctrlreg[3] = one_in(c, 50) ? any_mfn(c) * PAGE_SIZE : real_root;
    g->ctrlreg[1] = one_in(c, 3) ? user_root : 0;
    for (unsigned int i = 0; i < 32; i++)
        g->trap_ctxt[i] =
            (struct trap_info){i, 4, FLAT_KERNEL_CS, (uint64_t)spare};
    if (one_in(c, 3)) {
        g->gdt_ents = 512 * below(c, 3);
        for (unsigned int i = 0; i < 3; i++)
            g->gdt_frames[i] = frame_mfn(frame_for(c, 0));
    }
    for (unsigned int n = below(c, 3); n; n--)
        ((uint64_t *)g)[below(c, sizeof(*g) / 8)] = any_word(c);
    return vcpu_op(c, VCPUOP_initialise,
                   one_in(c, 4) ? any_vcpu(c) : SPARE_VCPU, g);
}

/* Not vcpu 0, which serves dom0. */
long op_updown(struct cpu *c)
{
    static const uint8_t cmds[] = {VCPUOP_up, VCPUOP_down, VCPUOP_is_up};

    return vcpu_op(c, cmds[below(c, 3)],
                   one_in(c, 3) ? any_vcpu(c) | 1 : SPARE_VCPU, NULL);
}

long op_area(struct cpu *c)
{
    struct vcpu_register_runstate_memory_area *run = arg(c, sizeof(*run));
    struct vcpu_register_vcpu_info *info = arg(c, sizeof(*info));
    uint64_t own = virt_to_mfn(info_page);
    long rc;

    run->addr.p = any_address(c);
    switch (below(c, 4)) {
    case 0:
        return vcpu_op(c, VCPUOP_register_runstate_memory_area, any_vcpu(c),
                       run);
    case 1:
        return vcpu_op(c, VCPUOP_register_vcpu_time_memory_area, any_vcpu(c),
                       run);
    case 2:
        return vcpu_op(c, VCPUOP_get_runstate_info, any_vcpu(c), arg(c, 48));
    }
    info->mfn = one_in(c, 3) ? any_mfn(c) : own;
    info->offset = one_in(c, 3) ? rnd(c) >> 32 : c->id * 64;
    rc = vcpu_op(c, VCPUOP_register_vcpu_info, c->id, info);
    if (!c->batch && !rc)
        c->info = info->mfn == own && info->offset < PAGE_SIZE
                      ? (struct vcpu_info *)(info_page + info->offset)
                      : NULL;
    return rc;
}

long op_timer(struct cpu *c)
{
    struct vcpu_set_periodic_timer *period = arg(c, sizeof(*period));
    struct vcpu_set_singleshot_timer *once = arg(c, sizeof(*once));
    uint64_t times[] = {0,    1,         system_time() + below(c, 1 << 20),
                        ~0UL, 1UL << 63, (1UL << 62) + 1};
    uint64_t t = one_in(c, 4) ? rnd(c) : times[below(c, 6)];

    period->period_ns = one_in(c, 2) ? t : 1000000 + below(c, 1 << 24);
    once->timeout_abs_ns = t;
    switch (below(c, 5)) {
    case 0:
        return vcpu_op(c, VCPUOP_set_periodic_timer, c->id, period);
    case 1:
        return vcpu_op(c, VCPUOP_stop_periodic_timer, c->id, NULL);
    case 2:
        return vcpu_op(c, VCPUOP_set_singleshot_timer, c->id, once);
    case 3:
        return vcpu_op(c, VCPUOP_stop_singleshot_timer, c->id, NULL);
    default:
        return call(c, __HYPERVISOR_set_timer_op, t, 0, 0, 0);
    }
}

long op_nmi(struct cpu *c)
{
    return vcpu_op(c, VCPUOP_send_nmi, any_vcpu(c),
                   one_in(c, 8) ? arg(c, 8) : NULL);
}

/* Some watchdog, that is given back or has long to wait. */
static long watchdog(struct cpu *c)
{
    struct sched_watchdog *op = arg(c, sizeof(*op));

    op->id = one_in(c, 20) ? rnd(c) : below(c, 4);
    op->timeout = one_in(c, 3) ? 0 : 100000 + (rnd(c) >> 33);
    return call(c, __HYPERVISOR_sched_op, SCHEDOP_watchdog, odd(c, op), 0, 0);
}

#define HYPERVISORS 0xffff830000000000UL

/* The reason alone, or no reason that can be read: the domain goes on. */
static long shut_down(struct cpu *c)
{
    struct sched_shutdown *op = arg(c, sizeof(*op));

    op->reason = rnd(c) >> 32;
    if (one_in(c, 2))
        return call(c, __HYPERVISOR_sched_op, SCHEDOP_shutdown_code,
                    (uint64_t)op, 0, 0);
    return call(c, __HYPERVISOR_sched_op, SCHEDOP_shutdown, HYPERVISORS, 0, 0);
}

/* What may block wakes up by its timer. */
long op_sched(struct cpu *c)
{
    uint64_t *op = arg(c, 64);
    static const uint8_t cmds[] = {SCHEDOP_yield,
                                   SCHEDOP_remote_shutdown,
                                   SCHEDOP_shutdown_code,
                                   SCHEDOP_pin_override,
                                   SCHEDOP_yield,
                                   8,
                                   200};

    if (one_in(c, 4))
        return one_in(c, 8) ? shut_down(c) : watchdog(c);
    op[0] = any_word(c);
    if (one_in(c, 6)) {
        struct vcpu_set_singleshot_timer t = {
            .timeout_abs_ns = system_time() + below(c, 1 << 18)};

        if (c->batch)
            return 0;
        HC3(vcpu_op, VCPUOP_set_singleshot_timer, c->id, &t);
        return call(c, __HYPERVISOR_sched_op, SCHEDOP_block, 0, 0, 0);
    }
    return call(c, __HYPERVISOR_sched_op, cmds[below(c, sizeof(cmds))],
                odd(c, op), 0, 0);
}

long op_poll(struct cpu *c)
{
    struct sched_poll *op = arg(c, sizeof(*op));
    uint32_t *ports = arg(c, 128 * 4);

    op->nr_ports = one_in(c, 30) ? rnd(c) : below(c, 8);
    for (unsigned int i = 0; i < 8; i++)
        ports[i] = any_port(c);
    op->timeout =
        one_in(c, 6) ? 1 + below(c, 100) : system_time() + below(c, 1 << 18);
    op->ports.p = (void *)odd(c, ports);
    return call(c, __HYPERVISOR_sched_op, SCHEDOP_poll, (uint64_t)op, 0, 0);
}

/* At once as it was: a trap from user mode needs it. */
long op_stack(struct cpu *c)
{
    long rc =
        call(c, __HYPERVISOR_stack_switch,
             one_in(c, 2) ? FLAT_KERNEL_SS : rnd(c), any_address(c), 0, 0);

    call(c, __HYPERVISOR_stack_switch, FLAT_KERNEL_SS, STACK_TOP(c), 0, 0);
    return rc;
}

long op_segment(struct cpu *c)
{
    if (one_in(c, 10))
        return call(c, __HYPERVISOR_fpu_taskswitch, below(c, 2), 0, 0, 0);
    return call(c, __HYPERVISOR_set_segment_base, below(c, 5),
                one_in(c, 2) ? any_address(c) : rnd(c) & 0xffff, 0, 0);
}

long op_debugreg(struct cpu *c)
{
    uint64_t control[] = {0,       0x400,   0x455,   0x2,
                          0xf0002, 0x10002, 0x20602, rnd(c)};
    unsigned int n = below(c, 9);

    if (one_in(c, 3))
        return call(c, __HYPERVISOR_get_debugreg, n, 0, 0, 0) >= 0 ? 0 : -1;
    return call(c, __HYPERVISOR_set_debugreg, n,
                n == 7 ? control[below(c, 8)] : any_address(c), 0, 0);
}

/* What works is put back behind the operation. */
long op_callback(struct cpu *c)
{
    struct callback_register *op = arg(c, sizeof(*op));
    long rc;

    op->type = one_in(c, 10) ? rnd(c) : below(c, 9);
    op->flags = below(c, 4);
    op->address = one_in(c, 2) ? (uint64_t)fuzz_trap : any_address(c);
    if (one_in(c, 3))
        rc = call(c, __HYPERVISOR_nmi_op, below(c, 3), odd(c, op), 0, 0);
    else
        rc = call(c, __HYPERVISOR_callback_op, below(c, 3), odd(c, op), 0, 0);
    c->changes_traps = true;
    return rc;
}

long op_trap_table(struct cpu *c)
{
    struct trap_info *t = arg(c, 8 * sizeof(*t));
    unsigned int n = 1 + below(c, 6);
    long rc;

    for (unsigned int i = 0; i < n; i++)
        t[i] = (struct trap_info){
            rnd(c), rnd(c), one_in(c, 2) ? FLAT_KERNEL_CS : rnd(c),
            one_in(c, 2) ? (uint64_t)fuzz_trap : any_address(c)};
    rc = call(c, __HYPERVISOR_set_trap_table, one_in(c, 40) ? 0 : odd(c, t), 0,
              0, 0);
    c->changes_traps = true;
    return rc;
}

long op_assist(struct cpu *c)
{
    return call(c, __HYPERVISOR_vm_assist, below(c, 3),
                one_in(c, 10) ? rnd(c) : below(c, 34), 0, 0);
}

long op_iopl(struct cpu *c)
{
    struct physdev_set_iopl *iopl = arg(c, sizeof(*iopl));
    struct physdev_set_iobitmap *map = arg(c, sizeof(*map));

    iopl->iopl = below(c, 5);
    map->bitmap.p = (void *)any_address(c);
    map->nr_ports = one_in(c, 4) ? rnd(c) : below(c, 65537);
    return one_in(c, 2) ? call(c, __HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl,
                               odd(c, iopl), 0, 0)
                        : call(c, __HYPERVISOR_physdev_op,
                               PHYSDEVOP_set_iobitmap, odd(c, map), 0, 0);
}
