/* SPDX-License-Identifier: MIT */
/*
 * A frame that was given back and handed out again cannot be written through a
 * translation that another vcpu has kept of its former use: the guest removes
 * the entry without any flush. run: smp=2 timeout=60
 */
#include <pv/pv.h>

#define TRIES    1024
#define FREE_PFN 0x300000UL
#define LATE     0x1a7eUL
#define RW       (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

static volatile uint64_t *page;
static volatile int cached, go, faulted, finished;
extern char late_write[], behind_late_write[];

static void on_page_fault(struct trap_frame *f)
{
    if (f->rip != (uint64_t)late_write)
        shutdown(SHUTDOWN_crash);
    faulted = 1;
    f->rip = (uint64_t)behind_late_write;
}

/* vcpu 1: caches the translation, then uses it when told to. */
static void writer(void)
{
    *page = 1;
    cached = 1;
    while (!go)
        ;
    asm volatile(".globl late_write, behind_late_write\n"
                 "late_write: mov %1, (%0)\n"
                 "behind_late_write:" ::"r"(page),
                 "r"(LATE)
                 : "memory");
    finished = 1;
    HC3(vcpu_op, VCPUOP_down, 1, 0);
}

static long reservation(unsigned int cmd, xen_pfn_t *frame)
{
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    r.extent_start.p = frame;
    return HC2(memory_op, cmd, &r);
}

/* A frame of the hypervisor's free memory; 0: none. */
static xen_pfn_t new_frame(void)
{
    static uint64_t pfn = FREE_PFN;
    xen_pfn_t frame = pfn++;

    return reservation(XENMEM_populate_physmap, &frame) == 1 ? frame : 0;
}

static bool get_back(xen_pfn_t mfn)
{
    for (unsigned int i = 0; i < TRIES; i++)
        if (new_frame() == mfn)
            return true;
    return false;
}

int main(void)
{
    volatile uint64_t *again;
    xen_pfn_t mfn = new_frame();
    long rc;

    page = map_mfn(mfn, RW, &rc);
    is(rc, 0, "a new frame is mapped");
    set_trap_handler(14, on_page_fault);
    is(start_vcpu(1, writer), 0, "a second vcpu starts");
    while (!cached)
        ;
    is(map_va((void *)page, 0, UVMF_NONE), 0,
       "an entry can be taken away without a flush");
    is(reservation(XENMEM_decrease_reservation, &mfn), 1,
       "the frame can be given back");
    if (!get_back(mfn)) {
        skip("the frame did not come back", "a late write does no harm");
        return 0;
    }
    again = map_mfn(mfn, RW, &rc);
    is(rc, 0, "the frame came back and is mapped elsewhere");
    *again = 2;
    go = 1;
    while (!finished)
        ;
    ok(faulted, "a late write through the former address faults");
    is(*again, 2, "a late write through the former address does no harm");
    return 0;
}
