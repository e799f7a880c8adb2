/* SPDX-License-Identifier: MIT */
/*
 * The auditor: each kind of disagreement is planted in a machine where all is
 * right, and must be found, and named; and all is right again without it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "hv_world.h"
#include <hv/arch.h>
#include <hv/console.h>
#include <hv/event_channel.h>
#include <asm/guest_tables.h>
#include <asm/tlb.h>
#include "../../xen-lite/common/grant_table/grant_table.h"

#define OWNER  1
#define MAPPER 2
#define REF    8
#define HANDLE 0
#define FREE                                                                   \
    16 /* a frame below, in another list than what the auditor takes           \
        */

static struct domain *d;
static struct vcpu *v;
/* Of d; each table leads to the next one, and the last to data, writable. */
static struct page_info *root, *l3, *l2, *l1, *data;
/* Of d: without a use; lent by us; held by vcpu_info, by event channels. */
static struct page_info *idle, *lent, *info, *events;
/* Of the other domain: an L1 table. */
static struct page_info *their_l1;

/* --- what the grant tables ask for ---------------------------------------- */

void gprintk(struct domain *of, const char *fmt, ...)
{
}

bool dump_goes_on(void)
{
    return false;
}

void arch_flush_tlb(struct domain *of)
{
}

/* --- the machine ---------------------------------------------------------- */

void evtchn_held_frames(const struct domain *of, hold_fn *hold)
{
    if (of == d && events)
        hold(page_to_mfn(events), 1, 1);
}

static struct page_info *page_of(struct domain *of)
{
    struct page_info *pg = alloc_domheap_pages(of, 0, 0);

    assert_non_null(pg);
    memset(page_to_virt(pg), 0, PAGE_SIZE);
    return pg;
}

static pte_t *table(struct page_info *pg)
{
    return page_to_virt(pg);
}

static pte_t entry_of(struct page_info *pg)
{
    return pte_make(page_to_mfn(pg), PTE_PRESENT | PTE_RW | PTE_USER);
}

static struct page_info *tree_of(struct vcpu *of, struct page_info **level)
{
    struct domain *owner = of->domain;

    for (unsigned int i = 0; i < 5; i++)
        level[i] = page_of(owner);
    for (unsigned int i = 4; i; i--)
        table(level[i])[0] = entry_of(level[i - 1]);
    assert_int_equal(take_root(of, page_to_mfn(level[4])), 0);
    of->arch.guest_root = page_to_mfn(level[4]);
    return level[4];
}

static void map_a_grant(void)
{
    struct vcpu *mapper = world_domain[MAPPER]->vcpu[0];
    struct gnttab_map_grant_ref op = {
        .host_addr = (mfn_x(page_to_mfn(their_l1)) << PAGE_SHIFT) + 8,
        .flags = GNTMAP_host_map | GNTMAP_contains_pte,
        .ref = REF,
        .dom = OWNER};
    uint32_t done = 0;

    *shared_entry(d->grant_table, REF) =
        (grant_entry_t){.flags = GTF_permit_access,
                        .domid = MAPPER,
                        .frame = mfn_x(page_to_mfn(data))};
    world_run(1, mapper);
    assert_int_equal(gnttab_map((uint64_t)&op, 1, &done), 0);
    assert_int_equal(op.status, GNTST_okay);
    assert_int_equal(op.handle, HANDLE);
    world_run(0, v);
}

static int begin(void **state)
{
    struct page_info *level[5];

    world_seed(1);
    world_init();
    for (domid_t id = 0; id < WORLD_DOMAINS; id++) {
        world_create_domain(id, 64);
        assert_int_equal(grant_table_init(world_domain[id], 1, 1), 0);
    }
    d = world_domain[OWNER];
    v = d->vcpu[0];
    world_run(1, world_domain[MAPPER]->vcpu[0]);
    tree_of(current, level);
    their_l1 = level[1];
    world_run(0, v);
    root = tree_of(v, level);
    data = level[0], l1 = level[1], l2 = level[2], l3 = level[3];
    idle = page_of(d);
    info = get_writable_page(page_to_mfn(page_of(d)), d);
    v->vcpu_info_mfn = page_to_mfn(info);
    events = get_writable_page(page_to_mfn(page_of(d)), d);
    lent = virt_to_page(shared_entry(d->grant_table, 0));
    map_a_grant();
    return 0;
}

/* --- what is wrong -------------------------------------------------------- */

static void general_more(void)
{
    data->count++;
}
static void general_less(void)
{
    data->count--;
}
static void type_more(void)
{
    data->type++;
}
static void type_less(void)
{
    data->type--;
}
static void descriptor_more(void)
{
    idle->type = PGT_descriptor | PGT_validated | 1;
}
static void writable_table(void)
{
    table(l1)[1] = entry_of(l2);
}
static void foreign_table(void)
{
    table(l2)[1] = entry_of(their_l1);
}
static void level_wrong(void)
{
    table(l3)[1] = entry_of(l1);
}
static void our_slot(void)
{
    table(root)[ROOT_SLOT_FIRST] ^= PAGE_SIZE;
}
static void bad_flags(void)
{
    table(l1)[0] &= ~PTE_USER;
}
static void unmasked(void)
{
    l1->entry_mask = 0;
}
static void locked(void)
{
    l1->type |= PGT_locked;
}
static void pinned_data(void)
{
    data->type |= PGT_pinned;
}
static void unchecked(void)
{
    l1->type &= ~PGT_validated;
}
static void useless_type(void)
{
    idle->type = PGT_writable | PGT_validated;
}
static void partial_twice(void)
{
    l1->type = PGT_l1_table | PGT_partial | 2;
}
static void listed_wrong(void)
{
    d->arch.undo_list = mfn_x(page_to_mfn(data));
    d->arch.nr_pending_undo = 1;
}
static void undo_lost(void)
{
    d->arch.nr_pending_undo = 1;
}
static void owns_more(void)
{
    d->owned_frames++;
}
static void counts_more(void)
{
    d->tot_pages = d->owned_frames + 1;
}
static void to_a_free_frame(void)
{
    table(l1)[1] = entry_of(frame_table + FREE);
}
static void in_no_list(void)
{
    idle->free_owner = DOMID_INVALID;
}
static void owned_in_a_list(void)
{
    frame_table[FREE + 1].owner = OWNER;
}
static void link_back(void)
{
    frame_table[FREE].free_prev = FREE + 1;
}
static void chunk_order(void)
{
    frame_table[FREE].free_order++;
}
static void stamp_of_use(void)
{
    idle->tlb_stamp = tlb_clock_now() + 1;
}
static void stamp_of_free(void)
{
    frame_table[FREE].tlb_stamp = tlb_clock_now() + 1;
}
static void root_lost(void)
{
    v->arch.guest_root = INVALID_MFN;
}
static void user_root(void)
{
    v->arch.guest_root_user = page_to_mfn(root);
}
static void info_lost(void)
{
    v->vcpu_info_mfn = INVALID_MFN;
}
static void info_free(void)
{
    v->vcpu_info_mfn = _mfn(FREE);
}
static void gdt_not_held(void)
{
    v->arch.gdt_ents = 1;
    v->arch.gdt_frames[0] = page_to_mfn(idle);
}
static void irq_page_not_held(void)
{
    d->arch.pirq_eoi_mfn = page_to_mfn(idle);
    d->arch.pirq_eoi_map = page_to_virt(idle);
}
static void event_page_lost(void)
{
    events = NULL;
}
static void pin_more(void)
{
    active_entry(d->grant_table, REF)->pins[PIN_HOST_RO]++;
}
static void handle_lost(void)
{
    maptrack_entry(world_domain[MAPPER]->grant_table, HANDLE)->flags = 0;
}
static void loan_used_less(void)
{
    lent->type--;
}
static void loan_held_more(void)
{
    lent->count++;
}
static void claim(void)
{
    d->outstanding_claim = 1;
}

/* Of which frame, and what the auditor says of it. */
static const struct plant {
    void (*plant)(void);
    struct page_info **frame;
    const char *says;
} plants[] = {
    {general_more, &data, "general count"},
    {general_less, &data, "general count"},
    {type_more, &data, "type count"},
    {type_less, &data, "type count"},
    {descriptor_more, &idle, "type count"},
    {writable_table, &l2, "mapped writable by table"},
    {foreign_table, &their_l1, "in another domain's table"},
    {level_wrong, &l1, "in table"},
    {our_slot, &root, "is not the template's"},
    {bad_flags, &l1, "slot 0 has"},
    {unmasked, &l1, "is not in the mask"},
    {locked, &l1, "locked"},
    {pinned_data, &data, "pinned, but no table"},
    {unchecked, &l1, "neither valid nor partial"},
    {useless_type, &idle, "type without uses"},
    {partial_twice, &l1, "partial with count 2"},
    {listed_wrong, &data, "listed, but no undo"},
    {undo_lost, NULL, "undos in the list of d1"},
    {owns_more, NULL, "owns"},
    {counts_more, NULL, "counts"},
    {to_a_free_frame, NULL, "free, but"},
    {in_no_list, &idle, "free, but in no list"},
    {owned_in_a_list, NULL, "in a free list, but owned"},
    {link_back, NULL, "links, places or sums"},
    {chunk_order, NULL, "links, places or sums"},
    {stamp_of_use, &idle, "of the future"},
    {stamp_of_free, NULL, "of the future"},
    {root_lost, &root, "general count"},
    {user_root, &root, "type count"},
    {info_lost, &info, "general count"},
    {info_free, NULL, "is held and not owned"},
    {gdt_not_held, &idle, "type count"},
    {irq_page_not_held, &idle, "type count"},
    {event_page_lost, &events, "type count"},
    {pin_more, NULL, "d1: 1 grants with other pins than handles"},
    {handle_lost, NULL, "d1: 1 grants with other pins than handles"},
    {loan_used_less, &lent, "lent, type count"},
    {loan_held_more, &lent, "general count"},
    {claim, NULL, "domains claim 1 pages, not 0"},
};

/* --- as it was ------------------------------------------------------------ */

static struct {
    struct page_info frame[WORLD_FRAMES];
    uint8_t memory[WORLD_FRAMES * PAGE_SIZE];
    struct domain d;
    struct vcpu v;
    struct page_info *events;
} before;

static void remember(void)
{
    memcpy(before.frame, frame_table, sizeof(before.frame));
    memcpy(before.memory, mfn_to_virt(_mfn(0)), sizeof(before.memory));
    before.d = *d;
    before.v = *v;
    before.events = events;
}

static void restore(void)
{
    memcpy(frame_table, before.frame, sizeof(before.frame));
    memcpy(mfn_to_virt(_mfn(0)), before.memory, sizeof(before.memory));
    *d = before.d;
    *v = before.v;
    events = before.events;
}

/* --- tests ---------------------------------------------------------------- */

static char said[8192];
static void hear(const char *line)
{
    strncat(said, line, sizeof(said) - strlen(said) - 1);
}

/* A line about that frame, if it is about one. */
static bool is_named(const struct plant *p, unsigned long mfn)
{
    char about[32];

    snprintf(about, sizeof(about), "mfn %lx ", mfn);
    for (const char *at = said; (at = strstr(at, "audit: ")); at++) {
        const char *says = strstr(at, p->says), *end = strchr(at, '\n');
        const char *frame = p->frame ? strstr(at, about) : at;

        if (says && says < end && frame && frame < end)
            return true;
    }
    return false;
}

static void each_disagreement_is_named(void **state)
{
    assert_int_equal(audit_frames(true), 0); /* the heap as it leaves it */
    remember();
    for (unsigned int i = 0; i < ARRAY_SIZE(plants); i++) {
        const struct plant *p = &plants[i];
        unsigned long errors, mfn;

        mfn = p->frame ? mfn_x(page_to_mfn(*p->frame)) : 0;
        said[0] = 0;
        p->plant();
        world_at_print = hear;
        errors = audit_frames(true);
        world_at_print = NULL;
        restore();
        if (!errors || !is_named(p, mfn))
            fail_msg("plant %u, to be called \"%s\": %lu errors: %s", i,
                     p->says, errors, said);
        assert_int_equal(audit_frames(true), 0);
        restore();
    }
    print_message("# %u kinds of disagreement\n",
                  (unsigned int)ARRAY_SIZE(plants));
}

static void nothing_is_printed_of_a_quiet_audit(void **state)
{
    said[0] = 0;
    general_more();
    world_at_print = hear;
    assert_int_equal(audit_frames(false), 1);
    world_at_print = NULL;
    restore();
    assert_null(strstr(said, "mfn"));
    assert_non_null(strstr(said, "1 errors"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_disagreement_is_named),
        cmocka_unit_test(nothing_is_printed_of_a_quiet_audit),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
