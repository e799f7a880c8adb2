/* SPDX-License-Identifier: MIT */
/*
 * Building dom0: its memory, its kernel, its first page tables.
 *
 * Where everything goes is said by kernel_layout(), as for any guest. Memory
 * behind the window is populated when the kernel's file is free again.
 *
 * The tables are written as plain data and then validated by the same code as
 * any guest's, so their counts are right by construction.
 */
#include <hv/console.h>
#include <hv/dom0.h>
#include <hv/domain.h>
#include <hv/kernel.h>
#include <hv/mm.h>
#include <hv/version.h>
#include <asm/e820.h>
#include <asm/pv.h>
#include <xen/features.h>

#define GUEST_RW    (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define GUEST_RO    (PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define GUEST_TABLE GUEST_RW

/* dom0_mem=SIZE | min:SIZE | max:SIZE, comma separated; a negative size is
 * what to leave. Bytes; 0: not given. */
static struct {
    int64_t size, min, max;
} dom0_mem __initdata;

static __init int parse_dom0_mem(const char *s)
{
    while (*s) {
        int64_t *what = &dom0_mem.size, v;
        bool negative;
        const char *end;

        if (!strncmp(s, "min:", 4)) {
            what = &dom0_mem.min;
            s += 4;
        } else if (!strncmp(s, "max:", 4)) {
            what = &dom0_mem.max;
            s += 4;
        }
        negative = *s == '-';
        v = cmdline_size(s + negative, &end);
        if (end == s + negative || (*end && *end != ','))
            return -EINVAL;
        *what = negative ? -v : v;
        s = *end ? end + 1 : end;
    }
    return 0;
}
HV_OPTION_FN("dom0_mem", parse_dom0_mem);

static unsigned int opt_dom0_max_vcpus __initdata;
HV_OPTION(OPT_UINT, "dom0_max_vcpus", opt_dom0_max_vcpus);

/* --- what is being built -------------------------------------------------- */

static struct build {
    struct domain *d;
    struct span elf;
    struct kernel k;
    struct kernel_layout l;
    mfn_t *p2m; /* [nr_pages], scratch until it is copied into the guest */
    uint64_t populated;
} b __initdata;

static __init void *guest_page(uint64_t pfn)
{
    BUG_ON(pfn >= b.populated);
    return mfn_to_virt(b.p2m[pfn]);
}

/* --- memory --------------------------------------------------------------- */

/* to_free: frames in use now that will be free before the last is needed. */
static __init uint64_t dom0_pages(uint64_t to_free)
{
    uint64_t avail = total_free_pages() + to_free;
    /* Kept for the overhead of guests and of the hypervisor: 1/16, at most 128
     * MiB. */
    uint64_t keep = MIN(avail / 16, MB(128ULL) >> PAGE_SHIFT);
    int64_t n = dom0_mem.size >> PAGE_SHIFT, lo = dom0_mem.min >> PAGE_SHIFT,
            hi = dom0_mem.max >> PAGE_SHIFT;

    if (!n)
        n = avail - keep;
    else if (n < 0)
        n += avail;
    lo = lo < 0 ? lo + (int64_t)avail : lo;
    hi = hi < 0 ? hi + (int64_t)avail : hi;
    if (hi && n > hi)
        n = hi;
    if (n < lo)
        n = lo;
    /* The memory that the hypervisor needs for dom0 is not dom0's. */
    return MIN((uint64_t)MAX(n, 0), avail - avail / 256 - 1024);
}

static __init void populate(uint64_t to)
{
    unsigned int order = 9;

    while (b.populated < to) {
        struct page_info *pg;

        while (order && (1UL << order) > to - b.populated)
            order--;
        pg = alloc_domheap_pages(b.d, order, MEMF_no_scrub);
        if (!pg) {
            if (!order)
                panic("dom0: out of memory at page %lu of %lu", b.populated,
                      b.l.nr_pages);
            order--;
            continue;
        }
        for (unsigned long i = 0; i < 1UL << order; i++) {
            mfn_t mfn = mfn_add(page_to_mfn(pg), i);

            b.p2m[b.populated] = mfn;
            set_gpfn_from_mfn(mfn, b.populated++);
        }
    }
}

/* The window's pages; a small dom0 may have fewer. */
static __init uint64_t window_end(void)
{
    return (b.l.window.last + 1 - b.l.window.first) >> PAGE_SHIFT;
}

/* --- page tables ---------------------------------------------------------- */

/* Maps m from its pfn up to end; new tables are taken from pfn next on. */
static __init void map_range(const struct mapping *m, uint64_t end,
                             uint64_t next)
{
    uint64_t va = m->first;

    for (uint64_t pfn = m->first_pfn; pfn < end; pfn++, va += PAGE_SIZE) {
        pte_t *table = guest_page(b.l.page_tables.start);

        for (int level = 4; level > 1; level--) {
            pte_t *e = &table[PT_INDEX(va, level)];

            if (!*e) {
                memset(guest_page(next), 0, PAGE_SIZE);
                *e = pte_make(b.p2m[next++], GUEST_TABLE);
            }
            table = mfn_to_virt(pte_mfn(*e));
        }
        table[PT_INDEX(va, 1)] = pte_make(
            b.p2m[pfn], range_has(b.l.page_tables, pfn) ? GUEST_RO : GUEST_RW);
    }
}

static __init uint64_t list_pages(void)
{
    return PFN_UP(b.l.nr_pages * sizeof(uint64_t));
}

static __init void build_tables(void)
{
    memset(guest_page(b.l.page_tables.start), 0, PAGE_SIZE);
    map_range(&b.l.window, MIN(window_end(), b.l.nr_pages),
              b.l.window.table_pfn[1]);
    if (b.l.list.nr_tables[1])
        map_range(&b.l.list, b.l.p2m.start + list_pages(),
                  b.l.list.table_pfn[1]);
}

/* Validates all of it; the pin owns the type and the general reference. */
static __init void pin_root(void)
{
    struct page_info *pg = mfn_to_page(b.p2m[b.l.page_tables.start]);
    int rc;

    while ((rc = get_page_and_type(pg, b.d, PGT_l4_table)) == -ERESTART)
        ;
    if (rc)
        panic("dom0: its first page tables are refused (%d)", rc);
    atomic_or(&pg->type, PGT_pinned);
}

/* --- contents ------------------------------------------------------------- */

/* Copies into guest-physical memory, page by page; src NULL: zeroes. */
static __init void copy_pages(uint64_t paddr, const void *src, uint64_t n)
{
    while (n) {
        uint64_t off = paddr & (PAGE_SIZE - 1), len = MIN(n, PAGE_SIZE - off);
        void *to = guest_page(paddr >> PAGE_SHIFT) + off;

        if (src) {
            memcpy(to, src, len);
            src += len;
        } else {
            memset(to, 0, len);
        }
        paddr += len;
        n -= len;
    }
}

static __init void load_kernel(void)
{
    for (unsigned int i = 0; i < b.k.nr_segments; i++) {
        const struct kernel_segment *s = &b.k.segments[i];

        copy_pages(s->phys, b.elf.data + s->offset, s->file_size);
        copy_pages(s->phys + s->file_size, NULL, s->mem_size - s->file_size);
    }
    if (b.k.hypercall_page != KERNEL_NO_ADDRESS)
        fill_hypercall_page(
            guest_page((b.k.hypercall_page - b.k.virt_base) >> PAGE_SHIFT));
}

static __init void write_start_info(const struct boot_module *kernel,
                                    const struct boot_module *initrd)
{
    struct start_info *si = guest_page(b.l.start_info.start);
    uint32_t vga_size;

    memset(si, 0, PAGE_SIZE);
    snprintf(si->magic, sizeof(si->magic), "xen-3.0-x86_64p");
    si->nr_pages = b.l.nr_pages;
    si->shared_info = mfn_x(b.d->shared_info_mfn) << PAGE_SHIFT;
    si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
    si->pt_base = layout_virt(&b.l, b.l.page_tables.start);
    si->nr_pt_frames = b.l.page_tables.count;
    si->mfn_list = b.l.p2m_virt;
    if (b.l.list.nr_tables[1]) {
        si->first_p2m_pfn = b.l.p2m.start;
        si->nr_p2m_frames = b.l.p2m.count;
    }
    if (initrd->size) {
        si->mod_start = layout_virt(&b.l, b.l.ramdisk.start);
        if (b.k.mod_start_pfn) {
            si->flags |= SIF_MOD_START_PFN;
            si->mod_start = b.l.ramdisk.start;
        }
        si->mod_len = initrd->size;
    }
    strlcpy((char *)si->cmd_line, kernel->cmdline, sizeof(si->cmd_line));
    vga_size = vga_console_info((struct dom0_vga_console_info *)(si + 1));
    if (vga_size) {
        si->console.dom0.info_off = sizeof(*si);
        si->console.dom0.info_size = vga_size;
    }
}

static __init void write_p2m(void)
{
    for (uint64_t pfn = 0; pfn < b.l.nr_pages; pfn++) {
        uint64_t *page = guest_page(b.l.p2m.start + pfn / 512);

        page[pfn % 512] = mfn_x(b.p2m[pfn]);
    }
}

static __init void start_vcpu(void)
{
    struct vcpu_guest_context *c = alloc_xenheap_pages(1, 0);
    struct vcpu *v = b.d->vcpu[0];
    int rc;

    if (!c)
        panic("dom0: no memory for the start context");
    c->flags = VGCF_in_kernel | VGCF_online;
    c->user_regs.rip = b.k.entry;
    c->user_regs.rsp = layout_virt(&b.l, range_end(b.l.stack));
    c->user_regs.rsi = layout_virt(&b.l, b.l.start_info.start);
    c->user_regs.rflags = X86_EFLAGS_IF;
    c->user_regs.cs = FLAT_CS64;
    c->user_regs.ss = FLAT_DS;
    c->kernel_ss = FLAT_DS;
    c->kernel_sp = c->user_regs.rsp;
    c->ctrlreg[3] = mfn_x(b.p2m[b.l.page_tables.start]) << PAGE_SHIFT;
    while ((rc = arch_set_info_guest(v, c)) == -ERESTART)
        ;
    if (rc)
        panic("dom0: first context refused (%d)", rc);
    free_xenheap_pages(c, 1);
    clear_bit(VPF_DOWN, &v->pause_flags);
}

/* --- the kernel file ------------------------------------------------------ */

/* 256 MiB, if there are: xz data needs a dictionary of its writer's choice. */
#define UNPACK_HEAP_ORDER 16

/* A piece of memory for a while; data NULL: none. */
struct scratch {
    void *data;
    unsigned int order;
};

static __init unsigned int order_for(size_t size)
{
    unsigned int order = 0;

    while ((PAGE_SIZE << order) < size)
        order++;
    return order;
}

static __init bool get_scratch(struct scratch *s, unsigned int order)
{
    *s = (struct scratch){alloc_xenheap_pages(order, MEMF_no_scrub), order};
    return s->data;
}

static __init void put_scratch(struct scratch *s)
{
    if (s->data)
        free_xenheap_pages(s->data, s->order);
    s->data = NULL;
}

static __init int unpack(const struct kernel_payload *payload, void *out,
                         struct why *why)
{
    unsigned int order = UNPACK_HEAP_ORDER;
    struct scratch heap;
    int rc;

    while (!get_scratch(&heap, order))
        if (!order--)
            return refuse(why, ENOMEM, "no memory for unpacking");
    rc = boot_unpack(payload, out, heap.data, PAGE_SIZE << order, why);
    put_scratch(&heap);
    return rc;
}

/* Finds b.elf, unpacked into *unpacked if need be, and what it asks for. */
static __init int open_kernel(const struct boot_module *m,
                              struct scratch *unpacked, struct why *why)
{
    struct span file = {maddr_to_virt(m->start), m->size};
    struct kernel_payload payload;

    *unpacked = (struct scratch){};
    if (kernel_payload(file, &payload, why))
        return -1;
    b.elf = payload.data;
    if (payload.unpacked_size) {
        printk("Unpacking dom0 kernel: %lu KiB to %u KiB\n",
               payload.data.size >> 10, payload.unpacked_size >> 10);
        if (!get_scratch(unpacked, order_for(payload.unpacked_size)))
            return refuse(why, ENOMEM, "no memory for the unpacked kernel");
        if (unpack(&payload, unpacked->data, why))
            return -1;
        b.elf = (struct span){unpacked->data, payload.unpacked_size};
    }
    if (kernel_parse(b.elf, &b.k, why))
        return -1;
    if (!(b.k.features & 1U << XENFEAT_dom0))
        return refuse(why, EINVAL,
                      "kernel cannot run as dom0 (no dom0 in its "
                      "SUPPORTED_FEATURES)");
    return 0;
}

static __init struct domain *create_dom0(void)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus =
            MIN(opt_dom0_max_vcpus ? opt_dom0_max_vcpus : num_online_cpus(),
                (unsigned int)MAX_VCPUS),
        .max_evtchn_port = ~0U,
        .max_grant_frames = 64,
        .max_maptrack_frames = 1024,
        .grant_opts = 1,
    };
    struct domain *d;
    int err;

    d = domain_create(0, &config, true, &err);
    if (!d)
        panic("dom0: cannot create the domain (%d)", err);
    hardware_domain = d;
    for (unsigned int i = 0; i < config.max_vcpus; i++)
        if (!vcpu_create(d, i))
            panic("dom0: cannot create vcpu %u", i);
    return d;
}

/* What is to be built: b.elf, b.k, b.l. */
static __init void plan(const struct boot_module *kernel,
                        const struct boot_module *initrd,
                        struct scratch *unpacked)
{
    uint64_t to_free;
    struct why why;
    int rc;

    if (!kernel->size)
        panic("dom0: the boot loader gave no kernel (first module)");
    rc = open_kernel(kernel, unpacked, &why);
    to_free = unpacked->data ? 1UL << unpacked->order : 0;
    if (!rc)
        rc = kernel_layout(&b.k, dom0_pages(to_free), initrd->size, true, &b.l,
                           &why);
    if (rc)
        panic("dom0: %s", why.text);
}

__init void construct_dom0(const struct boot_module *kernel,
                           const struct boot_module *initrd)
{
    struct scratch unpacked, list;

    b.d = create_dom0();
    plan(kernel, initrd, &unpacked);
    if (!get_scratch(&list, order_for(b.l.nr_pages * sizeof(mfn_t))))
        panic("dom0: no memory for its list of frames");
    b.p2m = list.data;
    b.d->max_pages =
        dom0_mem.max > 0 ? (uint64_t)dom0_mem.max >> PAGE_SHIFT : ~0U;
    b.d->max_pages = MAX(b.d->max_pages, b.l.nr_pages);
    populate(PFN_UP(b.k.phys_end));
    load_kernel();
    put_scratch(&unpacked);
    populate(b.l.nr_pages);
    copy_pages(b.l.ramdisk.start << PAGE_SHIFT, maddr_to_virt(initrd->start),
               initrd->size);
    write_p2m();
    build_tables();
    write_start_info(kernel, initrd);
    if (b.k.pae_pgdir_above_4gb)
        b.d->vm_assist |= 1u << VMASST_TYPE_pae_extended_cr3;
    pin_root();
    start_vcpu();
    printk("dom0: %s, %lu MiB, %u vcpus, entry %lx, window %lx-%lx\n",
           b.k.guest_os, b.l.nr_pages >> 8, b.d->max_vcpus, b.k.entry,
           b.l.window.first, b.l.window.last + 1);
    put_scratch(&list);
}
