/* SPDX-License-Identifier: MIT */
/* Bitmaps of the tools, which have any length, and the hypervisor's masks. */
#include <hv/domctl.h>
#include <hv/guest_access.h>

int xenctl_bitmap_to_mask(const struct xenctl_bitmap *bitmap, cpumask_t *mask)
{
    uint64_t bits = 0;
    uint32_t bytes = MIN(DIV_ROUND_UP((uint64_t)bitmap->nr_bits, 8), 8ULL);

    if (copy_from_guest_raw(&bits, (uint64_t)bitmap->bitmap.p, bytes))
        return -EFAULT;
    if (bitmap->nr_bits < 64)
        bits &= (1ULL << bitmap->nr_bits) - 1;
    mask->bits = bits;
    return 0;
}

int mask_to_xenctl_bitmap(struct xenctl_bitmap *bitmap, cpumask_t mask)
{
    uint64_t bytes = DIV_ROUND_UP((uint64_t)bitmap->nr_bits, 8);
    uint64_t ours = MIN(bytes, 8ULL), to = (uint64_t)bitmap->bitmap.p;

    if (bitmap->nr_bits < 64)
        mask.bits &= (1ULL << bitmap->nr_bits) - 1;
    if (bytes > PAGE_SIZE) /* no host has that many; do not clear for ever */
        return -EINVAL;
    if (copy_to_guest_raw(to, &mask.bits, ours) ||
        clear_guest_raw(to + ours, bytes - ours))
        return -EFAULT;
    return 0;
}
