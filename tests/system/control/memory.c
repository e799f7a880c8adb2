/* SPDX-License-Identifier: MIT */
/*
 * memory_op on behalf of T: reservations with every order, flag and count that
 * may be wrong, claims, exchange, maps, physmap forms, resources, and the
 * optional families.
 */
#include "control.h"

#define MEM(sub, type, ...)                                                    \
    CALL("memory_op", memory_op, sub, #sub, type, #__VA_ARGS__, __VA_ARGS__)
#define RESERVE(sub, ...)                                                      \
    CALL("memory_op", memory_op, sub, #sub, struct xen_memory_reservation,     \
         "T; " #__VA_ARGS__, a->domid = T;                                     \
         __VA_ARGS__)
static uint64_t *list(void)
{
    return (uint64_t *)buffer;
}

static void numbers(void)
{
    for (v = 0; v < 40; v++) {
        memset(arg, 0, 256);
        if (v != XENMEM_maximum_ram_page && v != XENMEM_current_reservation &&
            v != XENMEM_maximum_reservation && v != XENMEM_maximum_gpfn &&
            v != XENMEM_machine_memory_map && v != XENMEM_memory_map)
            RAW("memory_op", memory_op, v, arg, 0, 0, 0);
        RAW("memory_op", memory_op, v, NOWHERE, 0, 0, 0);
        RAW("memory_op", memory_op, v, XENS_OWN, 0, 0, 0);
    }
    v = 0;
    RAW("memory_op", memory_op, 1000, arg, 0, 0, 0);
    RAW("memory_op", memory_op, 63, arg, 0, 0, 0);
    for (unsigned int i = 0; i < nr_odd_domains; i++) {
        v = odd_domain[i];
        MEM(XENMEM_populate_physmap, struct xen_memory_reservation,
            a->domid = v);
        MEM(XENMEM_increase_reservation, struct xen_memory_reservation,
            a->domid = v);
        MEM(XENMEM_decrease_reservation, struct xen_memory_reservation,
            a->domid = v);
        if (v != DOMID_SELF) {
            MEM(XENMEM_claim_pages, struct xen_memory_reservation, a->domid = v;
                a->nr_extents = 1);
            MEM(XENMEM_current_reservation, struct xen_memory_domain,
                a->domid = v);
            MEM(XENMEM_maximum_reservation, struct xen_memory_domain,
                a->domid = v);
            MEM(XENMEM_maximum_gpfn, struct xen_memory_domain, a->domid = v);
        }
        MEM(XENMEM_set_memory_map, struct xen_foreign_memory_map,
            a->domid = v == DOMID_SELF ? GONE : v);
        MEM(XENMEM_set_pod_target, struct xen_pod_target, a->domid = v);
        MEM(XENMEM_get_pod_target, struct xen_pod_target, a->domid = v);
        MEM(XENMEM_remove_from_physmap, struct xen_remove_from_physmap,
            a->domid = v;
            a->gpfn = ~0ULL >> 12);
        MEM(XENMEM_add_to_physmap, struct xen_add_to_physmap, a->domid = v;
            a->space = 99);
        MEM(XENMEM_add_to_physmap_batch, struct xen_add_to_physmap_batch,
            a->domid = v);
        MEM(XENMEM_acquire_resource, struct xen_mem_acquire_resource,
            a->domid = v;
            a->type = 1);
        MEM(XENMEM_get_vnumainfo, struct xen_vnuma_topology_info, a->domid = v);
        MEM(XENMEM_access_op, struct xen_mem_access_op, a->domid = v);
        MEM(XENMEM_paging_op, struct xen_mem_paging_op, a->domain = v);
        MEM(XENMEM_sharing_op, struct xen_mem_sharing_op, a->domain = v);
    }
    v = 0;
}

static void reservations(void)
{
    DOMCTL(T, max_mem, U.max_mem.max_memkb = 512);
    for (unsigned int i = 0; i < 4096; i++)
        list()[i] = i;
    FOR(v, 0, 1, 2, 9, 10, 18, 19, 20, 30, 31, 52, 64, ~0u)
    FOR(w, 0, 1, 2, 0x10000, 1ULL << 40, 1ULL << 52, ~0ULL >> 1, ~0ULL)
    {
        RESERVE(XENMEM_populate_physmap, a->extent_order = v; a->nr_extents = w;
                H(a->extent_start, NOWHERE));
        RESERVE(XENMEM_increase_reservation, a->extent_order = v;
                a->nr_extents = w; H(a->extent_start, NOWHERE));
        RESERVE(XENMEM_decrease_reservation, a->extent_order = v;
                a->nr_extents = w; H(a->extent_start, NOWHERE));
    }
    /* Good ones; then too much. */
    FOR(v, 1, 2, 3, 4, 5)
    {
        list()[0] = v * 16;
        list()[1] = v * 16 + 8;
        RESERVE(XENMEM_populate_physmap, a->extent_order = v & 3;
                a->nr_extents = 2; H(a->extent_start, list()));
        field("frames", list()[0] != v * 16 && list()[1] != list()[0]);
    }
    RESERVE(XENMEM_populate_physmap, a->nr_extents = 1000;
            H(a->extent_start, list()));
    RESERVE(XENMEM_populate_physmap, a->nr_extents = 1;
            H(a->extent_start, list()));
    for (unsigned int i = 0; i < 4096; i++)
        list()[i] = ~0ULL >> 12;
    FOR(v, 1, 16)
    RESERVE(XENMEM_decrease_reservation, a->nr_extents = v;
            H(a->extent_start, list()));
    DOMCTL(T, max_mem, U.max_mem.max_memkb = 64 * 1024);
    /* Flags: address bits, node, exactly that node, a virtual node. */
    FOR(v, 0, 1, 12, 13, 32, 40, 63, 64, 0xff, 0x100, 0x200, 0x8000, 0x20000,
        0x40000, 0x80000, 0x20100, 0x8000ff00)
    {
        list()[0] = 7;
        RESERVE(XENMEM_populate_physmap, a->nr_extents = 1; a->mem_flags = v;
                H(a->extent_start, list()));
        RESERVE(XENMEM_increase_reservation, a->nr_extents = 1;
                a->mem_flags = v; H(a->extent_start, list()));
    }
    FOR(v, 0, 1, 100, 1ULL << 40, ~0ULL)
    {
        list()[0] = v;
        RESERVE(XENMEM_populate_physmap, a->nr_extents = 1;
                H(a->extent_start, list()));
    }
    RESERVE(XENMEM_increase_reservation, a->nr_extents = 3);
    RESERVE(XENMEM_populate_physmap, a->nr_extents = 3;
            H(a->extent_start, XENS_OWN));
    MEM(XENMEM_current_reservation, struct xen_memory_domain, a->domid = T);
    MEM(XENMEM_maximum_reservation, struct xen_memory_domain, a->domid = T);
    MEM(XENMEM_maximum_gpfn, struct xen_memory_domain, a->domid = T);
}

static void claims(void)
{
    FOR(v, 0, 1, 100, 1000, 100000, 1ULL << 31, 1ULL << 32, ~0ULL)
    RESERVE(XENMEM_claim_pages, a->nr_extents = v);
    RESERVE(XENMEM_claim_pages, a->nr_extents = 8000);
    RESERVE(XENMEM_claim_pages, a->nr_extents = 9000);
    list()[0] = 0x300;
    RESERVE(XENMEM_populate_physmap, a->nr_extents = 1;
            H(a->extent_start, list()));
    RESERVE(XENMEM_claim_pages, a->nr_extents = 1000000);
    RESERVE(XENMEM_claim_pages, a->nr_extents = 0);
    FOR(v, 1, 9)
    RESERVE(XENMEM_claim_pages, a->extent_order = v; a->nr_extents = 1);
    FOR(v, 1, 0x100)
    RESERVE(XENMEM_claim_pages, a->mem_flags = v; a->nr_extents = 1);
    RESERVE(XENMEM_claim_pages, a->nr_extents = 1; H(a->extent_start, buffer));
    RESERVE(XENMEM_claim_pages, a->nr_extents = 0);
}

#define EXCHANGE(...)                                                          \
    CALL("memory_op", memory_op, XENMEM_exchange, "XENMEM_exchange",           \
         struct xen_memory_exchange, "T; " #__VA_ARGS__,                       \
         a->in.domid = a->out.domid = T;                                       \
         a->in.nr_extents = a->out.nr_extents = 1;                             \
         H(a->in.extent_start, buffer); H(a->out.extent_start, buffer + 64);   \
         __VA_ARGS__)

static void exchange(void)
{
    memset(buffer, 0, 4096);
    list()[0] = 1ULL << 40;
    EXCHANGE();
    FOR(v, 1, 2, ~0ULL)
    EXCHANGE(a->nr_exchanged = v);
    FOR(v, 0, GONE, DOMID_SELF, DOMID_IO)
    EXCHANGE(a->out.domid = v);
    FOR(v, 0, 2, 1ULL << 52, ~0ULL)
    {
        EXCHANGE(a->in.nr_extents = v);
        EXCHANGE(a->out.nr_extents = v);
        EXCHANGE(a->in.nr_extents = a->out.nr_extents = v);
    }
    FOR(v, 1, 9, 10, 18, 20, 64, ~0u)
    {
        EXCHANGE(a->in.extent_order = v);
        EXCHANGE(a->out.extent_order = v);
        EXCHANGE(a->in.extent_order = a->out.extent_order = v);
    }
    EXCHANGE(H(a->in.extent_start, NOWHERE));
    EXCHANGE(H(a->out.extent_start, NOWHERE));
    EXCHANGE(H(a->out.extent_start, buffer));
    list()[0] = ~0ULL >> 12;
    EXCHANGE();
}

static void maps(void)
{
    struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) *e820 = (void *)buffer;

    memset(buffer, 0, 16384);
    e820[0].size = 1 << 20;
    e820[0].type = 1;
    FOR(v, 0, 1, 2, 128, 129, 200, 0x10000, ~0u)
    {
        MEM(XENMEM_set_memory_map, struct xen_foreign_memory_map, a->domid = T;
            a->map.nr_entries = v; H(a->map.buffer, buffer));
        MEM(XENMEM_set_memory_map, struct xen_foreign_memory_map, a->domid = T;
            a->map.nr_entries = v; H(a->map.buffer, NOWHERE));
    }
    MEM(XENMEM_set_memory_map, struct xen_foreign_memory_map, a->domid = T;
        a->map.nr_entries = 0);
    FOR(v, 0, 1, 2, 1000, ~0u)
    {
        MEM(XENMEM_memory_map, struct xen_memory_map, a->nr_entries = v;
            H(a->buffer, NOWHERE));
        MEM(XENMEM_machine_memory_map, struct xen_memory_map, a->nr_entries = v;
            H(a->buffer, NOWHERE));
        MEM(XENMEM_machphys_mfn_list, struct xen_machphys_mfn_list,
            a->max_extents = v;
            H(a->extent_start, buffer));
        field("nr", ((struct xen_machphys_mfn_list *)arg)->nr_extents);
        MEM(XENMEM_machphys_mfn_list, struct xen_machphys_mfn_list,
            a->max_extents = v;
            H(a->extent_start, NOWHERE));
        MEM(XENMEM_machphys_compat_mfn_list, struct xen_machphys_mfn_list,
            a->max_extents = v;
            H(a->extent_start, buffer));
        MEM(XENMEM_reserved_device_memory_map,
            struct xen_reserved_device_memory_map, a->flags = 1;
            a->nr_entries = v; H(a->buffer, buffer));
        MEM(XENMEM_reserved_device_memory_map,
            struct xen_reserved_device_memory_map, a->flags = v;
            a->nr_entries = 100; H(a->buffer, buffer));
        MEM(XENMEM_machphys_mapping, struct xen_machphys_mapping);
        field("start", ((struct xen_machphys_mapping *)arg)->v_start);
    }
}

static void physmap(void)
{
    FOR(v, 0, 1, 2, 3, 4, 5, 6, ~0u)
    FOR(w, 0, 1, 0x80000000, 1ULL << 40, ~0ULL)
    {
        MEM(XENMEM_add_to_physmap, struct xen_add_to_physmap, a->domid = T;
            a->space = v; a->idx = w; a->gpfn = 5);
        MEM(XENMEM_add_to_physmap, struct xen_add_to_physmap, a->domid = T;
            a->space = v; a->idx = w; a->gpfn = 5; a->size = 2);
        list()[0] = w;
        list()[1] = 5;
        MEM(XENMEM_add_to_physmap_batch, struct xen_add_to_physmap_batch,
            a->domid = T;
            a->space = v; a->size = 1; H(a->idxs, list());
            H(a->gpfns, list() + 1); H(a->errs, list() + 2));
        field("err", (uint32_t)list()[2]);
    }
    FOR(v, 1, GONE, DOMID_SELF)
    FOR(w, 0, 4)
    MEM(XENMEM_add_to_physmap_batch, struct xen_add_to_physmap_batch,
        a->domid = T;
        a->space = w; a->u.foreign_domid = v; a->size = 1; H(a->idxs, list());
        H(a->gpfns, list() + 1); H(a->errs, list() + 2));
    MEM(XENMEM_add_to_physmap_batch, struct xen_add_to_physmap_batch,
        a->domid = T;
        a->size = 1; H(a->idxs, NOWHERE); H(a->gpfns, list() + 1);
        H(a->errs, list() + 2));
    FOR(v, 0, 5, 1ULL << 40, ~0ULL)
    MEM(XENMEM_remove_from_physmap, struct xen_remove_from_physmap,
        a->domid = T;
        a->gpfn = v);
}

#define RESOURCE(...)                                                          \
    CALL("memory_op", memory_op, XENMEM_acquire_resource,                      \
         "XENMEM_acquire_resource", struct xen_mem_acquire_resource,           \
         "T; " #__VA_ARGS__, a->domid = T;                                     \
         a->type = 1; a->nr_frames = 1; H(a->frame_list, buffer); __VA_ARGS__)

static void resources(void)
{
    FOR(v, 0, 1, 2, 3, 0xffff)
    FOR(w, 0, 1, 2, ~0u)
    {
        RESOURCE(a->type = v; a->id = w);
        RESOURCE(a->type = v; a->id = w; a->nr_frames = 0;
                 H(a->frame_list, NULL));
        field("nr", ((struct xen_mem_acquire_resource *)arg)->nr_frames);
    }
    FOR(v, 0, 1, 2, 7, 8, 9, 32, 33, 1000, ~0u)
    FOR(w, 0, 1, 7, 8, 1ULL << 32, ~0ULL)
    {
        RESOURCE(a->nr_frames = v; a->frame = w);
        field("frame", list()[0] != 0);
    }
    FOR(v, 1, ~0u)
    RESOURCE(a->pad = v);
    RESOURCE(H(a->frame_list, NOWHERE));
    RESOURCE(H(a->frame_list, NULL));
    RESOURCE(a->nr_frames = 0);
}

static void optional(void)
{
    FOR(v, 0, 1, 2, 3, 4, 5, 8, 9, 10, 255)
    {
        MEM(XENMEM_access_op, struct xen_mem_access_op, a->domid = T;
            a->op = v);
        MEM(XENMEM_paging_op, struct xen_mem_paging_op, a->domain = T;
            a->op = v);
        MEM(XENMEM_sharing_op, struct xen_mem_sharing_op, a->domain = T;
            a->op = v);
    }
    FOR(v, 0, 1, 1000)
    {
        MEM(XENMEM_set_pod_target, struct xen_pod_target, a->domid = T;
            a->target_pages = v);
        MEM(XENMEM_get_pod_target, struct xen_pod_target, a->domid = T);
        MEM(XENMEM_get_vnumainfo, struct xen_vnuma_topology_info, a->domid = T;
            a->nr_vnodes = a->nr_vcpus = a->nr_vmemranges = v;
            H(a->vdistance.h, buffer); H(a->vcpu_to_vnode.h, buffer);
            H(a->vmemrange.h, buffer));
        MEM(XENMEM_get_vnumainfo, struct xen_vnuma_topology_info, a->domid = T;
            a->pad = v);
    }
    RAW("memory_op", memory_op, XENMEM_get_sharing_freed_pages, 0, 0, 0, 0);
    RAW("memory_op", memory_op, XENMEM_get_sharing_shared_pages, 0, 0, 0, 0);
}

static void on_demand(void)
{
    FOR(v, 0x10000, 0x10100, 0x30100, ~0u)
    {
        list()[0] = 7;
        RESERVE(XENMEM_populate_physmap, a->nr_extents = 1; a->mem_flags = v;
                H(a->extent_start, list()));
    }
}

void try_memory(void)
{
    numbers();
    resources();
    reservations();
    claims();
    exchange();
    maps();
    physmap();
    optional();
    on_demand();
}
