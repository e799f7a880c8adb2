/* SPDX-License-Identifier: MIT */
/*
 * Building dom0: its memory, its kernel, its first page tables.
 *
 * Guest-physical layout, from pfn 0, all of it mapped at the kernel's VIRT_BASE
 * (the window): kernel image, start_info, page tables (read-only), boot stack,
 * slack. Behind the window: initrd, the list of frames (p2m), the tables that
 * map that list where the kernel wants it, and the rest of the memory.
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
#include <xen/elfnote.h>

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
    struct elf_kernel k;
    uint64_t nr_pages;
    mfn_t *p2m; /* [nr_pages], scratch until it is copied into the guest */
    uint64_t populated;

    /* pfns */
    uint64_t start_info, tables, stack, window_end;
    uint64_t initrd, initrd_pages, p2m_list, p2m_pages, p2m_tables;
    uint64_t nr_tables, nr_p2m_tables;
} b __initdata;

static __init void *guest_page(uint64_t pfn)
{
    BUG_ON(pfn >= b.populated);
    return mfn_to_virt(b.p2m[pfn]);
}

static __init uint64_t guest_va(uint64_t pfn)
{
    return b.k.virt_base + (pfn << PAGE_SHIFT);
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
                      b.nr_pages);
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

/* --- layout --------------------------------------------------------------- */

static __init uint64_t tables_for(uint64_t va, uint64_t size)
{
    uint64_t n = 0;

    for (int level = 1; level < 4; level++) {
        uint64_t span = PT_SHIFT(level) + 9;

        n += ((va + size - 1) >> span) - (va >> span) + 1;
    }
    return n; /* without the L4 */
}

static __init const char *layout(const struct boot_module *initrd)
{
    uint64_t pos, slack = KB(512UL) >> PAGE_SHIFT;

    if (b.k.virt_base & (MB(4UL) - 1))
        return "kernel's VIRT_BASE is not 4 MiB aligned";
    if (!guest_addr_ok(b.k.virt_base) ||
        !guest_addr_ok(b.k.virt_base + b.k.pend))
        return "kernel wants addresses that are ours";
    pos = PFN_UP(b.k.pend);
    b.initrd_pages = PFN_UP(initrd->size);
    if (!b.k.mod_start_pfn) { /* it expects its ramdisk mapped */
        b.initrd = pos;
        pos += b.initrd_pages;
    }
    b.start_info = pos++;
    b.tables = pos;
    /* The window maps its own tables: more tables, perhaps a larger window. */
    for (b.nr_tables = 1;;) {
        uint64_t need;

        b.stack = b.tables + b.nr_tables;
        b.window_end = ROUND_UP(b.stack + 1 + slack, MB(4UL) >> PAGE_SHIFT);
        need = 1 + tables_for(b.k.virt_base, b.window_end << PAGE_SHIFT);
        if (need <= b.nr_tables)
            break;
        b.nr_tables = need;
    }
    pos = b.window_end;
    if (b.k.mod_start_pfn) {
        b.initrd = pos;
        pos += b.initrd_pages;
    }
    b.p2m_list = pos;
    b.p2m_pages = PFN_UP(b.nr_pages * sizeof(uint64_t));
    b.p2m_tables = pos += b.p2m_pages;
    b.nr_p2m_tables = tables_for(b.k.init_p2m, b.p2m_pages << PAGE_SHIFT);
    pos += b.nr_p2m_tables;
    return pos + slack > b.nr_pages ? "too little memory for dom0 (dom0_mem=)"
                                    : NULL;
}

/* --- page tables ---------------------------------------------------------- */

/* Maps nr pages from pfn at va; new tables are taken from pfn *next on. */
static __init void map_range(uint64_t va, uint64_t pfn, uint64_t nr,
                             uint64_t *next)
{
    for (uint64_t i = 0; i < nr; i++, va += PAGE_SIZE) {
        pte_t *table = guest_page(b.tables);
        bool ro = pfn + i >= b.tables && pfn + i < b.tables + b.nr_tables;

        for (int level = 4; level > 1; level--) {
            pte_t *e = &table[PT_INDEX(va, level)];

            if (!*e) {
                memset(guest_page(*next), 0, PAGE_SIZE);
                *e = pte_make(b.p2m[(*next)++], GUEST_TABLE);
            }
            table = mfn_to_virt(pte_mfn(*e));
        }
        table[PT_INDEX(va, 1)] =
            pte_make(b.p2m[pfn + i], ro ? GUEST_RO : GUEST_RW);
    }
}

static __init void build_tables(void)
{
    uint64_t next = b.tables + 1, p2m_next = b.p2m_tables;
    pte_t *l4 = guest_page(b.tables);

    memset(l4, 0, PAGE_SIZE);
    map_range(b.k.virt_base, 0, b.window_end, &next);
    BUG_ON(next > b.tables + b.nr_tables);
    map_range(b.k.init_p2m, b.p2m_list, b.p2m_pages, &p2m_next);
    BUG_ON(p2m_next > b.p2m_tables + b.nr_p2m_tables);
}

/* Validates all of it; the pin owns the type and the general reference. */
static __init void pin_root(void)
{
    struct page_info *pg = mfn_to_page(b.p2m[b.tables]);
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

static __init int load_segment(void *arg, uint64_t paddr, const void *src,
                               uint64_t filesz, uint64_t memsz)
{
    copy_pages(paddr, src, filesz);
    copy_pages(paddr + filesz, NULL, memsz - filesz);
    return 0;
}

static __init void write_hypercall_page(void)
{
    uint64_t pfn = (b.k.hypercall_page - b.k.virt_base) >> PAGE_SHIFT;

    if (b.k.hypercall_page & (PAGE_SIZE - 1) || pfn >= PFN_UP(b.k.pend))
        panic("dom0: hypercall page outside the kernel");
    fill_hypercall_page(guest_page(pfn));
}

static __init void write_start_info(const struct boot_module *kernel,
                                    const struct boot_module *initrd)
{
    struct start_info *si = guest_page(b.start_info);
    uint32_t vga_size;

    memset(si, 0, PAGE_SIZE);
    snprintf(si->magic, sizeof(si->magic), "xen-3.0-x86_64p");
    si->nr_pages = b.nr_pages;
    si->shared_info = mfn_x(b.d->shared_info_mfn) << PAGE_SHIFT;
    si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
    si->pt_base = guest_va(b.tables);
    si->nr_pt_frames = b.nr_tables;
    si->mfn_list = b.k.init_p2m;
    si->first_p2m_pfn = b.p2m_list;
    si->nr_p2m_frames = b.p2m_pages + b.nr_p2m_tables;
    if (initrd->size) {
        si->mod_start = guest_va(b.initrd);
        if (b.k.mod_start_pfn) {
            si->flags |= SIF_MOD_START_PFN;
            si->mod_start = b.initrd;
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
    for (uint64_t pfn = 0; pfn < b.nr_pages; pfn++) {
        uint64_t *page = guest_page(b.p2m_list + pfn / 512);

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
    c->user_regs.rip = b.k.virt_entry;
    c->user_regs.rsp = guest_va(b.stack + 1);
    c->user_regs.rsi = guest_va(b.start_info);
    c->user_regs.rflags = X86_EFLAGS_IF;
    c->user_regs.cs = FLAT_CS64;
    c->user_regs.ss = FLAT_DS;
    c->kernel_ss = FLAT_DS;
    c->kernel_sp = c->user_regs.rsp;
    c->ctrlreg[3] = mfn_x(b.p2m[b.tables]) << PAGE_SHIFT;
    while ((rc = arch_set_info_guest(v, c)) == -ERESTART)
        ;
    if (rc)
        panic("dom0: first context refused (%d)", rc);
    free_xenheap_pages(c, 1);
    clear_bit(VPF_DOWN, &v->pause_flags);
}

/* --- the kernel file ------------------------------------------------------ */

#define UNPACK_HEAP_ORDER                                                      \
    14 /* 64 MiB: Debian's kernel has a 32 MiB dictionary */
#define MAX_UNPACKED MB(1024UL)

static __init unsigned int order_for(size_t size)
{
    unsigned int order = 0;

    while ((PAGE_SIZE << order) < size)
        order++;
    return order;
}

/* Unpacks if need be. *buf, *order: to be freed after loading. */
static __init const char *open_kernel(const struct boot_module *m,
                                      struct blob *elf, void **buf,
                                      unsigned int *order)
{
    struct blob file = {maddr_to_virt(m->start), m->size};
    const char *err;
    size_t size;
    void *heap;

    *buf = NULL;
    err = bzimage_payload(&file, elf, &size);
    if (err || !is_compressed(elf))
        return err;
    if (!size)
        size = unpacked_size(elf);
    if (!size || size > MAX_UNPACKED)
        return "kernel's unpacked size is unknown or too large";
    printk("Unpacking dom0 kernel: %lu KiB to %lu KiB\n", elf->size >> 10,
           size >> 10);
    *order = order_for(size);
    *buf = alloc_xenheap_pages(*order, MEMF_no_scrub);
    heap = alloc_xenheap_pages(UNPACK_HEAP_ORDER, MEMF_no_scrub);
    if (!*buf || !heap)
        err = "not enough memory to unpack the kernel";
    else
        err =
            decompress(elf, *buf, &size, heap, PAGE_SIZE << UNPACK_HEAP_ORDER);
    if (heap)
        free_xenheap_pages(heap, UNPACK_HEAP_ORDER);
    *elf = (struct blob){*buf, size};
    return err;
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

__init void construct_dom0(const struct boot_module *kernel,
                           const struct boot_module *initrd)
{
    unsigned int order = 0, p2m_order;
    struct blob elf;
    const char *err;
    void *buf;

    if (!kernel->size)
        panic("dom0: the boot loader gave no kernel (first module)");
    b.d = create_dom0();
    err = open_kernel(kernel, &elf, &buf, &order);
    if (!err)
        err = elf_parse(&elf, &b.k);
    if (!err && !b.k.dom0_capable && strcmp(b.k.guest_os, "linux") == 0)
        err = "kernel cannot run as dom0 (no dom0 in its SUPPORTED_FEATURES)";
    if (!err && b.k.init_p2m == ~0ULL)
        b.k.init_p2m = b.k.virt_base + GB(1ULL); /* beside the window */
    if (!err) {
        b.nr_pages = dom0_pages(buf ? 1UL << order : 0);
        err = layout(initrd);
    }
    if (err)
        panic("dom0: %s", err);

    p2m_order = order_for(b.nr_pages * sizeof(mfn_t));
    b.p2m = alloc_xenheap_pages(p2m_order, MEMF_no_scrub);
    if (!b.p2m)
        panic("dom0: no memory for its list of frames");
    b.d->max_pages =
        dom0_mem.max > 0 ? (uint64_t)dom0_mem.max >> PAGE_SHIFT : ~0U;
    b.d->max_pages = MAX(b.d->max_pages, b.nr_pages);
    populate(b.window_end);
    elf_load(&b.k, load_segment, NULL);
    if (b.k.hypercall_page != ~0ULL)
        write_hypercall_page();
    if (buf)
        free_xenheap_pages(buf, order);
    populate(b.nr_pages);
    copy_pages(b.initrd << PAGE_SHIFT, maddr_to_virt(initrd->start),
               initrd->size);
    write_p2m();
    build_tables();
    write_start_info(kernel, initrd);
    if (b.k.pae_pgdir_above_4gb)
        b.d->vm_assist |= 1u << VMASST_TYPE_pae_extended_cr3;
    pin_root();
    start_vcpu();
    printk("dom0: %s, %lu MiB, %u vcpus, entry %lx, window %lx-%lx\n",
           b.k.guest_os, b.nr_pages >> 8, b.d->max_vcpus, b.k.virt_entry,
           b.k.virt_base, guest_va(b.window_end));
    free_xenheap_pages(b.p2m, p2m_order);
}
