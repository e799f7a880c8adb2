/* SPDX-License-Identifier: MIT */
/*
 * A domain whose id was another's a moment ago owns nothing of that one. All in
 * one multicall: what is left of the first domain goes when each CPU has left
 * the hypervisor. run: smp=2 timeout=120
 */
#include <pv/pv.h>
#include <xen/domctl.h>

#define OTHER  5
#define ROUNDS 8

static struct xen_domctl create, destroy, info;

static void set(struct xen_domctl *d, uint32_t cmd)
{
    d->cmd = cmd;
    d->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    d->domain = OTHER;
}

static void set_create(void)
{
    set(&create, XEN_DOMCTL_createdomain);
    create.u.createdomain = (struct xen_domctl_createdomain){
        .max_vcpus = 1,
        .max_evtchn_port = 100,
        .max_grant_frames = 4,
        .max_maptrack_frames = 4,
        .grant_opts = 1,
    };
}

static uint64_t shared_frame(void)
{
    set(&info, XEN_DOMCTL_getdomaininfo);
    HC1(domctl, &info);
    return info.u.getdomaininfo.shared_info_frame;
}

static volatile bool over;

static void stay_inside(void)
{
    static xen_pfn_t frame;
    struct xen_memory_reservation r = {
        .nr_extents = 1, .extent_order = 12, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, &frame);
    while (!over) {
        frame = 0x300000; /* becomes the frame's number */
        if (HC2(memory_op, XENMEM_populate_physmap, &r) == 1)
            HC2(memory_op, XENMEM_decrease_reservation, &r);
    }
    HC3(vcpu_op, VCPUOP_down, 1, 0);
}

#define MARK 0x1234567887654321UL

/* The domain dies and comes again, and its former frame is asked for. True if
 * the frame is the domain's and has what was left there. */
static bool has_a_frame_of_the_first(volatile uint64_t *page)
{
    struct multicall_entry mc[3] = {
        {.op = __HYPERVISOR_domctl, .args = {(uint64_t)&destroy}},
        {.op = __HYPERVISOR_domctl, .args = {(uint64_t)&create}},
        {.op = __HYPERVISOR_update_va_mapping_otherdomain,
         .args = {(uint64_t)page, shared_frame() << 12 | PTE_P | PTE_U,
                  UVMF_INVLPG, OTHER}},
    };
    bool has;

    HC4(update_va_mapping_otherdomain, page, mc[2].args[1] | PTE_W, UVMF_INVLPG,
        OTHER);
    page[256] = MARK;
    map_va((void *)page, PTE_P | PTE_U, UVMF_INVLPG);
    set(&destroy, XEN_DOMCTL_destroydomain);
    set_create();
    HC2(multicall, mc, 3);
    if (mc[0].result || mc[1].result)
        return true;
    has = !mc[2].result && page[256] == MARK;
    map_va((void *)page, PTE_P | PTE_U, UVMF_INVLPG);
    return has;
}

int main(void)
{
    volatile uint64_t *page = alloc_page();
    unsigned int wrong = 0;

    set_create();
    is(HC1(domctl, &create), 0, "a domain");
    is(HC1(domctl, &create), -EEXIST, "an id that is in use is not given");
    is(start_vcpu(1, stay_inside), 0, "a second vcpu starts");
    for (unsigned int n = 0; n < ROUNDS; n++)
        wrong += has_a_frame_of_the_first(page);
    is(wrong, 0, "each time the next domain of that id has nothing of it");
    over = true;
    set(&destroy, XEN_DOMCTL_destroydomain);
    is(HC1(domctl, &destroy), 0, "the last one dies");
    return 0;
}
