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
#include <hv/stretch.h>

#define SYSCALL_INSN_BYTES 2

bool hypercall_preempt_check(void)
{
    stretch_point(__builtin_return_address(0));
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

void hypercall_set_arg(unsigned int n, uint64_t value)
{
    struct multicall_state *ms = &this_cpu(multicall_state);

    if (ms->active)
        ms->call.args[n] = value;
    else
        *argument_register(guest_cpu_regs(), n) = value;
}

long hypercall_again(unsigned int nr)
{
    struct multicall_state *ms = &this_cpu(multicall_state);

    if (ms->active)
        ms->continued = true;
    else
        guest_cpu_regs()->rip -= SYSCALL_INSN_BYTES;
    return nr;
}
