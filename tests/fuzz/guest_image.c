/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a kernel file: unpack, parse, lay out, load. What is accepted
 * must leave every segment and every part of the layout inside the guest.
 *
 *   make fuzz-guest-image
 *   build/tests/fuzz/guest-image -max_total_time=60 build/tests/fuzz/seeds
 */
#include <stdlib.h>
#include <string.h>

#include <hv/kernel.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_kernel(struct span file, uint8_t **unpacked, struct span *elf,
                       struct kernel *kernel, struct why *why)
{
    struct kernel_payload payload;

    if (kernel_payload(file, &payload, why))
        return -1;
    *elf = payload.data;
    if (payload.unpacked_size) {
        *unpacked = malloc(payload.unpacked_size);
        *elf = (struct span){*unpacked, payload.unpacked_size};
        if (kernel_unpack(&payload, *unpacked, why))
            return -1;
    }
    return kernel_parse(*elf, kernel, why);
}

/* Reads all that would be loaded, for the sanitizer to see. */
static void check_segments(struct span elf, const struct kernel *kernel)
{
    uint64_t loaded = 0;

    for (unsigned int i = 0; i < kernel->nr_segments; i++) {
        const struct kernel_segment *s = &kernel->segments[i];
        uint8_t *copy = malloc(s->file_size + 1);

        memcpy(copy, elf.data + s->offset, s->file_size);
        free(copy);
        loaded += s->mem_size;
        if (s->file_size > s->mem_size || s->phys < kernel->phys_start ||
            s->phys + s->mem_size > kernel->phys_end)
            abort();
    }
    if (loaded > kernel->phys_end - kernel->phys_start)
        abort();
}

static void check_layout(const struct kernel *kernel, uint64_t nr_pages,
                         uint64_t ramdisk, bool dom0)
{
    struct kernel_layout l;
    struct why why;

    if (kernel_layout(kernel, nr_pages, ramdisk, dom0, &l, &why))
        return;
    if (kernel->phys_end > nr_pages << KERNEL_PAGE_SHIFT ||
        range_end(l.stack) > nr_pages || range_end(l.p2m) > nr_pages ||
        range_end(l.ramdisk) > nr_pages ||
        l.start_info.start << KERNEL_PAGE_SHIFT < kernel->phys_end ||
        l.page_tables.start < range_end(l.start_info) ||
        l.stack.start < range_end(l.page_tables))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *file = malloc(size + 1), *unpacked = NULL;
    struct kernel kernel;
    struct span elf;
    struct why why;

    memcpy(file, data, size);
    if (!read_kernel((struct span){file, size}, &unpacked, &elf, &kernel,
                     &why)) {
        check_segments(elf, &kernel);
        for (uint64_t nr = 1000; nr < 1 << 28; nr *= 7)
            check_layout(&kernel, nr, size * 100, nr & 2);
    }
    free(unpacked);
    free(file);
    return 0;
}
