/* SPDX-License-Identifier: MIT */
/*
 * Building a PV domain: memory, then its contents, then the page tables, then
 * the pin that makes Xen check them, then what tells the kernel where it is.
 * From the pin on nothing maps the guest's page tables here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "private.h"

/* The ramdisk is placed in pieces: bounds the size of one mapping. */
#define RAMDISK_PIECE ((uint64_t)16 << (20 - PAGE_SHIFT))

int build_error(struct builder *b, int errnoval, const char *format, ...)
{
    char text[200];
    va_list al;

    va_start(al, format);
    vsnprintf(text, sizeof(text), format, al);
    va_end(al);
    xtl_log(b->logger, XTL_ERROR, errnoval, "xlguest", "domain %u: %s",
            b->domid, text);
    return -1;
}

/* A segment's bytes, and zeroes up to its memory size (bss). */
static int load_segment(struct builder *b, const struct kernel_segment *segment)
{
    uint64_t first = segment->phys >> PAGE_SHIFT;
    uint64_t last = (segment->phys + segment->mem_size - 1) >> PAGE_SHIFT;
    struct pfn_range pages = {first, last - first + 1};
    uint8_t *virt = guest_map(b, pages), *dest;

    if (!virt)
        return -1;
    dest = virt + (segment->phys % PAGE_SIZE);
    memcpy(dest, b->image->elf.data + segment->offset, segment->file_size);
    memset(dest + segment->file_size, 0,
           segment->mem_size - segment->file_size);
    guest_unmap(b, virt, pages);
    return 0;
}

static int load_kernel(struct builder *b)
{
    const struct kernel *kernel = &b->image->kernel;
    unsigned int i;

    for (i = 0; i < kernel->nr_segments; i++)
        if (load_segment(b, &kernel->segments[i]))
            return -1;
    return 0;
}

static int load_ramdisk(struct builder *b)
{
    struct pfn_range all = b->layout.ramdisk;
    uint64_t done;
    int rc = 0;

    for (done = 0; !rc && done < all.count; done += RAMDISK_PIECE) {
        struct pfn_range piece = {all.start + done, all.count - done};
        uint64_t offset = done << PAGE_SHIFT, size;
        uint8_t *virt;

        if (piece.count > RAMDISK_PIECE)
            piece.count = RAMDISK_PIECE;
        size = b->image->ramdisk.size - offset;
        if (size > piece.count << PAGE_SHIFT)
            size = piece.count << PAGE_SHIFT;
        virt = guest_map(b, piece);
        if (!virt)
            return -1;
        if (!source_read(&b->image->ramdisk, offset, virt, size))
            rc =
                build_error(b, errno, "cannot read %s", b->image->ramdisk_path);
        memset(virt + size, 0, (piece.count << PAGE_SHIFT) - size);
        guest_unmap(b, virt, piece);
    }
    return rc;
}

static int write_p2m_list(struct builder *b)
{
    struct pfn_range list = b->layout.p2m;
    size_t size = b->layout.nr_pages * sizeof(*b->mfns);
    uint8_t *virt;

    list.count = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
    virt = guest_map(b, list);
    if (!virt)
        return -1;
    memcpy(virt, b->mfns, size);
    memset(virt + size, 0, (list.count << PAGE_SHIFT) - size);
    guest_unmap(b, virt, list);
    return 0;
}

static int clear_page(struct builder *b, struct pfn_range page)
{
    void *virt = guest_map(b, page);

    if (!virt)
        return -1;
    memset(virt, 0, page.count << PAGE_SHIFT);
    guest_unmap(b, virt, page);
    return 0;
}

/* Kernels with a HYPERCALL_PAGE note need call stubs in a page of their own. */
static int init_hypercall_page(struct builder *b)
{
    const struct kernel *kernel = &b->image->kernel;
    uint64_t pfn;

    if (kernel->hypercall_page == KERNEL_NO_ADDRESS)
        return 0;
    pfn = (kernel->hypercall_page - kernel->virt_base) >> PAGE_SHIFT;
    if (xlc_domain_hypercall_init(b->ctrl, b->domid, b->mfns[pfn]))
        return build_error(b, errno, "cannot fill its hypercall page");
    return 0;
}

/* All that is memory: contents, tables, pin. */
static int fill_memory(struct builder *b)
{
    if (load_kernel(b) || load_ramdisk(b) || write_p2m_list(b) ||
        clear_page(b, b->layout.store) || clear_page(b, b->layout.console) ||
        clear_page(b, b->layout.stack) || init_hypercall_page(b) ||
        write_page_tables(b))
        return -1;
    if (xlc_mmuext_pin(b->ctrl, b->domid, MMUEXT_PIN_L4_TABLE,
                       b->mfns[b->layout.page_tables.start]))
        return build_error(b, errno, "Xen refuses its page tables");
    return 0;
}

/* All that the kernel and its peers learn. */
static int fill_info(struct builder *b)
{
    struct xen_domctl_getdomaininfo info;

    if (xlc_domain_getinfo(b->ctrl, b->domid, &info))
        return build_error(b, errno, "cannot get its shared info frame");
    if (init_shared_info(b, info.shared_info_frame) ||
        write_start_info(b, info.shared_info_frame) || set_boot_vcpu(b))
        return -1;
    if (xlc_gnttab_seed(b->ctrl, b->domid, b->mfns[b->layout.console.start],
                        b->mfns[b->layout.store.start]))
        return build_error(b, errno, "cannot write its reserved grants");
    return 0;
}

static int allocate(struct builder *b)
{
    int rc, saved;

    if (b->config->claim &&
        xlc_memory_claim(b->ctrl, b->domid, b->layout.nr_pages))
        return build_error(b, errno, "cannot claim %llu MiB of memory",
                           (unsigned long long)b->layout.nr_pages >> 8);
    b->mfns = calloc(b->layout.nr_pages, sizeof(*b->mfns));
    rc = b->mfns ? populate(b)
                 : build_error(b, errno, "no memory for its p2m list");
    saved = errno;
    if (b->config->claim)
        xlc_memory_claim(b->ctrl, b->domid, 0);
    errno = saved;
    return rc;
}

static int prepare(struct builder *b)
{
    const struct xlg_config *config = b->config;
    struct why why;

    if (config->cmdline && strlen(config->cmdline) >= XLG_CMDLINE_MAX) {
        errno = EINVAL;
        return build_error(b, -1, "command line of %zu bytes, at most %d",
                           strlen(config->cmdline), XLG_CMDLINE_MAX - 1);
    }
    if (kernel_layout(&b->image->kernel, config->mem_kib / 4,
                      b->image->ramdisk.size, false, &b->layout, &why)) {
        errno = why.error;
        return build_error(b, -1, "%s: %s", b->image->kernel_path, why.text);
    }
    if (xlc_domain_set_address_size(b->ctrl, b->domid, 64))
        return build_error(b, errno, "Xen does not run 64-bit PV guests");
    return 0;
}

int xlg_build_pv(xlc_handle *h, const xlg_image *image,
                 const struct xlg_config *config, struct xlg_result *result)
{
    struct builder b = {
        .ctrl = h,
        .logger = xlc_logger(h),
        .domid = config->domid,
        .image = image,
        .config = config,
    };
    int rc = -1, saved;

    if (prepare(&b) || allocate(&b) || fill_memory(&b) || fill_info(&b))
        goto out;
    *result = (struct xlg_result){
        .console_mfn = b.mfns[b.layout.console.start],
        .store_mfn = b.mfns[b.layout.store.start],
    };
    rc = 0;
out:
    saved = errno;
    free(b.mfns);
    errno = saved;
    return rc;
}
