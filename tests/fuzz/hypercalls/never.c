/* SPDX-License-Identifier: MIT */
/* Operations that must not succeed. When one does, that is a fault. */
#include "fuzz.h"

/* As an entry it would be refused. */
#define MARK 0xbad0000000000001UL

static long scribble(void *p)
{
    *(volatile uint64_t *)p = MARK;
    return 0;
}

/* The vcpu's own page, which no other operation names. */
static long own(struct cpu *c, uint64_t flags)
{
    return map_va(c->own, flags ? virt_to_mfn(c->own) * PAGE_SIZE | flags : 0,
                  UVMF_INVLPG | UVMF_ALL);
}

/*
 * A page that was written through some mapping, whose mapping was then taken
 * away without a flush, becomes a table: from then on no store may reach it.
 */
long op_stale(struct cpu *c)
{
    uint64_t mfn = virt_to_mfn(c->own);
    long rc;

    if (c->batch || own(c, RW))
        return -1;
    memset(c->own, 0, PAGE_SIZE);
    map_va(c->own, one_in(c, 2) ? 0 : mfn * PAGE_SIZE | RO, UVMF_NONE);
    rc = mmuext_mfn(c, MMUEXT_PIN_L1_TABLE, mfn);
    if (rc)
        return rc;
    attempt(scribble, c->own);
    own(c, RO);
    if (*(volatile uint64_t *)c->own == MARK)
        words[WORD_STALE]++;
    mmuext_mfn(c, MMUEXT_UNPIN_TABLE, mfn);
    return 0;
}

/* --- the other domU's page ------------------------------------------------ */

static long pin_table_with(struct cpu *c, uint64_t value)
{
    uint64_t mfn = virt_to_mfn(c->own);
    long rc;

    if (own(c, RW))
        return -1;
    memset(c->own, 0, PAGE_SIZE);
    c->own[below(c, 256)] = value;
    own(c, RO);
    rc = mmuext_mfn(c, MMUEXT_PIN_L1_TABLE + below(c, 4), mfn);
    mmuext_mfn(c, MMUEXT_UNPIN_TABLE, mfn);
    return rc;
}

static long update_with(struct cpu *c, uint64_t value)
{
    struct mmu_update *u = arg(c, sizeof(*u));
    uint32_t *done = arg(c, 4);

    /* In the window's tables: what is in use as no table may hold any number.
     */
    u->ptr = pte_maddr(frame_address(any_frame(c)));
    u->val = value;
    return call(c, __HYPERVISOR_mmu_update, (uint64_t)u, 1, (uint64_t)done,
                DOMID_SELF);
}

static long copy_from(struct cpu *c, uint64_t mfn)
{
    struct gnttab_copy *op = arg(c, sizeof(*op));

    op->source.u.gmfn = mfn;
    op->source.domid = one_in(c, 2) ? DOMID_SELF : words[WORD_PEER];
    op->dest.u.gmfn = frame_mfn(frame_for(c, 0));
    op->dest.domid = DOMID_SELF;
    op->len = 8;
    op->status = -1;
    call(c, __HYPERVISOR_grant_table_op, GNTTABOP_copy, (uint64_t)op, 1, 0);
    return op->status;
}

static long page_op(struct cpu *c, uint64_t mfn)
{
    struct mmuext_op *op = arg(c, sizeof(*op));

    op->cmd = one_in(c, 2) ? MMUEXT_CLEAR_PAGE : MMUEXT_COPY_PAGE;
    op->arg1.mfn = op->arg2.src_mfn = mfn;
    if (one_in(c, 2))
        op->arg1.mfn = frame_mfn(frame_for(c, 0));
    if (op->cmd == MMUEXT_CLEAR_PAGE)
        op->arg1.mfn = mfn;
    return call(c, __HYPERVISOR_mmuext_op, (uint64_t)op, 1, 0, DOMID_SELF);
}

/* A page that the other domU neither grants nor gives back, by any call that
 * takes a frame. */
long op_secret(struct cpu *c)
{
    uint64_t mfn = words[WORD_SECRET];
    uint64_t value = mfn * PAGE_SIZE | (one_in(c, 2) ? RW : RO);
    unsigned int way = below(c, 6);
    long rc;

    if (c->batch || !mfn)
        return -1;
    switch (way) {
    case 0:
        rc = pin_table_with(c, value);
        break;
    case 1:
        rc = update_with(c, value);
        break;
    case 2:
        rc = copy_from(c, mfn);
        break;
    case 3:
        rc = page_op(c, mfn);
        break;
    case 4:
        rc = mmuext_mfn(c, MMUEXT_PIN_L1_TABLE + below(c, 4), mfn);
        break;
    default:
        rc = call(c, __HYPERVISOR_update_va_mapping, play_address(c), value,
                  UVMF_INVLPG, 0);
    }
    if (rc >= 0)
        words[WORD_SEEN] |= 1 << way;
    return rc;
}
