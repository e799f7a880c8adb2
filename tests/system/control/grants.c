/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op in dom0's name, with T as the other side: its table is empty,
 * so every access must be refused for the right reason.
 */
#include "control.h"

#define GN(sub, type, ...)                                                     \
    ({                                                                         \
        type *a = (type *)arg;                                                 \
        long rc_;                                                              \
                                                                               \
        memset(a, 0, sizeof(*a));                                              \
        __VA_ARGS__;                                                           \
        rc_ =                                                                  \
            hypercall(__HYPERVISOR_grant_table_op, sub, (uint64_t)a, 1, 0, 0); \
        if (!rc_)                                                              \
            field("status", (uint16_t)a->status);                              \
        report("grant_table_op", rc_, "%s(%s)", #sub, #__VA_ARGS__);           \
        rc_;                                                                   \
    })

static void numbers(void)
{
    for (v = 0; v < 16; v++) {
        RAW("grant_table_op", grant_table_op, v, arg, 0, 0, 0);
        RAW("grant_table_op", grant_table_op, v, NOWHERE, 1, 0, 0);
        RAW("grant_table_op", grant_table_op, v, XENS_OWN, 1, 0, 0);
        RAW("grant_table_op", grant_table_op, v, arg, 0x80000000, 0, 0);
        if (v != GNTTABOP_set_version && v != GNTTABOP_setup_table &&
            v != GNTTABOP_get_version)
            RAW("grant_table_op", grant_table_op, v, NOWHERE, ~0u, 0, 0);
    }
    v = 0;
}

static void others_table(void)
{
    for (unsigned int i = 0; i < nr_odd_domains + 1; i++) {
        v = i < nr_odd_domains ? odd_domain[i] : T;
        if (v != DOMID_SELF) {
            GN(GNTTABOP_setup_table, struct gnttab_setup_table, a->dom = v;
               a->nr_frames = 1; H(a->frame_list, buffer));
            GN(GNTTABOP_query_size, struct gnttab_query_size, a->dom = v);
            GN(GNTTABOP_get_status_frames, struct gnttab_get_status_frames,
               a->dom = v;
               a->nr_frames = 1; H(a->frame_list, buffer));
        }
        memset(arg, 0, 64);
        ((struct gnttab_get_version *)arg)->dom = v;
        RAW("grant_table_op", grant_table_op, GNTTABOP_get_version, arg, 1, 0,
            0);
        field("version", ((struct gnttab_get_version *)arg)->version);
        GN(GNTTABOP_transfer, struct gnttab_transfer, a->domid = v;
           a->mfn = 1ULL << 40);
        GN(GNTTABOP_map_grant_ref, struct gnttab_map_grant_ref, a->dom = v;
           a->flags = 2);
        GN(GNTTABOP_copy, struct gnttab_copy, a->source.domid = v; a->flags = 1;
           a->dest.domid = DOMID_SELF; a->len = 8);
    }
    v = 0;
    FOR(v, 0, 1, 7, 8, 9, 64, 65, 4096, ~0u)
    {
        GN(GNTTABOP_setup_table, struct gnttab_setup_table, a->dom = T;
           a->nr_frames = v; H(a->frame_list, buffer));
        GN(GNTTABOP_setup_table, struct gnttab_setup_table, a->dom = T;
           a->nr_frames = v; H(a->frame_list, NOWHERE));
    }
    GN(GNTTABOP_query_size, struct gnttab_query_size, a->dom = T);
    field("frames", ((struct gnttab_query_size *)arg)->nr_frames);
    field("max", ((struct gnttab_query_size *)arg)->max_nr_frames);
    GN(GNTTABOP_query_size, struct gnttab_query_size, a->dom = T);
}

static void access(void)
{
    FOR(v, 0, 1, 7, 511, 512, 4095, 4096, ~0u)
    {
        FOR(w, 0, 1, 2, 3, 4, 6, 0x10, 0x12, 0x1a, 0x100, ~0u)
        GN(GNTTABOP_map_grant_ref, struct gnttab_map_grant_ref, a->dom = T;
           a->ref = v; a->flags = w; a->host_addr = 1ULL << 46);
        GN(GNTTABOP_copy, struct gnttab_copy, a->source.u.ref = v;
           a->source.domid = T; a->flags = 1; a->dest.domid = DOMID_SELF;
           a->len = 8);
        GN(GNTTABOP_copy, struct gnttab_copy, a->dest.u.ref = v;
           a->dest.domid = T; a->flags = 2; a->source.domid = DOMID_SELF;
           a->len = 8);
    }
    FOR(v, 0, 1, 4095, 4096, 4097, 0xffff)
    FOR(w, 0, 1, 4095, 4096, 0xffff)
    GN(GNTTABOP_copy, struct gnttab_copy, a->source.domid = DOMID_SELF;
       a->source.u.gmfn = 1ULL << 40; a->source.offset = v;
       a->dest.domid = DOMID_SELF; a->dest.u.gmfn = 1ULL << 40; a->len = w);
    FOR(v, 0, 1, 2, 3, 4, 0xffff)
    GN(GNTTABOP_copy, struct gnttab_copy, a->source.domid = T;
       a->dest.domid = GONE; a->flags = v; a->len = 8);
    FOR(v, 0, 0x7fffffff, ~0u)
    {
        GN(GNTTABOP_unmap_grant_ref, struct gnttab_unmap_grant_ref,
           a->handle = v | 0x40000000;
           a->host_addr = w);
        GN(GNTTABOP_unmap_and_replace, struct gnttab_unmap_and_replace,
           a->handle = v | 0x40000000);
    }
    FOR(v, 0, 1, 3, ~0u)
    {
        memset(arg, 0, 64);
        ((struct gnttab_set_version *)arg)->version = v;
        if (v != 1)
            RAW("grant_table_op", grant_table_op, GNTTABOP_set_version, arg, 1,
                0, 0);
    }
    FOR(v, 0, 1, 4, 0x10, 0x8000, ~0u)
    FOR(w, 0, 1, ~0u)
    {
        struct gnttab_cache_flush *c = (void *)arg;

        memset(c, 0, sizeof(*c));
        c->a.dev_bus_addr = 1ULL << 50;
        c->op = v;
        c->offset = c->length = w;
        RAW("grant_table_op", grant_table_op, GNTTABOP_cache_flush, arg, 1, 0,
            0);
    }
    FOR(v, 0, 1, ~0u)
    FOR(w, 0, 1, ~0u)
    {
        struct gnttab_swap_grant_ref *s = (void *)arg;

        memset(s, 0, sizeof(*s));
        s->ref_a = 0x7fff0000 | v;
        s->ref_b = 0x7fff0000 | w;
        RAW("grant_table_op", grant_table_op, GNTTABOP_swap_grant_ref, arg, 1,
            0, 0);
        field("status", (uint16_t)s->status);
    }
}

void try_grants(void)
{
    numbers();
    others_table();
    access();
}
