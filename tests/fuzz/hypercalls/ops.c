/* SPDX-License-Identifier: MIT */
/* The table of operations. Weights: how often, relative to the others. */
#include "fuzz.h"

const struct op ops[] = {
    {"map in the window", 30, op_window},
    {"update_va_mapping", 60, op_update_va},
    {"update_va_mapping_otherdomain", 8, op_update_other},
    {"mmu_update", 60, op_mmu_update},
    {"mmuext_op", 40, op_mmuext},
    {"make a table", 50, op_make_table},
    {"pin", 20, op_pin},
    {"unpin", 30, op_unpin},
    {"change roots", 10, op_roots},
    {"store into a table", 40, op_store},
    {"touch", 30, op_touch},
    {"set_gdt", 8, op_set_gdt},
    {"update_descriptor", 8, op_descriptor},
    {"set LDT", 8, op_ldt},
    {"write a grant entry", 40, op_entry},
    {"map grants", 50, op_map},
    {"unmap grants", 50, op_unmap},
    {"unmap and replace", 10, op_replace},
    {"copy by grants", 30, op_copy},
    {"swap grants", 5, op_swap},
    {"set up a grant table", 3, op_table},
    {"other grant_table_op", 6, op_grant_other},
    {"alloc_unbound", 20, op_unbound},
    {"bind_interdomain", 20, op_interdomain},
    {"bind virq or ipi", 10, op_bind},
    {"send", 20, op_send},
    {"close", 20, op_close},
    {"status and others of a port", 15, op_port},
    {"reset of ports", 1, op_reset},
    {"FIFO layout", 4, op_fifo},
    {"initialise a vcpu", 4, op_initialise},
    {"vcpu up or down", 4, op_updown},
    {"areas of a vcpu", 6, op_area},
    {"timers", 10, op_timer},
    {"send_nmi", 3, op_nmi},
    {"sched_op", 4, op_sched},
    {"poll", 4, op_poll},
    {"stack_switch", 4, op_stack},
    {"segments and FPU", 8, op_segment},
    {"debug registers", 8, op_debugreg},
    {"callback_op, nmi_op", 4, op_callback},
    {"set_trap_table", 4, op_trap_table},
    {"vm_assist", 3, op_assist},
    {"I/O privilege", 4, op_iopl},
    {"decrease_reservation", 16, op_decrease},
    {"populate_physmap", 20, op_populate},
    {"exchange", 12, op_exchange},
    {"other memory_op", 10, op_memory},
    {"xen_version", 4, op_version},
    {"control calls", 6, op_control},
    {"physdev_op", 5, op_device},
    {"unknown hypercalls", 3, op_unknown},
    {"store by a stale mapping", 12, op_stale},
    {"another domain's page", 12, op_secret},
    {"multicall", 30, op_multicall},
    {"user mode", 60, op_user},
    {"instructions in kernel mode", 30, op_kernel},
};
const unsigned int nr_ops = sizeof(ops) / sizeof(ops[0]);

static void count(unsigned int op, bool refused)
{
    __atomic_fetch_add(words + WORD_OPS + op, (1UL << 32) | refused,
                       __ATOMIC_RELAXED);
}

void do_op(struct cpu *c)
{
    static unsigned int total;
    unsigned int n, i = 0;

    if (!total)
        for (; i < nr_ops; i++)
            total += ops[i].weight;
    n = below(c, total);
    for (i = 0; n >= ops[i].weight; i++)
        n -= ops[i].weight;
    if (!c->batch)
        c->args_used = 0;
    count(i, ops[i].fn(c) < 0);
}

long call(struct cpu *c, unsigned int nr, uint64_t a, uint64_t b, uint64_t d,
          uint64_t e)
{
    struct multicall_entry *m = c->batch + c->batch_len;

    if (!c->batch)
        return hypercall(nr, a, b, d, e, DOMID_SELF);
    if (c->batch_len == MOST_BATCH)
        return 0;
    c->batch_len++;
    *m = (struct multicall_entry){nr, 0, {a, b, d, e, DOMID_SELF, 0}};
    return 0;
}

void *arg(struct cpu *c, size_t size)
{
    void *p;

    if (c->args_used + size > ARGS_SIZE) /* a batch of large ones: not into
                                            the batch itself */
        c->args_used = PAGE_SIZE;
    p = c->args + c->args_used;
    c->args_used += (size + 15) & ~15UL;
    memset(p, 0, size);
    return p;
}
