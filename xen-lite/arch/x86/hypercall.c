/* SPDX-License-Identifier: MIT */
/*
 * Continuations: a hypercall that must make way for other work asks to be
 * called again, with arguments that say how far it got. For a direct call the
 * guest's rip goes back to the two-byte syscall instruction and the registers
 * change; in a batch the entry changes. Both are guest memory or registers in
 * the end: the resumed call checks them like any other input.
 */
#include <hv/lib.h>
#include <hv/domain.h>
#include <hv/event_channel.h>
#include <hv/hypercall.h>
#include <hv/multicall.h>
#include <hv/softirq.h>

#define SYSCALL_INSN_BYTES 2

bool hypercall_preempt_check(void)
{
    return softirq_pending() || local_events_need_delivery(current);
}

static uint64_t *argument_register(struct cpu_regs *regs, unsigned int n)
{
    switch (n) {
    case 0:
        return &regs->rdi;
    case 1:
        return &regs->rsi;
    case 2:
        return &regs->rdx;
    case 3:
        return &regs->r10;
    case 4:
        return &regs->r8;
    default:
        return &regs->r9;
    }
}

long hypercall_create_continuation(unsigned int nr, unsigned int nargs, ...)
{
    struct multicall_state *ms = &this_cpu(multicall_state);
    struct cpu_regs *regs = guest_cpu_regs();
    va_list ap;

    va_start(ap, nargs);
    for (unsigned int i = 0; i < nargs && i < 6; i++) {
        unsigned long arg = va_arg(ap, unsigned long);

        if (ms->active)
            ms->call.args[i] = arg;
        else
            *argument_register(regs, i) = arg;
    }
    va_end(ap);
    if (ms->active) {
        ms->call.op = nr;
        ms->continued = true;
    } else {
        regs->rip -= SYSCALL_INSN_BYTES;
    }
    return nr;
}
