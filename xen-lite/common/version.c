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

/* --- one handler for each operation: to is the guest's address ------------ */

static long put(uint64_t to, const void *from, size_t n)
{
    return copy_to_guest_raw(to, from, n) ? -EFAULT : 0;
}

static long version(uint64_t to)
{
    return (XEN_MAJOR << 16) | XEN_MINOR;
}

static long extraversion(uint64_t to)
{
    xen_extraversion_t s = XEN_EXTRA;

    return put(to, s, sizeof(s));
}

static long compile_info(uint64_t to)
{
    struct xen_compile_info info = {
        .compiler = __VERSION__,
        .compile_by = "xen-lite",
        .compile_domain = "",
        .compile_date = XEN_LITE_DATE,
    };

    return put(to, &info, sizeof(info));
}

static long capabilities(uint64_t to)
{
    xen_capabilities_info_t s = "xen-3.0-x86_64 ";

    return put(to, s, sizeof(s));
}

static long changeset(uint64_t to)
{
    xen_changeset_info_t s = "xen-lite " XEN_LITE_VERSION;

    return put(to, s, sizeof(s));
}

static long platform_parameters(uint64_t to)
{
    struct xen_platform_parameters p = {HYPERVISOR_VIRT_START};

    return put(to, &p, sizeof(p));
}

static long get_features(uint64_t to)
{
    struct xen_feature_info f;

    if (copy_object_from_guest(&f, to))
        return -EFAULT;
    if (f.submap_idx >= XENFEAT_NR_SUBMAPS)
        return -EINVAL;
    f.submap = features(current->domain);
    return put(to, &f, sizeof(f));
}

static long pagesize(uint64_t to)
{
    return to ? -EINVAL : (long)PAGE_SIZE;
}

static long guest_handle(uint64_t to)
{
    return put(to, current->domain->handle, sizeof(current->domain->handle));
}

static long commandline(uint64_t to)
{
    static xen_commandline_t s; /* 1 KiB: the same for all callers */

    if (!current->domain->is_privileged)
        return put(to, "<denied>", 9);
    strlcpy(s, saved_cmdline, sizeof(s));
    return put(to, s, sizeof(s));
}

static long build_id(uint64_t to)
{
    const uint8_t *id = __build_id_start + 16;
    uint32_t len = __build_id_end - id;
    struct xen_build_id b;
    long rc;

    if (!to)
        return len;
    if (copy_object_from_guest(&b, to))
        return -EFAULT;
    if (!b.len)
        return -EINVAL;
    if (b.len < len)
        return -ENOBUFS;
    rc = put(to + offsetof(struct xen_build_id, buf), id, len);
    return rc ? rc : (long)len;
}

/*
 * Rows of their own kind: Linux asks for the version each time that it unmasks
 * its events and finds some pending, and subop_call() would make that half as
 * long again.
 */
static long (*const version_table[])(uint64_t to) = {
    [XENVER_version] = version,
    [XENVER_extraversion] = extraversion,
    [XENVER_compile_info] = compile_info,
    [XENVER_capabilities] = capabilities,
    [XENVER_changeset] = changeset,
    [XENVER_platform_parameters] = platform_parameters,
    [XENVER_get_features] = get_features,
    [XENVER_pagesize] = pagesize,
    [XENVER_guest_handle] = guest_handle,
    [XENVER_commandline] = commandline,
    [XENVER_build_id] = build_id,
};

long do_xen_version(unsigned int cmd, uint64_t arg)
{
    if (cmd >= ARRAY_SIZE(version_table) || !version_table[cmd])
        return -ENOSYS;
    return version_table[cmd](arg);
}
