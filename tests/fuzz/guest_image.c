/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a kernel file: unpack, parse, lay out. What is accepted must
 * leave every segment and every part of the layout inside the guest.
 *
 *   make fuzz-guest-image && build/tests/fuzz/guest-image -max_total_time=60
 */
#include <stdlib.h>

#include "../../tools/libs/guest/private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_kernel(struct source *file, struct source *unpacked,
                       struct xlg_kernel *kernel, struct why *why)
{
    struct span whole = {file->data, file->size}, payload = whole;
    bool bzimage = xlg_is_bzimage(whole);

    if (bzimage && xlg_bzimage_payload(whole, &payload, why))
        return -1;
    if (!bzimage && !xlg_is_gzip(whole))
        return xlg_elf_parse(file, kernel, why);
    if (xlg_decompress(payload, unpacked, why))
        return -1;
    return xlg_elf_parse(unpacked, kernel, why);
}

static void check_layout(const struct xlg_kernel *kernel, uint64_t nr_pages,
                         uint64_t ramdisk)
{
    struct xlg_layout l;
    struct why why;

    if (xlg_layout_compute(kernel, nr_pages, ramdisk, &l, &why))
        return;
    if (kernel->phys_end > nr_pages << PAGE_SHIFT ||
        range_end(l.stack) > nr_pages || range_end(l.p2m) > nr_pages ||
        range_end(l.ramdisk) > nr_pages)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct source file = {
        .fd = -1, .data = malloc(size ? size : 1), .size = size};
    struct source unpacked = {.fd = -1};
    struct xlg_kernel kernel;
    struct why why;
    uint64_t nr;

    memcpy(file.data, data, size);
    if (!read_kernel(&file, &unpacked, &kernel, &why))
        for (nr = 1000; nr < 1 << 28; nr *= 7)
            check_layout(&kernel, nr, size * 100);
    source_close(&unpacked);
    source_close(&file);
    return 0;
}
