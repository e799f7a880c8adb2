/* SPDX-License-Identifier: MIT */
/*
 * memory_op of x86: memory maps in BIOS form, and the machine-to-phys table.
 */
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/memory.h>
#include <hv/mm.h>
#include <asm/e820.h>
#include <xen/memory.h>

/* As many entries as there are and as there is room for; the count back. The
 * host's own map is given as a whole or not at all. */
static long give_map(struct xen_memory_map *map, const struct e820entry *e,
                     unsigned int nr, bool whole)
{
    if (whole && map->nr_entries <= nr)
        return -EINVAL;
    if (!nr)
        return -ENOSYS;
    map->nr_entries = MIN(map->nr_entries, nr);
    return copy_to_guest_raw((uint64_t)map->buffer.p, e,
                             map->nr_entries * sizeof(*e))
               ? -EFAULT
               : 0;
}

static long memory_map(struct domain *d, void *arg)
{
    struct e820entry *copy = NULL;
    unsigned int nr;
    long rc;

    /* The map may be replaced; guest memory is not touched under the lock. */
    copy = xzalloc_array(struct e820entry, E820_MAX);
    if (!copy)
        return -ENOMEM;
    spin_lock(&d->arch.e820_lock);
    nr = d->arch.nr_e820;
    if (nr)
        memcpy(copy, d->arch.e820, nr * sizeof(*copy));
    spin_unlock(&d->arch.e820_lock);
    rc = give_map(arg, copy, nr, false);
    xfree(copy);
    return rc;
}

static long machine_memory_map(struct domain *d, void *arg)
{
    return give_map(arg, hv_e820.map, hv_e820.nr, true);
}

static long set_memory_map(struct domain *unused, void *arg)
{
    const struct xen_foreign_memory_map *f = arg;
    struct e820entry *new, *old;
    struct domain *d;
    long rc;

    if (f->map.nr_entries > E820_MAX)
        return -EINVAL;
    rc = subop_domain(f->domid, &d);
    if (rc)
        return rc;
    rc = -ENOMEM;
    new = xzalloc_array(struct e820entry, f->map.nr_entries + 1);
    if (!new)
        goto out;
    rc = -EFAULT;
    if (copy_from_guest_raw(new, (uint64_t)f->map.buffer.p,
                            f->map.nr_entries * sizeof(*new))) {
        xfree(new);
        goto out;
    }
    spin_lock(&d->arch.e820_lock);
    old = d->arch.e820;
    d->arch.e820 = new;
    d->arch.nr_e820 = f->map.nr_entries;
    spin_unlock(&d->arch.e820_lock);
    xfree(old);
    rc = 0;
out:
    put_domain(d);
    return rc;
}

static long machphys_mapping(struct domain *d, void *arg)
{
    *(struct xen_machphys_mapping *)arg = (struct xen_machphys_mapping){
        .v_start = MACH2PHYS_VIRT_START,
        .v_end = MACH2PHYS_VIRT_END,
        .max_mfn =
            is_hardware_domain(d) ? max_page - 1 : MACH2PHYS_NR_ENTRIES - 1,
    };
    return 0;
}

static long machphys_mfn_list(struct domain *d, void *arg)
{
    struct xen_machphys_mfn_list *l = arg;
    xen_pfn_t mfn;

    for (l->nr_extents = 0; l->nr_extents < l->max_extents; l->nr_extents++) {
        mfn = mfn_x(m2p_chunk(l->nr_extents));
        if (mfn == INVALID_MFN_RAW)
            break;
        if (copy_to_guest_offset(l->extent_start, l->nr_extents, &mfn, 1))
            return -EFAULT;
    }
    return 0;
}

long arch_max_gpfn(const struct domain *d)
{
    return MAX((long)READ_ONCE(d->shared_info->arch.max_pfn), 1L) - 1;
}

const struct subop arch_memory_table[NR_MEMORY_OPS] = {
    [XENMEM_memory_map] = {.fn = memory_map,
                           SUBOP_IN(struct xen_memory_map),
                           SUBOP_OUT_FIELD(struct xen_memory_map, nr_entries)},
    [XENMEM_machine_memory_map] = {.fn = machine_memory_map,
                                   SUBOP_IN(struct xen_memory_map),
                                   SUBOP_OUT_FIELD(struct xen_memory_map,
                                                   nr_entries),
                                   .flags = SUBOP_PRIVILEGED},
    [XENMEM_set_memory_map] = {.fn = set_memory_map,
                               SUBOP_IN(struct xen_foreign_memory_map)},
    [XENMEM_machphys_mapping] = {.fn = machphys_mapping,
                                 .out = sizeof(struct xen_machphys_mapping)},
    [XENMEM_machphys_mfn_list] = {.fn = machphys_mfn_list,
                                  SUBOP_IN(struct xen_machphys_mfn_list),
                                  SUBOP_OUT_FIELD(struct xen_machphys_mfn_list,
                                                  nr_extents)},
    [XENMEM_machphys_compat_mfn_list] = {.rc = -EOPNOTSUPP}, /* for 32 bits */
};
