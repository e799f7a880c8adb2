/* SPDX-License-Identifier: MIT */
/*
 * The hypercall page: 32 bytes of code a call, for kernels that ask for it
 * (ELF note 2, or XEN_DOMCTL_hypercall_init). Debian's kernels issue 'syscall'
 * themselves.
 */
#include <hv/mm.h>
#include <asm/pv.h>
#include <xen/xen.h>

#define STUB_SIZE 32

/* push rcx; push r11; mov $nr, eax; syscall; pop r11; pop rcx; ret */
static const uint8_t call_stub[] = {0x51, 0x41, 0x53, 0xb8, 0,    0,    0,
                                    0,    0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
/* iret takes rcx, r11 and rax from the stack and does not come back. */
static const uint8_t iret_stub[] = {0x51, 0x41, 0x53, 0x50, 0xb8, 0,
                                    0,    0,    0,    0x0f, 0x05};

void fill_hypercall_page(void *page)
{
    memset(page, 0xcc, PAGE_SIZE);
    for (unsigned int nr = 0; nr < PAGE_SIZE / STUB_SIZE; nr++) {
        uint8_t *p = page + nr * STUB_SIZE;

        if (nr == __HYPERVISOR_iret) {
            memcpy(p, iret_stub, sizeof(iret_stub));
            p[5] = nr;
        } else {
            memcpy(p, call_stub, sizeof(call_stub));
            p[4] = nr;
        }
    }
}

int hypercall_page_init(struct domain *d, uint64_t gmfn)
{
    struct page_info *pg = get_writable_page(_mfn(gmfn), d);

    if (!pg)
        return -EACCES;
    fill_hypercall_page(page_to_virt(pg));
    log_dirty_frame(page_to_mfn(pg));
    put_page_and_type(pg);
    return 0;
}
