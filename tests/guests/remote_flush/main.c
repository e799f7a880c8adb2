/* SPDX-License-Identifier: MIT */
/*
 * A translation that one vcpu has cached is gone when another vcpu's flush has
 * returned: for each call that flushes other vcpus. run: smp=2 timeout=60
 */
#include <pv/pv.h>

#define RW     (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)
#define ROUNDS 50

static volatile uint64_t *window;
static volatile unsigned int asked, answered;
static volatile uint64_t seen;
static volatile bool finished;

/* vcpu 1: reads the page whenever it is asked to. */
static void reader(void)
{
    unsigned int n = 0;

    while (!finished) {
        if (asked == n)
            continue;
        n = asked;
        seen = *window;
        answered = n;
    }
    HC3(vcpu_op, VCPUOP_down, 1, 0);
}

static uint64_t other_sees(void)
{
    asked++;
    while (answered != asked)
        ;
    return seen;
}

static unsigned long vcpus = 2; /* vcpu 1 */

static long flush(unsigned int cmd, uint64_t e)
{
    struct mmuext_op op = {.cmd = cmd,
                           .arg1.linear_addr = (unsigned long)window};

    op.arg2.vcpumask.p = &vcpus;
    set_pte(pte_maddr((void *)window), e);
    return HC4(mmuext_op, &op, 1, 0, DOMID_SELF);
}

static long remap(unsigned int how, uint64_t e)
{
    const unsigned long multi = (unsigned long)&vcpus;

    switch (how) {
    case 0:
        return flush(MMUEXT_TLB_FLUSH_MULTI, e);
    case 1:
        return flush(MMUEXT_TLB_FLUSH_ALL, e);
    case 2:
        return flush(MMUEXT_INVLPG_MULTI, e);
    case 3:
        return flush(MMUEXT_INVLPG_ALL, e);
    case 4:
        return HC3(update_va_mapping, window, e, UVMF_INVLPG | UVMF_ALL);
    case 5:
        return HC3(update_va_mapping, window, e, UVMF_TLB_FLUSH | UVMF_ALL);
    case 6:
        return HC3(update_va_mapping, window, e, UVMF_INVLPG | multi);
    default:
        return HC3(update_va_mapping, window, e, UVMF_TLB_FLUSH | multi);
    }
}

static const char *const names[] = {"TLB_FLUSH_MULTI",
                                    "TLB_FLUSH_ALL",
                                    "INVLPG_MULTI",
                                    "INVLPG_ALL",
                                    "update_va_mapping, INVLPG",
                                    "update_va_mapping, TLB_FLUSH",
                                    "the same with a list",
                                    "and with a list"};

static const bool to_all[] = {false, true, false, true,
                              true,  true, false, false};

int main(void)
{
    uint64_t *page[2] = {alloc_page(), alloc_page()}, e[2];
    long rc;

    for (unsigned int i = 0; i < 2; i++) {
        *page[i] = i + 1;
        e[i] = virt_to_mfn(page[i]) * PAGE_SIZE | RW;
    }
    window = map_mfn(virt_to_mfn(page[0]), RW, &rc);
    is(rc, 0, "a page is mapped once more");
    is(start_vcpu(1, reader), 0, "a second vcpu starts");
    for (unsigned int how = 0; how < 8; how++) {
        unsigned int errors = 0, refused = 0;

        for (unsigned int i = 1; i <= ROUNDS; i++) {
            other_sees();
            refused += !!remap(how, e[i & 1]);
            errors += other_sees() != (i & 1) + 1;
            errors += to_all[how] && *window != (i & 1) + 1;
        }
        is(refused, 0, "%s: succeeds", names[how]);
        is(errors, 0, "%s: the new page is seen", names[how]);
    }
    finished = true;
    return 0;
}
