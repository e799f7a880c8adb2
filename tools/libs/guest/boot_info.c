/* SPDX-License-Identifier: MIT */
/*
 * What a guest's kernel finds at its start: the start_info page, the shared
 * info page that Xen allocated, and the first vcpu's registers.
 */
#include <sys/mman.h>

#include <xenforeignmemory.h>

#include "private.h"

int write_start_info(struct builder *b, uint64_t shared_info_mfn)
{
    const struct kernel_layout *l = &b->layout;
    start_info_t *info = guest_map(b, l->start_info);

    if (!info)
        return -1;
    memset(info, 0, PAGE_SIZE);
    memcpy(info->magic, "xen-3.0-x86_64", sizeof("xen-3.0-x86_64"));
    info->nr_pages = l->nr_pages;
    info->shared_info = shared_info_mfn << PAGE_SHIFT;
    info->store_mfn = b->mfns[l->store.start];
    info->store_evtchn = b->config->store_port;
    info->console.domU.mfn = b->mfns[l->console.start];
    info->console.domU.evtchn = b->config->console_port;
    info->pt_base = layout_virt(l, l->page_tables.start);
    info->nr_pt_frames = l->page_tables.count;
    info->mfn_list = l->p2m_virt;
    if (l->list.nr_tables[1]) {
        /* The kernel frees list and tables by these when it has moved on. */
        info->first_p2m_pfn = l->p2m.start;
        info->nr_p2m_frames = l->p2m.count;
    }
    if (l->ramdisk.count) {
        info->mod_len = b->image->ramdisk.size;
        info->mod_start = layout_virt(l, l->ramdisk.start);
        if (b->image->kernel.mod_start_pfn) {
            info->flags |= SIF_MOD_START_PFN;
            info->mod_start = l->ramdisk.start;
        }
    }
    if (b->config->cmdline) /* its length was checked */
        strcpy((char *)info->cmd_line, b->config->cmdline);
    guest_unmap(b, info, l->start_info);
    return 0;
}

/* No events before the kernel has set up its callbacks and asks for them. */
int init_shared_info(struct builder *b, uint64_t shared_info_mfn)
{
    xen_pfn_t mfn = shared_info_mfn;
    shared_info_t *shared =
        xenforeignmemory_map(xlc_foreignmemory(b->ctrl), b->domid,
                             PROT_READ | PROT_WRITE, 1, &mfn, NULL);
    unsigned int i;

    if (!shared)
        return build_error(b, errno, "cannot map its shared info");
    for (i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        shared->vcpu_info[i].evtchn_upcall_mask = 1;
    xenforeignmemory_unmap(xlc_foreignmemory(b->ctrl), shared, 1);
    return 0;
}

int set_boot_vcpu(struct builder *b)
{
    const struct kernel_layout *l = &b->layout;
    vcpu_guest_context_t context;

    memset(&context, 0, sizeof(context));
    context.flags = VGCF_in_kernel | VGCF_online;
    context.user_regs.rip = b->image->kernel.entry;
    context.user_regs.rsp = layout_virt(l, range_end(l->stack));
    context.user_regs.rsi = layout_virt(l, l->start_info.start);
    context.user_regs.rflags = 1 << 9; /* IF */
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = FLAT_KERNEL_SS;
    context.user_regs.ds = FLAT_KERNEL_DS;
    context.user_regs.es = FLAT_KERNEL_DS;
    context.user_regs.fs = FLAT_KERNEL_DS;
    context.user_regs.gs = FLAT_KERNEL_DS;
    context.kernel_ss = context.user_regs.ss;
    context.kernel_sp = context.user_regs.rsp;
    context.ctrlreg[3] = xen_pfn_to_cr3(b->mfns[l->page_tables.start]);
    if (xlc_vcpu_setcontext(b->ctrl, b->domid, 0, &context))
        return build_error(b, errno, "cannot set its first vcpu's registers");
    return 0;
}
