/* SPDX-License-Identifier: MIT */
/*
 * Any two operations on one grant at once, of the granter, of the mapper and of
 * the toolstack that destroys one of them, in every order of their steps
 * (interleave.h).
 *
 *   interleave_grants [WORD]     pairs of which a name, or the state, has it
 *
 * After each schedule: pins are what handles say, and the references on the
 * frame and on the granter what pins and handles say; the shared entry is in
 * use if there are pins. The granter that finds its entry unused can use the
 * frame as it likes: no CPU can reach it any more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "interleave_pairs.h"
#include <hv/console.h>
#include "../../xen-lite/common/grant_table/grant_table.h"

#define GRANTER 1
#define MAPPER  2
#define REF     8
#define HANDLE  0 /* the first one */

/* They stay when their domains are gone. */
static struct domain *granter, *mapper;
static struct grant_table *granters, *mappers;

static grant_entry_t *entry(void)
{
    return shared_entry(granters, REF);
}

static struct page_info *granted(void)
{
    return spare.level[1];
}

/* What a guest has done wrong is told to nobody. */
void gprintk(struct domain *d, const char *fmt, ...)
{
}

bool dump_goes_on(void)
{
    return false;
}

/* --- the granter ---------------------------------------------------------- */

static void grant_as(uint16_t flags)
{
    will_write(entry(), sizeof(*entry()));
    *entry() = (grant_entry_t){
        .flags = flags, .domid = MAPPER, .frame = frame_number(granted())};
}

static void grant(void)
{
    grant_as(GTF_permit_access);
}

static void grant_read_only(void)
{
    grant_as(GTF_permit_access | GTF_readonly);
}

static bool end_access(void)
{
    will_write(&entry()->flags, sizeof(entry()->flags));
    if (entry()->flags & (GTF_reading | GTF_writing))
        return false;
    entry()->flags = 0;
    return true;
}

static void revoke(void)
{
    unsigned int cpus;

    if (!end_access())
        return;
    cpus = model_reaches(granted());
    /* What a paused vcpu could reach does no harm. */
    if (cpus && !mapper->is_dying)
        interleave_fail("the entry is not in use, and CPUs %x reach the frame",
                        cpus);
}

static void revoke_and_pin(void)
{
    if (end_access() && mmuext(MMUEXT_PIN_L1_TABLE, granted(), DOMID_SELF) &&
        (granted()->type & PGT_type_mask) == PGT_writable && !mapper->is_dying)
        interleave_fail("the entry is not in use, and the frame is writable");
}

static void pin(void)
{
    mmuext(MMUEXT_PIN_L1_TABLE, granted(), DOMID_SELF);
}

/* --- the mapper ----------------------------------------------------------- */

static uint64_t place(void)
{
    return (frame_number(root_tree[MAPPER].level[1]) << PAGE_SHIFT) +
           FREE_SLOT * sizeof(pte_t);
}

static void all(long (*fn)(uint64_t, uint32_t, uint32_t *), void *op)
{
    uint32_t done = 0;

    while (fn((uint64_t)op, 1, &done) == -ERESTART)
        interleave_yield();
}

static void map_as(uint32_t flags)
{
    struct gnttab_map_grant_ref op = {.host_addr = place(),
                                      .flags = GNTMAP_host_map |
                                               GNTMAP_contains_pte | flags,
                                      .ref = REF,
                                      .dom = GRANTER};

    all(gnttab_map, &op);
}

static void map(void)
{
    map_as(0);
}

static void map_read_only(void)
{
    map_as(GNTMAP_readonly);
}

static void unmap(void)
{
    struct gnttab_unmap_grant_ref op = {.host_addr = place(), .handle = HANDLE};

    all(gnttab_unmap, &op);
}

/* For a device, beside the mapping: the other half of one handle. */
static void map_both(void)
{
    map_as(GNTMAP_device_map);
}

static void unmap_device(void)
{
    struct gnttab_unmap_grant_ref op = {.dev_bus_addr = frame_number(granted())
                                                        << PAGE_SHIFT,
                                        .handle = HANDLE};

    all(gnttab_unmap, &op);
}

static void map_and_unmap(void)
{
    map();
    unmap();
}

/* Without telling the grant table. */
static void overwrite(void)
{
    update(root_tree[MAPPER].level[1], FREE_SLOT, 0, DOMID_SELF);
}

static void copy(bool to)
{
    struct gnttab_copy op = {
        .flags = to ? GNTCOPY_dest_gref : GNTCOPY_source_gref, .len = 64};

    op.source.domid = to ? DOMID_SELF : GRANTER;
    op.dest.domid = to ? GRANTER : DOMID_SELF;
    (to ? &op.dest : &op.source)->u.ref = REF;
    (to ? &op.source : &op.dest)->u.gmfn =
        frame_number(root_tree[MAPPER].level[0]);
    all(gnttab_copy, &op);
}

static void copy_to(void)
{
    copy(true);
}

static void copy_from(void)
{
    copy(false);
}

/* --- the toolstack -------------------------------------------------------- */

static void destroy(domid_t id)
{
    struct domain *d = world_domain[id];

    will_write(&d->is_dying, sizeof(d->is_dying));
    d->is_dying = DOMDYING_dying;
    while (gnttab_release_mappings(d))
        interleave_yield();
    world_kill_domain(id);
}

static void destroy_granter(void)
{
    destroy(GRANTER);
}

static void destroy_mapper(void)
{
    destroy(MAPPER);
}

static const struct transition transitions[] = {
    {"revoke", revoke, GRANTER, 0},
    {"revoke_and_pin", revoke_and_pin, GRANTER, 0},
    {"pin", pin, GRANTER, 0},
    {"map", map, MAPPER, 0},
    {"map_read_only", map_read_only, MAPPER, 0},
    {"unmap", unmap, MAPPER, 0},
    {"unmap_device", unmap_device, MAPPER, 0},
    {"map_and_unmap", map_and_unmap, MAPPER, 0},
    {"overwrite", overwrite, MAPPER, 0},
    {"copy_to", copy_to, MAPPER, 0},
    {"copy_from", copy_from, MAPPER, 0},
    {"destroy_granter", destroy_granter, 0, GRANTER},
    {"destroy_mapper", destroy_mapper, 0, MAPPER},
};

/* --- states --------------------------------------------------------------- */

static void as_mapper(void (*fn)(void))
{
    struct vcpu *v = current;

    world_run(0, world_domain[MAPPER]->vcpu[0]);
    fn();
    world_run(0, v);
}

static void mapped(void)
{
    grant();
    as_mapper(map);
    assert_true(pinned_rw(active_entry(granters, REF)));
}

static void mapped_read_only(void)
{
    grant_read_only();
    as_mapper(map_read_only);
    assert_true(pinned(active_entry(granters, REF)));
}

static void mapped_for_both(void)
{
    grant();
    as_mapper(map_both);
    assert_true(active_entry(granters, REF)->pins[PIN_DEV_RW]);
}

static const struct state states[] = {
    {"mapped_for_both", mapped_for_both, false},   {"granted", grant, false},
    {"granted_read_only", grant_read_only, false}, {"mapped", mapped, false},
    {"mapped_read_only", mapped_read_only, false},
};

/* --- what must be true ---------------------------------------------------- */

static void holders(void)
{
    const struct active_grant *act = active_entry(granters, REF);

    for (enum pin p = 0; p < NR_PINS; p++)
        world_expect(act->mfn, act->pins[p],
                     p == PIN_HOST_RW || p == PIN_DEV_RW ? act->pins[p] : 0);
}

static bool says(bool good, const char *what)
{
    if (!good)
        print_message("# %s\n", what);
    return good;
}

static bool right(void)
{
    const struct active_grant *act = active_entry(granters, REF);
    unsigned int pins[NR_PINS] = {0}, refs;
    bool good = true;

    refs = (granter->is_dying ? 0 : 1) + !!granter->owned_frames;

    for (uint32_t h = 0; h < MAPTRACK_PER_FRAME; h++) {
        const struct maptrack *mt = maptrack_entry(mappers, h);

        bool ro;

        if (!mt || !(mt->flags & (GNTMAP_host_map | GNTMAP_device_map)))
            continue;
        ro = mt->flags & GNTMAP_readonly;
        refs++;
        if (mt->flags & GNTMAP_host_map)
            pins[ro ? PIN_HOST_RO : PIN_HOST_RW]++;
        if (mt->flags & GNTMAP_device_map)
            pins[ro ? PIN_DEV_RO : PIN_DEV_RW]++;
    }
    for (enum pin p = 0; p < NR_PINS; p++)
        good &= act->pins[p] == pins[p];
    return says(good, "the pins are not those of the handles") &&
           says(!pinned(act) == !(entry()->flags & GTF_reading) &&
                    !pinned_rw(act) == !(entry()->flags & GTF_writing),
                "the entry's marks are not those of the pins") &&
           says(granter->refcnt == refs,
                "the references on the granter are not those of the handles") &&
           world_verify() == 0;
}

static const struct pairs pairs = {
    .states = states,
    .nr_states = ARRAY_SIZE(states),
    .transitions = transitions,
    .nr_transitions = ARRAY_SIZE(transitions),
    .right = right,
    .third = MAPPER,
};

static void no_order_of_two_operations_breaks_a_grant(void **state)
{
    pairs_begin(WORLD_DOMAINS);
    for (domid_t id = 0; id < WORLD_DOMAINS; id++)
        assert_int_equal(grant_table_init(world_domain[id], 1, 1), 0);
    granter = world_domain[GRANTER];
    granters = granter->grant_table;
    mapper = world_domain[MAPPER];
    mappers = mapper->grant_table;
    world_holders = holders;
    assert_int_equal(pairs_run(&pairs), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_order_of_two_operations_breaks_a_grant),
    };

    return pairs_main(argc, argv, tests, ARRAY_SIZE(tests), NULL);
}
