/* SPDX-License-Identifier: MIT */
/*
 * Page tables on behalf of T: pins of frames that are no tables, of good ones,
 * foreign updates of entries, machine-to-phys updates.
 */
#include "control.h"

static long mmuext(uint64_t domain, uint32_t cmd, uint64_t arg1, uint64_t arg2)
{
    struct mmuext_op *op = (void *)arg;

    memset(op, 0, sizeof(*op));
    op->cmd = cmd;
    op->arg1.mfn = arg1;
    op->arg2.nr_ents = arg2;
    return hypercall(__HYPERVISOR_mmuext_op, (uint64_t)op, 1, 0, domain, 0);
}

static void extended(uint64_t frame)
{
    static const domid_t domains[] = {GONE,      DOMID_IO,      DOMID_XEN,
                                      DOMID_COW, DOMID_INVALID, DOMID_IDLE};

    for (v = 0; v < 25; v++) {
        if (v >= MMUEXT_NEW_BASEPTR && v <= MMUEXT_INVLPG_ALL)
            continue; /* dom0's own: roots, flushes */
        if (v == MMUEXT_SET_LDT || v == MMUEXT_NEW_USER_BASEPTR)
            continue;
        for (unsigned int i = 0; i < ARRAY_SIZE(domains); i++)
            report("mmu", mmuext(domains[i], v, 1ULL << 40, 0),
                   "mmuext_op for %s", domain_name(domains[i]));
        for (w = 0; w < 3; w++)
            report("mmu",
                   mmuext(T, v,
                          w == 0   ? 1ULL << 40
                          : w == 1 ? frame
                                   : ~0ULL,
                          0),
                   "mmuext_op for T");
    }
    v = w = 0;
    RAW("mmu", mmuext_op, arg, 0, 0, T, 0);
    RAW("mmu", mmuext_op, NOWHERE, 1, 0, T, 0);
    RAW("mmu", mmuext_op, NOWHERE, 1, NOWHERE, T, 0);
    RAW("mmu", mmuext_op, XENS_OWN, 1, 0, T, 0);
}

static uint64_t populate(uint64_t pfn)
{
    struct xen_memory_reservation *r = (void *)arg;

    memset(r, 0, sizeof(*r));
    *(uint64_t *)buffer = pfn;
    H(r->extent_start, buffer);
    r->nr_extents = 1;
    r->domid = T;
    hypercall(__HYPERVISOR_memory_op, XENMEM_populate_physmap, (uint64_t)r, 0,
              0, 0);
    return *(uint64_t *)buffer;
}

static long update(uint64_t domain, uint64_t ptr, uint64_t val)
{
    struct mmu_update *u = (void *)arg;

    u->ptr = ptr;
    u->val = val;
    return hypercall(__HYPERVISOR_mmu_update, (uint64_t)u, 1, 0, domain, 0);
}

static void tables(uint64_t l4, uint64_t l3, uint64_t l2, uint64_t l1,
                   uint64_t data)
{
    static const char *const kind[] = {"L1", "L2", "L3", "L4"};

    uint64_t frame[] = {l1, l2, l3, l4};

    for (unsigned int i = 0; i < 4; i++) {
        report("mmu", mmuext(T, MMUEXT_CLEAR_PAGE, frame[i], 0),
               "clear a page of T");
        report("mmu", mmuext(T, i, frame[i], 0), "pin an empty %s", kind[i]);
        report("mmu", mmuext(T, i, frame[i], 0), "pin it twice");
        report("mmu", mmuext(T, (i + 1) % 4, frame[i], 0), "pin as another");
        report("mmu", mmuext(T, MMUEXT_CLEAR_PAGE, frame[i], 0),
               "clear a table");
        *(uint64_t *)buffer = frame[i];
        DOMCTL(T, getpageframeinfo3, U.getpageframeinfo3.num = 1;
               H(U.getpageframeinfo3.array, buffer));
        field("info", *(uint64_t *)buffer);
    }
    report("mmu", update(T, l4 << 12, l3 << 12 | 7), "L4 entry");
    report("mmu", update(T, l3 << 12, l2 << 12 | 7), "L3 entry");
    report("mmu", update(T, l2 << 12, l1 << 12 | 7), "L2 entry");
    report("mmu", update(T, l1 << 12, data << 12 | 7), "L1 entry");
    FOR(v, 256, 257, 271, 511)
    report("mmu", update(T, l4 << 12 | v * 8, l3 << 12 | 7),
           "L4 entry of the hypervisor or beyond");
    FOR(v, 1ULL << 63, 1ULL << 7, 1ULL << 52, 1ULL << 51, 0x100, 0x18, 0xe00)
    report("mmu", update(T, l1 << 12 | 8, data << 12 | 7 | v),
           "L1 entry with odd bits");
    FOR(v, 1, 2, 3, 4, 5, 6, 7)
    report("mmu", update(T, l1 << 12 | v, data << 12 | 7),
           "kind or misaligned");
    report("mmu", update(T, l1 << 12 | 16, l1 << 12 | 7),
           "a table mapped writable");
    report("mmu", update(T, l1 << 12 | 16, l1 << 12 | 5),
           "a table mapped read-only");
    report("mmu", update(T, l1 << 12 | 24, (1ULL << 40 | 7)), "no frame");
    report("mmu", update(T, l1 << 12 | 24, 0xfee00007), "the local APIC");
    report("mmu", update(T, l1 << 12 | 24, 0xa0007), "video memory");
    report("mmu", update(T, l2 << 12 | 8, data << 12 | 7),
           "data as a table below L2");
    report("mmu", update(T, l2 << 12 | 8, l2 << 12 | 7), "a table of itself");
    report("mmu", update(T, l2 << 12 | 8, l1 << 12 | 0x87), "a large page");
    report("mmu", update(T, data << 12, 0), "an entry of a data page");
    report("mmu", update(GONE, l1 << 12, 0), "nobody's");
    FOR(v, DOMID_IO, DOMID_XEN, DOMID_INVALID, DOMID_COW)
    report("mmu", update(v, l1 << 12, 0), "odd domain");
    /* T's tables in dom0's name. */
    report("mmu", update(DOMID_SELF, l1 << 12, 0), "T's table as dom0's");
    report("mmu", update((uint64_t)(T + 1) << 16, l1 << 12, 0),
           "page table owner T");
    report("mmu", update(T, data << 12 | MMU_MACHPHYS_UPDATE, 77),
           "machine-to-phys");
    report("mmu",
           update(T, (l1 + (1ULL << 30)) << 12 | MMU_MACHPHYS_UPDATE, 77),
           "machine-to-phys of no frame");
    RAW("mmu", mmu_update, arg, 0, 0, T, 0);
    RAW("mmu", mmu_update, NOWHERE, 1, 0, T, 0);
    RAW("mmu", mmu_update, NOWHERE, 1, NOWHERE, T, 0);
    for (unsigned int i = 0; i < 4; i++) {
        report("mmu", mmuext(T, MMUEXT_UNPIN_TABLE, frame[i], 0), "unpin");
        report("mmu", mmuext(T, MMUEXT_UNPIN_TABLE, frame[i], 0),
               "unpin it twice");
    }
    RAW("mmu", update_va_mapping_otherdomain, 0, 0, 0, T, 0);
    RAW("mmu", update_va_mapping_otherdomain, 0, 0, 3, GONE, 0);
    RAW("mmu", update_va_mapping_otherdomain, NOWHERE, 1, 0, GONE, 0);
}

void try_mmu(void)
{
    uint64_t frame[5];

    DOMCTL(T, max_mem, U.max_mem.max_memkb = 1024);
    DOMCTL(T, max_vcpus, U.max_vcpus.max = 2);
    for (unsigned int i = 0; i < 5; i++)
        frame[i] = populate(16 + i);
    extended(1ULL << 41);
    tables(frame[0], frame[1], frame[2], frame[3], frame[4]);
}
