/* SPDX-License-Identifier: MIT */
/*
 * Builds a tiny domU: a window of 4 KiB pages from pfn 0 up, as start of day
 * demands (xen.h), filled from the image that is dom0's ramdisk. In it follow
 * each other: the image, the list of frames, start_info, the mailbox, the page
 * tables, the stack; the rest is free.
 */
#include <elf.h>
#include "mailbox.h"

#define PAGES     1024UL
#define P2M_PAGES (PAGES * 8 / PAGE_SIZE)
#define NR_L1     (PAGES / 512)
#define NR_TABLES (3 + NR_L1)
#define RW        (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)
#define RO        (PTE_P | PTE_U | PTE_A)

static void must(long rc, const char *what)
{
    if (!rc)
        return;
    printf("Bail out! building a domU: %s: %ld\n", what, rc);
    shutdown(SHUTDOWN_crash);
}

/* --- pages of others, one at a time --------------------------------------- */
/* Two pages of dom0's whose own mappings are replaced. */
static uint8_t *image_window, *guest_window;

static void *see_image(uint64_t page)
{
    must(map_va(image_window,
                p2m[start_info->mod_start + page] * PAGE_SIZE | RO,
                UVMF_INVLPG),
         "mapping the ramdisk");
    return image_window;
}

/* In place of a page of dom0's own. */
static void *map_at(void *va, const struct domu *u, uint64_t mfn)
{
    must(HC4(update_va_mapping_otherdomain, va, mfn * PAGE_SIZE | RW,
             UVMF_INVLPG, u->id),
         "mapping a frame");
    return va;
}

static void *see_frame(const struct domu *u, uint64_t mfn)
{
    return map_at(guest_window, u, mfn);
}

static void *see(const struct domu *u, uint64_t pfn)
{
    return see_frame(u, u->p2m[pfn]);
}

static uint64_t window_address(uint64_t pfn)
{
    return VIRT_BASE + pfn * PAGE_SIZE;
}

/* --- the domain and its memory -------------------------------------------- */

struct xen_domctl_createdomain domu_config = {
    .max_evtchn_port = 1023,
    .max_grant_frames = 4,
    .max_maptrack_frames = 4,
    .grant_opts = 1,
};

static void create(struct domu *u, unsigned int vcpus)
{
    static struct xen_domctl d;

    memset(&d, 0, sizeof(d));
    d.u.createdomain = domu_config;
    d.u.createdomain.max_vcpus = vcpus;
    must(domu_control(0, XEN_DOMCTL_createdomain, &d), "createdomain");
    u->id = d.domain;
    d.u.max_vcpus.max = vcpus;
    must(domu_control(u->id, XEN_DOMCTL_max_vcpus, &d), "max_vcpus");
    d.u.max_mem.max_memkb = PAGES * 4;
    must(domu_control(u->id, XEN_DOMCTL_max_mem, &d), "max_mem");
    must(domu_control(u->id, XEN_DOMCTL_getdomaininfo, &d), "getdomaininfo");
    u->shared_info_mfn = d.u.getdomaininfo.shared_info_frame;
}

static void populate(struct domu *u)
{
    struct xen_memory_reservation r = {.nr_extents = PAGES, .domid = u->id};

    u->nr_pages = PAGES;
    for (uint64_t pfn = 0; pfn < PAGES; pfn++)
        u->p2m[pfn] = pfn; /* becomes the frame's number */
    set_xen_guest_handle(r.extent_start, u->p2m);
    must(HC2(memory_op, XENMEM_populate_physmap, &r) - (long)PAGES, "memory");
}

/* One loadable segment, its file offset aligned: guest.lds. Returns the entry
 * point; places what follows the image. */
static uint64_t load_image(struct domu *u)
{
    const Elf64_Ehdr *e = see_image(0);
    const Elf64_Phdr *p = (void *)((uint8_t *)e + e->e_phoff);
    uint64_t entry = e->e_entry, pages, file_page, left;

    if (start_info->mod_len < PAGE_SIZE || memcmp(e->e_ident, ELFMAG, SELFMAG))
        must(-ENOENT, "no image; does the test say \"run: ramdisk=1\"?");
    while (p->p_type != PT_LOAD)
        p++;
    u->image_pfn = (p->p_vaddr - VIRT_BASE) / PAGE_SIZE;
    pages = (p->p_memsz + PAGE_SIZE - 1) / PAGE_SIZE;
    file_page = p->p_offset / PAGE_SIZE;
    left = p->p_filesz;
    u->si_pfn = u->image_pfn + pages + P2M_PAGES;
    u->mailbox_pfn = u->si_pfn + 1;
    u->pt_pfn = u->mailbox_pfn + 1;
    if (u->pt_pfn + NR_TABLES + 129 > PAGES)
        must(-ENOSPC, "the image");
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t n = left < PAGE_SIZE ? left : PAGE_SIZE;
        uint8_t *to = see(u, u->image_pfn + i);

        if (n)
            memcpy(to, see_image(file_page + i), n);
        memset(to + n, 0, PAGE_SIZE - n);
        left -= n;
    }
    return entry;
}

/* --- what it finds when it starts ----------------------------------------- */

static uint64_t entry_for(const struct domu *u, uint64_t pfn)
{
    bool table = pfn >= u->pt_pfn && pfn < u->pt_pfn + NR_TABLES;

    return u->p2m[pfn] * PAGE_SIZE | (table ? RO : RW);
}

/* In the order L4, L3, L2, L1... Written as data, validated by the pin. */
static void make_tables(struct domu *u)
{
    for (unsigned int i = 0; i < NR_TABLES; i++) {
        uint64_t *t = see(u, u->pt_pfn + i);

        memset(t, 0, PAGE_SIZE);
        if (i == 0)
            t[511] = u->p2m[u->pt_pfn + 1] * PAGE_SIZE | RW;
        else if (i == 1)
            t[510] = u->p2m[u->pt_pfn + 2] * PAGE_SIZE | RW;
        else
            for (unsigned int n = 0; n < (i == 2 ? NR_L1 : 512); n++)
                t[n] = i == 2 ? u->p2m[u->pt_pfn + 3 + n] * PAGE_SIZE | RW
                              : entry_for(u, (i - 3) * 512 + n);
    }
}

static void pin_root(const struct domu *u)
{
    struct mmuext_op op = {.cmd = MMUEXT_PIN_L4_TABLE};
    unsigned int done;

    op.arg1.mfn = u->p2m[u->pt_pfn];
    must(HC4(mmuext_op, &op, 1, &done, u->id), "pinning the L4");
}

static void make_start_info(const struct domu *u)
{
    struct start_info *si = see(u, u->si_pfn);

    memset(si, 0, PAGE_SIZE);
    memcpy(si->magic, "xen-3.0-x86_64", 15);
    memcpy(si->cmd_line, SERVES, sizeof(SERVES));
    si->nr_pages = PAGES;
    si->shared_info = u->shared_info_mfn * PAGE_SIZE;
    si->store_mfn = u->p2m[u->mailbox_pfn];
    si->pt_base = window_address(u->pt_pfn);
    si->nr_pt_frames = NR_TABLES;
    si->mfn_list = window_address(u->si_pfn - P2M_PAGES);
    for (unsigned int i = 0; i < P2M_PAGES; i++)
        memcpy(see(u, u->si_pfn - P2M_PAGES + i), u->p2m + i * 512, PAGE_SIZE);
}

static void make_shared_info(const struct domu *u)
{
    struct shared_info *s = see_frame(u, u->shared_info_mfn);

    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        s->vcpu_info[i].evtchn_upcall_mask = 1;
}

static void make_mailbox(const struct domu *u)
{
    memset(map_at(u->mailbox, u, u->p2m[u->mailbox_pfn]), 0, PAGE_SIZE);
}

static void set_registers(const struct domu *u, uint64_t entry)
{
    static struct vcpu_guest_context c;
    static struct xen_domctl d;

    memset(&c, 0, sizeof(c));
    c.flags = VGCF_in_kernel | VGCF_online;
    c.user_regs.rip = entry;
    c.user_regs.rsi = window_address(u->si_pfn);
    c.user_regs.rsp = window_address(u->pt_pfn + NR_TABLES + 1);
    c.user_regs.rflags = 0x200;
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = FLAT_KERNEL_SS;
    c.kernel_ss = FLAT_KERNEL_SS;
    c.kernel_sp = c.user_regs.rsp;
    c.ctrlreg[3] = u->p2m[u->pt_pfn] * PAGE_SIZE;
    memset(&d, 0, sizeof(d));
    set_xen_guest_handle(d.u.vcpucontext.ctxt, &c);
    must(domu_control(u->id, XEN_DOMCTL_setvcpucontext, &d), "setvcpucontext");
}

void domu_build(struct domu *u, unsigned int vcpus)
{
    struct xen_domctl d = {0};
    uint64_t entry;

    if (!image_window) {
        image_window = alloc_page();
        guest_window = alloc_page();
    }
    create(u, vcpus);
    populate(u);
    entry = load_image(u);
    make_tables(u);
    make_start_info(u);
    make_shared_info(u);
    make_mailbox(u);
    /* Its frames can be tables when dom0 has them mapped no more. */
    must(map_va(guest_window, 0, UVMF_INVLPG), "unmapping a frame");
    pin_root(u);
    set_registers(u, entry);
    must(domu_control(u->id, XEN_DOMCTL_unpausedomain, &d), "unpausedomain");
}
