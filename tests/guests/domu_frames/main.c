/* SPDX-License-Identifier: MIT */
/*
 * Which frames a domU can map: its own, with ordinary caching, and nothing else
 * that the machine has. run: ramdisk=1
 */
#include <pv/domu.h>

#define RW (PTE_P | PTE_W | PTE_U)
#define RO (PTE_P | PTE_U)

static uint64_t page_of(const struct domu *u)
{
    return u->p2m[1]; /* a page that nothing uses */
}

/* --- in the domU ---------------------------------------------------------- */

static void *somewhere;

static long map(uint64_t entry, uint64_t unused)
{
    if (!somewhere)
        somewhere = alloc_page();
    return map_va(somewhere, entry, UVMF_INVLPG);
}

static long map_of(uint64_t entry, uint64_t dom)
{
    map(PTE_U, 0);
    return HC4(update_va_mapping_otherdomain, somewhere, entry, UVMF_INVLPG,
               dom);
}

static long update_of(uint64_t entry, uint64_t dom)
{
    struct mmu_update r;
    unsigned int done;

    map(PTE_U, 0);
    r = (struct mmu_update){pte_maddr(somewhere), entry};
    return HC4(mmu_update, &r, 1, &done, dom);
}

#define GRANT_FRAMES 4
static xen_pfn_t grant_frames[GRANT_FRAMES];

static void list_grant_frames(void)
{
    struct gnttab_setup_table s = {.dom = DOMID_SELF,
                                   .nr_frames = GRANT_FRAMES};

    set_xen_guest_handle(s.frame_list, grant_frames);
    HC3(grant_table_op, GNTTABOP_setup_table, &s, 1);
}

static bool is_own(uint64_t mfn)
{
    if (mfn == start_info->shared_info / PAGE_SIZE)
        return true;
    for (unsigned int i = 0; i < GRANT_FRAMES; i++)
        if (grant_frames[i] == mfn)
            return true;
    for (uint64_t pfn = 0; pfn < start_info->nr_pages; pfn++)
        if (p2m[pfn] == mfn)
            return true;
    return false;
}

/* How many frames from 'first' up to 'end' can be mapped that are not its own:
 * those of its list, shared_info, and the grant table. */
static long sweep(uint64_t first, uint64_t end)
{
    long strange = 0;

    list_grant_frames();
    for (uint64_t mfn = first; mfn < end; mfn++)
        if (!map(mfn * PAGE_SIZE | RO, 0) && !is_own(mfn)) {
            strange++;
            printf("frame %lx can be mapped\n", mfn);
        }
    return strange;
}

static long cached_as(uint64_t pfn, uint64_t flags)
{
    return map(p2m[pfn] * PAGE_SIZE | RW | flags, 0);
}

static long pin(uint64_t mfn, uint64_t cmd)
{
    return mmuext(cmd, mfn, 0);
}

static long copy_page(uint64_t to, uint64_t from)
{
    return mmuext(MMUEXT_COPY_PAGE, to ? to : p2m[1], from ? from : p2m[1]);
}

static long clear_page(uint64_t mfn, uint64_t unused)
{
    return mmuext(MMUEXT_CLEAR_PAGE, mfn, 0);
}

static long last_frame(uint64_t a, uint64_t b)
{
    return HC2(memory_op, XENMEM_maximum_ram_page, 0);
}

static long m2p_update(uint64_t mfn, uint64_t value)
{
    struct mmu_update r = {mfn * PAGE_SIZE | MMU_MACHPHYS_UPDATE, value};
    unsigned int done;

    return HC4(mmu_update, &r, 1, &done, DOMID_SELF);
}

static long map_m2p_writable(uint64_t a, uint64_t b)
{
    const uint64_t *m2p = (const uint64_t *)0xffff800000000000UL;

    return write_faults((void *)(m2p + p2m[1]), 0);
}

/* --- in dom0 -------------------------------------------------------------- */

static void caching(struct domu *u)
{
    is(domu_call(u, cached_as, 1, 0), 0, "a domU can map its own page");
    is(domu_call(u, cached_as, 1, PTE_PCD), -EINVAL,
       "a domU without devices cannot map its page uncached");
    is(domu_call(u, cached_as, 1, PTE_PCD | PTE_PWT), -EINVAL,
       "nor strongly uncached");
    is(domu_call(u, cached_as, 1, PTE_PWT), -EINVAL, "nor write-through");
}

static void devices(struct domu *u)
{
    is(domu_call(u, map, 0xb8000 | RO, 0), -EPERM,
       "a domU cannot map the screen");
    is(domu_call(u, map, 0xfec00000 | RO, 0), -EPERM,
       "a domU cannot map the IO-APIC");
    is(domu_call(u, map, 0xfee00000 | RO, 0), -EPERM,
       "a domU cannot map the local APIC");
    is(domu_call(u, map, 0xfed00000 | RW, 0), -EPERM,
       "a domU cannot map the HPET");
    is(domu_call(u, map, 0xfef00000 | RW, 0), -EPERM,
       "a domU cannot map device memory that nothing uses");
    is(domu_call(u, map, 0x8000000000 | RO, 0), -EPERM,
       "a domU cannot map what lies behind all memory");
    is(domu_call(u, map_of, 0xb8000 | RO, DOMID_IO), -EPERM,
       "a domU may not name the owner of devices in an update");
    is(domu_call(u, update_of, 0xb8000 | RO, DOMID_IO), -EPERM,
       "nor in mmu_update");
    is(domu_call(u, map_of, 0x100000 | RO, DOMID_XEN), -EPERM,
       "a domU may not name the hypervisor in an update");
}

static void others(struct domu *u, const struct domu *peer)
{
    uint64_t mine = virt_to_mfn(alloc_page());

    is(domu_call(u, map, mine * PAGE_SIZE | RO, 0), -EBUSY,
       "a domU cannot map a page of dom0");
    is(domu_call(u, map, page_of(peer) * PAGE_SIZE | RO, 0), -EBUSY,
       "a domU cannot map a page of another domU");
    is(domu_call(u, map_of, mine * PAGE_SIZE | RO, 0), -EPERM,
       "a domU may not name dom0 in an update");
    is(domu_call(u, update_of, page_of(peer) * PAGE_SIZE | RO, peer->id),
       -EPERM, "a domU may not name another domU in mmu_update");
    is(domu_call(u, update_of, 0, (peer->id + 1) << 16 | DOMID_SELF), -EPERM,
       "a domU may not write another domain's tables");
    ok(domu_call(u, pin, page_of(peer), MMUEXT_PIN_L1_TABLE) < 0,
       "a domU cannot pin another's page");
    ok(domu_call(u, pin, peer->p2m[peer->pt_pfn], MMUEXT_NEW_BASEPTR) < 0,
       "a domU cannot load another's tables");
    ok(domu_call(u, pin, peer->p2m[peer->pt_pfn], MMUEXT_UNPIN_TABLE) < 0,
       "a domU cannot unpin another's table");
    ok(domu_call(u, copy_page, 0, page_of(peer)) < 0,
       "a domU cannot copy from another's page");
    ok(domu_call(u, copy_page, page_of(peer), 0) < 0,
       "a domU cannot copy into another's page");
    ok(domu_call(u, clear_page, page_of(peer), 0) < 0,
       "a domU cannot clear another's page");
    ok(domu_call(u, m2p_update, page_of(peer), 5) < 0,
       "a domU cannot change machine-to-phys of another's page");
    is(domu_call(u, m2p_update, page_of(u), 1), 0,
       "but of its own it can, by hypercall");
    is(domu_call(u, map_m2p_writable, 0, 0), 1, "and not by a store");
}

int main(void)
{
    struct domu *u = domu_start(1), *peer = domu_start(1);
    long last = domu_call(u, last_frame, 0, 0);

    ok(u->id && peer->id && u->id != peer->id, "two domUs have ids");
    caching(u);
    devices(u);
    others(u, peer);
    is(domu_call(u, sweep, 0, last + 16), 0,
       "of all frames of the machine a domU can map none but its own");
    domu_destroy(peer);
    domu_destroy(u);
    return 0;
}
