/* SPDX-License-Identifier: MIT */
/*
 * Lists of what takes long in one element, alone and in a multicall, and calls
 * with the largest arguments that they take: the hypervisor looks often enough
 * at what else waits for the CPU.
 * run: count=1 debug=1 ramdisk=1 timeout=120
 */
#include <pv/domu.h>
#include <pv/stretch.h>
#include <xen/sysctl.h>

#define LIST       512
#define CALLS      64
#define GDT_FRAMES 14
#define TRAPS      16384
#define TEXT       65536
#define NR_PIRQS   1024 /* more than there are */

static uint8_t *pages; /* GDT_FRAMES of them, which nothing maps */
static xen_pfn_t gdt[GDT_FRAMES];

/* --- page tables and descriptors ------------------------------------------ */

static struct mmuext_op ops[LIST];

static void make_list(uint64_t from, uint64_t to)
{
    static const unsigned int cmd[] = {
        MMUEXT_COPY_PAGE,        MMUEXT_CLEAR_PAGE,        MMUEXT_NEW_BASEPTR,
        MMUEXT_TLB_FLUSH_LOCAL,  MMUEXT_TLB_FLUSH_ALL,     MMUEXT_INVLPG_ALL,
        MMUEXT_NEW_USER_BASEPTR, MMUEXT_FLUSH_CACHE_GLOBAL};
    uint64_t root = virt_to_mfn((void *)start_info->pt_base);

    for (unsigned int i = 0; i < LIST; i++) {
        ops[i].cmd = cmd[i % 8];
        ops[i].arg1.mfn = i % 8 < 2 ? to : root;
        ops[i].arg2.src_mfn = from;
    }
}

static long set_gdt(void)
{
    long rc = HC2(set_gdt, gdt, GDT_FRAMES * 512);

    return rc ? rc : HC2(set_gdt, NULL, 0);
}

static void make_gdt(void)
{
    pages = alloc_pages(GDT_FRAMES);
    for (unsigned int i = 0; i < GDT_FRAMES; i++) {
        uint64_t *d = (uint64_t *)(pages + i * PAGE_SIZE);

        gdt[i] = virt_to_mfn(d);
        for (unsigned int n = 0; n < 512; n++)
            d[n] = 0x00cf93000000ffff; /* data of ring 0: is made ring 3's */
        map_va(d, 0, UVMF_INVLPG);
    }
}

static void tables(void)
{
    unsigned int done;

    make_list(virt_to_mfn(alloc_page()), virt_to_mfn(alloc_page()));
    make_gdt();
    stretch_begin();
    is(HC4(mmuext_op, ops, LIST, &done, DOMID_SELF), 0, "a list of mmuext_op");
    stretch_ok("mmuext_op");
    stretch_begin();
    is(set_gdt(), 0, "7168 descriptors that must be changed are a table");
    stretch_ok("set_gdt");
}

/* --- entry points --------------------------------------------------------- */

/* A list longer than the table, which names the same vectors again. */
static void entries(void)
{
    struct trap_info *t =
        alloc_pages(TRAPS * sizeof(struct trap_info) / PAGE_SIZE + 1);
    long rc = 0;

    for (unsigned int i = 0; i < TRAPS; i++)
        t[i] =
            (struct trap_info){i % 256, 0, FLAT_KERNEL_CS, trap_stubs[i % 256]};
    stretch_begin();
    is(HC1(set_trap_table, t), 0, "a trap table is set 64 times in one call");
    for (unsigned int type = 0; type <= CALLBACKTYPE_syscall32; type++) {
        struct callback_register r = {.type = type,
                                      .address = trap_stubs[type]};

        if (type == CALLBACKTYPE_sysenter || type == CALLBACKTYPE_syscall32 ||
            type == CALLBACKTYPE_nmi)
            rc |= HC2(callback_op, CALLBACKOP_register, &r);
    }
    is(rc, 0, "callbacks are set");
    stretch_ok("set_trap_table and callback_op");
}

/* --- dom0's own calls ----------------------------------------------------- */

static void interrupts(void)
{
    unsigned int free = 0;

    stretch_begin();
    for (int i = 0; i < NR_PIRQS; i++) {
        struct physdev_get_free_pirq get = {.type = MAP_PIRQ_TYPE_MSI};
        struct physdev_map_pirq map = {.domid = DOMID_SELF,
                                       .type = MAP_PIRQ_TYPE_GSI,
                                       .index = i,
                                       .pirq = i};
        struct physdev_map_pirq msi = {.domid = DOMID_SELF,
                                       .type = MAP_PIRQ_TYPE_MSI_SEG,
                                       .bus = 0,
                                       .devfn = i,
                                       .pirq = -1};
        struct physdev_pci_device dev = {.devfn = i};

        free += !HC2(physdev_op, PHYSDEVOP_get_free_pirq, &get);
        HC2(physdev_op, PHYSDEVOP_map_pirq, &map);
        HC2(physdev_op, PHYSDEVOP_map_pirq, &msi);
        HC2(physdev_op, PHYSDEVOP_prepare_msix, &dev);
        HC2(physdev_op, PHYSDEVOP_restore_msi_ext, &dev);
    }
    for (int i = 0; i < NR_PIRQS; i++) {
        struct physdev_unmap_pirq unmap = {.domid = DOMID_SELF, .pirq = i};

        HC2(physdev_op, PHYSDEVOP_unmap_pirq, &unmap);
    }
    ok(free, "%u numbers of interrupts are free", free);
    stretch_ok("physdev_op");
}

static void console(void)
{
    static struct xen_sysctl s;
    char *text = alloc_pages(TEXT / PAGE_SIZE);

    s.cmd = XEN_SYSCTL_readconsole;
    s.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    s.u.readconsole.count = TEXT;
    set_xen_guest_handle(s.u.readconsole.buffer, text);
    memset(text, '.', TEXT);
    text[TEXT - 1] = '\n';
    stretch_begin();
    is(HC3(console_io, CONSOLEIO_write, TEXT, text), 0, "64 KiB are printed");
    is(HC1(sysctl, &s), 0, "the ring of messages is read");
    stretch_ok("console_io and readconsole");
}

static long shadow(struct domu *u, uint32_t op, void *bits)
{
    static struct xen_domctl d;

    memset(&d, 0, sizeof(d));
    d.u.shadow_op.op = op;
    set_xen_guest_handle(d.u.shadow_op.dirty_bitmap, bits);
    d.u.shadow_op.pages = bits ? u->nr_pages : 0;
    return domu_control(u->id, XEN_DOMCTL_shadow_op, &d);
}

static void migration(void)
{
    struct domu *u = domu_start(1);
    void *bits = alloc_page();

    stretch_begin();
    is(shadow(u, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, NULL), 0,
       "writes of a domain are logged");
    is(shadow(u, XEN_DOMCTL_SHADOW_OP_CLEAN, bits), 0, "the log is read");
    is(shadow(u, XEN_DOMCTL_SHADOW_OP_OFF, NULL), 0, "the log is given up");
    stretch_ok("a log of writes");
    domu_destroy(u);
}

/* --- a multicall of all of it --------------------------------------------- */

static void multicall(void)
{
    static struct multicall_entry call[CALLS];
    static xen_pfn_t extents[4];
    static struct xen_memory_reservation r = {
        .nr_extents = 4, .extent_order = 9, .domid = DOMID_SELF};
    unsigned int done, bad = 0;

    set_xen_guest_handle(r.extent_start, extents);
    for (unsigned int i = 0; i < CALLS; i += 4) {
        call[i] = (struct multicall_entry){
            .op = __HYPERVISOR_mmuext_op,
            .args = {(uint64_t)ops, LIST, (uint64_t)&done, DOMID_SELF}};
        call[i + 1] = (struct multicall_entry){
            .op = __HYPERVISOR_memory_op,
            .args = {XENMEM_increase_reservation, (uint64_t)&r}};
        call[i + 2] = (struct multicall_entry){
            .op = __HYPERVISOR_set_gdt,
            .args = {(uint64_t)gdt, i & 4 ? GDT_FRAMES * 512 : 0}};
        call[i + 3] = (struct multicall_entry){
            .op = __HYPERVISOR_memory_op,
            .args = {XENMEM_decrease_reservation, (uint64_t)&r}};
    }
    stretch_begin();
    is(HC2(multicall, call, CALLS), 0, "a multicall of long calls");
    stretch_ok("multicall");
    for (unsigned int i = 0; i < CALLS; i++)
        bad += call[i].result != (i & 1 ? 4 : 0);
    is(bad, 0, "all calls of the multicall were made");
}

int main(void)
{
    tables();
    interrupts();
    console();
    migration();
    multicall();
    entries();
    return 0;
}
