/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_xen_version: what this hypervisor is. The version is that of the
 * interface; extraversion, banner and compile information say xen-lite.
 */
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <hv/version.h>
#include <xen/features.h>
#include <xen/version.h>

const char xen_lite_banner[] =
    "xen-lite " XEN_LITE_VERSION " (Xen version " XEN_VERSION_STRING ")";

/* Left by the linker; the note's 16-byte header precedes the id. */
extern const uint8_t __build_id_start[], __build_id_end[];

static uint32_t features(const struct domain *d)
{
    uint32_t f = (1u << XENFEAT_pae_pgdir_above_4gb) |
                 (1u << XENFEAT_mmu_pt_update_preserve_ad) |
                 (1u << XENFEAT_highmem_assist) |
                 (1u << XENFEAT_gnttab_map_avail_bits) |
                 (1u << XENFEAT_memory_op_vnode_supported) |
                 (1u << XENFEAT_direct_mapped);

    if (is_hardware_domain(d))
        f |= 1u << XENFEAT_dom0;
    return f;
}

static long put(uint64_t to, const void *from, size_t n, long rc)
{
    return copy_to_guest_raw(to, from, n) ? -EFAULT : rc;
}

static long build_id(uint64_t arg)
{
    const uint8_t *id = __build_id_start + 16;
    uint32_t len = __build_id_end - id;
    struct xen_build_id b;

    if (!arg)
        return len;
    if (copy_object_from_guest(&b, arg))
        return -EFAULT;
    if (!b.len)
        return -EINVAL;
    if (b.len < len)
        return -ENOBUFS;
    return put(arg + offsetof(struct xen_build_id, buf), id, len, len);
}

long do_xen_version(unsigned int cmd, uint64_t arg)
{
    struct domain *d = current->domain;

    switch (cmd) {
    case XENVER_version:
        return (XEN_MAJOR << 16) | XEN_MINOR;
    case XENVER_extraversion: {
        xen_extraversion_t s = XEN_EXTRA;

        return put(arg, s, sizeof(s), 0);
    }
    case XENVER_compile_info: {
        struct xen_compile_info info = {
            .compiler = __VERSION__,
            .compile_by = "xen-lite",
            .compile_domain = "",
            .compile_date = XEN_LITE_DATE,
        };

        return put(arg, &info, sizeof(info), 0);
    }
    case XENVER_capabilities: {
        xen_capabilities_info_t s = "xen-3.0-x86_64 ";

        return put(arg, s, sizeof(s), 0);
    }
    case XENVER_changeset: {
        xen_changeset_info_t s = "xen-lite " XEN_LITE_VERSION;

        return put(arg, s, sizeof(s), 0);
    }
    case XENVER_platform_parameters: {
        struct xen_platform_parameters p = {HYPERVISOR_VIRT_START};

        return put(arg, &p, sizeof(p), 0);
    }
    case XENVER_get_features: {
        struct xen_feature_info f;

        if (copy_object_from_guest(&f, arg))
            return -EFAULT;
        if (f.submap_idx >= XENFEAT_NR_SUBMAPS)
            return -EINVAL;
        f.submap = features(d);
        return put(arg, &f, sizeof(f), 0);
    }
    case XENVER_pagesize:
        return arg ? -EINVAL : (long)PAGE_SIZE;
    case XENVER_guest_handle:
        return put(arg, d->handle, sizeof(d->handle), 0);
    case XENVER_commandline: {
        static xen_commandline_t s; /* 1 KiB: the same for all callers */

        if (!d->is_privileged)
            return put(arg, "<denied>", 9, 0);
        strlcpy(s, saved_cmdline, sizeof(s));
        return put(arg, s, sizeof(s), 0);
    }
    case XENVER_build_id:
        return build_id(arg);
    default:
        return -ENOSYS;
    }
}
