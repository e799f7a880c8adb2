/* SPDX-License-Identifier: MIT */
/*
 * multicall: a batch of hypercalls in one entry, run in order.
 *
 * A call inside that must be continued later leaves its new arguments in its
 * entry (hypercall_set_arg() puts them into the copy here), and the
 * batch itself is continued at that entry. The batch also stops for pending
 * work. It ends behind an iret: the guest has left the code that made it. A
 * multicall inside is refused.
 *
 * "Which entry is running" is per CPU: nothing here is ever preempted.
 */
#include <hv/lib.h>
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/multicall.h>
#include <hv/stretch.h>

DEFINE_PER_CPU(struct multicall_state, multicall_state);

static void run_entry(struct multicall_state *ms)
{
    struct multicall_entry *call = &ms->call;
    hypercall_fn_t fn =
        call->op < NR_HYPERCALLS ? hypercall_table[call->op] : NULL;

    stretch_name(fn);
    if (!fn)
        call->result = -ENOSYS;
    else if (call->op == __HYPERVISOR_multicall)
        call->result = -EINVAL;
    else
        call->result = hypercall_invoke(fn, call->args);
}

long do_multicall(uint64_t list, unsigned int count)
{
    uint32_t i;
    struct multicall_state *ms = &this_cpu(multicall_state);
    long rc = 0;

    for (i = 0; i < count; i++, list += sizeof(ms->call)) {
        if (i && hypercall_preempt_check())
            goto preempted;
        if (copy_from_guest_raw(&ms->call, list, sizeof(ms->call))) {
            rc = -EFAULT;
            break;
        }
        ms->active = true;
        ms->continued = false;
        run_entry(ms);
        ms->active = false;

        if (ms->continued) {
            if (copy_object_to_guest(list, &ms->call)) {
                rc = -EFAULT;
                break;
            }
            goto preempted;
        }
        if (copy_field_to_guest(list, &ms->call, result)) {
            rc = -EFAULT;
            break;
        }
        if (ms->call.op == __HYPERVISOR_iret)
            break;
    }
    return rc;

preempted:
    hypercall_set_arg(0, list);
    hypercall_set_arg(1, count - i);
    return hypercall_again(__HYPERVISOR_multicall);
}
