/* SPDX-License-Identifier: MIT */
/*
 * A local descriptor table: its pages are used when a selector is loaded, only
 * if the guest cannot write them, and only below the limit.
 */
#include <pv/pv.h>

#define DATA        0x00cff3000000ffffUL /* of ring 3 */
#define ENTRIES     16
#define SELECTOR(n) ((n) << 3 | 7)

static unsigned int selector;
static void load_fs(void *unused)
{
    asm volatile("mov %w0, %%fs" ::"r"(selector));
}

static bool loads(unsigned int n)
{
    selector = SELECTOR(n);
    if (try_call(load_fs, NULL) != -1)
        return false;
    asm volatile("mov %w0, %%fs" ::"r"(0));
    return true;
}

int main(void)
{
    uint64_t *ldt = alloc_page(), *other = alloc_page();

    ldt[1] = ldt[ENTRIES + 1] = DATA;
    ldt[2] = 0x0000e90000000000UL; /* a TSS */
    is(mmuext(MMUEXT_SET_LDT, (uint64_t)ldt, ENTRIES), 0, "an LDT is set");
    ok(!loads(1), "no selector is loaded from a page that is writable");
    is(make_readonly(ldt), 0, "the page becomes read-only");
    ok(!loads(1), "no selector is loaded from a page with a gate");
    is(make_writable(ldt), 0, "such a page has no use");
    ldt[2] = 0;
    is(make_readonly(ldt), 0, "the page becomes read-only again");
    ok(loads(1), "a selector is loaded from a read-only page");
    ok(!loads(2), "a descriptor that is not present is not loaded");
    ok(!loads(ENTRIES + 1), "nor one beyond the limit");
    ok(make_writable(ldt) < 0, "an LDT in use cannot be mapped writable");
    is(make_readonly(other), 0, "an empty page becomes read-only");
    is(mmuext(MMUEXT_SET_LDT, (uint64_t)other, ENTRIES), 0,
       "it is the LDT from now on");
    is(make_writable(ldt), 0, "the former LDT can be mapped writable");
    ok(!loads(1), "no selector of the former LDT is loaded");
    is(make_readonly(ldt), 0, "the first page becomes read-only once more");
    is(mmuext(MMUEXT_SET_LDT, (uint64_t)ldt, ENTRIES), 0,
       "the first page is the LDT again");
    ok(loads(1), "its selectors are loaded again");
    is(mmuext(MMUEXT_SET_LDT, 0, 0), 0, "the LDT is taken away");
    ok(!loads(1), "no selector is loaded then");
    is(make_writable(ldt), 0, "its page can be mapped writable");
    return 0;
}
