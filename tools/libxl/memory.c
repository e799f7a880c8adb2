/* SPDX-License-Identifier: MIT */
/*
 * A domain's memory: its target, which the guest's balloon driver follows,
 * and its maximum, which Xen enforces; and the host's free memory.
 */
#include "domain.h"

#define KB_PER_PAGE (PAGE_SIZE / 1024)

static int set_max(libxl__gc *gc, uint32_t domid, uint64_t kb)
{
    if (!xlc_domain_max_mem(CTX->xch, domid, kb + LIBXL__MAXMEM_SLACK))
        return 0;
    LOGE(ERROR, "cannot set domain %s's maximum to %" PRIu64 " KiB",
         libxl__domain_label(gc, domid), kb);
    return ERROR_FAIL;
}

static const char *memory_path(libxl__gc *gc, uint32_t domid, const char *what)
{
    return GCSPRINTF("/local/domain/%u/memory/%s", domid, what);
}

/* rc: of reading it; ERROR_FAIL has been logged. */
static int no_target(libxl__gc *gc, uint32_t domid, int rc)
{
    if (rc != ERROR_FAIL)
        LOG(ERROR, "domain %s has no memory target in the store",
            libxl__domain_label(gc, domid));
    return ERROR_FAIL;
}

int libxl_domain_setmaxmem(libxl_ctx *ctx, uint32_t domid, uint64_t max_memkb)
{
    GC_INIT(ctx);
    uint64_t target;
    int rc = libxl_get_memory_target(ctx, domid, &target);

    if (rc)
        return rc;
    if (max_memkb < target) {
        LOG(ERROR,
            "domain %s: a maximum of %" PRIu64
            " KiB is less than its target of %" PRIu64 " KiB",
            libxl__domain_label(gc, domid), max_memkb, target);
        return ERROR_INVAL;
    }
    return set_max(gc, domid, max_memkb);
}

/* No toolstack has built dom0: its nodes start from its current memory. */
static int dom0_init(libxl__gc *gc, xs_transaction_t t, uint32_t domid,
                     const struct xen_domctl_getdomaininfo *info)
{
    uint64_t target = info->tot_pages * KB_PER_PAGE;
    uint64_t max = info->max_pages * KB_PER_PAGE;
    int rc;

    if (max > UINT32_MAX) /* no maximum was set */
        max = target;
    rc = libxl__xs_printf(gc, t, memory_path(gc, domid, "target"), "%" PRIu64,
                          target);
    if (!rc)
        rc = libxl__xs_printf(gc, t, memory_path(gc, domid, "static-max"),
                              "%" PRIu64, max);
    return rc;
}

struct target {
    uint32_t domid;
    const struct xen_domctl_getdomaininfo *info;
    int64_t kb;
    bool relative, enforce;
};

static int new_target(libxl__gc *gc, xs_transaction_t t, void *arg)
{
    const struct target *new = arg;
    uint32_t domid = new->domid, target, max;
    int64_t kb = new->kb;
    int rc =
        libxl__xs_read_uint(gc, t, memory_path(gc, domid, "target"), &target);

    if (rc == ERROR_NOTFOUND && !domid) {
        rc = dom0_init(gc, t, domid, new->info);
        if (!rc)
            rc = libxl__xs_read_uint(gc, t, memory_path(gc, domid, "target"),
                                     &target);
    }
    if (!rc)
        rc = libxl__xs_read_uint(gc, t, memory_path(gc, domid, "static-max"),
                                 &max);
    if (rc)
        return no_target(gc, domid, rc);
    if (new->relative)
        kb += target;
    if (kb <= 0 || kb > max) {
        LOG(ERROR,
            "domain %s: a target of %" PRId64
            " KiB is not between 1 and its maximum of %u KiB",
            libxl__domain_label(gc, domid), kb, max);
        return ERROR_INVAL;
    }
    if (!domid && kb < 128 * 1024) {
        LOG(ERROR, "dom0 is left at least 128 MiB, not %" PRId64 " KiB", kb);
        return ERROR_INVAL;
    }
    rc = libxl__xs_printf(gc, t, memory_path(gc, domid, "target"), "%" PRId64,
                          kb);
    /* Set the limit before the guest sees its target: it may grow at once. */
    if (!rc && new->enforce)
        rc = set_max(gc, domid, kb);
    return rc;
}

int libxl_set_memory_target(libxl_ctx *ctx, uint32_t domid,
                            int64_t target_memkb, int relative, int enforce)
{
    GC_INIT(ctx);
    struct xen_domctl_getdomaininfo info;
    struct target target = {domid, &info, target_memkb, relative, enforce};
    int rc = libxl__domain_find(gc, domid, &info);

    return rc ?: libxl__xs_transaction(gc, new_target, &target);
}

int libxl_get_memory_target(libxl_ctx *ctx, uint32_t domid,
                            uint64_t *out_target)
{
    GC_INIT(ctx);
    struct xen_domctl_getdomaininfo info;
    uint32_t target;
    int rc = libxl__domain_find(gc, domid, &info);

    if (rc)
        return rc;
    rc = libxl__xs_read_uint(gc, XBT_NULL, memory_path(gc, domid, "target"),
                             &target);
    if (rc && (domid || rc == ERROR_FAIL))
        return no_target(gc, domid, rc);
    *out_target = rc ? info.tot_pages * KB_PER_PAGE : target;
    return 0;
}

int libxl_get_memory_target_0x040700(libxl_ctx *ctx, uint32_t domid,
                                     uint32_t *out_target)
{
    uint64_t target;
    int rc = libxl_get_memory_target(ctx, domid, &target);

    if (!rc)
        *out_target = target;
    return rc;
}

int libxl_domain_need_memory(libxl_ctx *ctx, libxl_domain_config *config,
                             uint32_t domid_for_logging, uint64_t *need_memkb)
{
    GC_INIT(ctx);
    int rc = libxl__domain_config_setdefault(gc, config);

    if (!rc)
        *need_memkb = config->b_info.target_memkb + LIBXL__MAXMEM_SLACK;
    return rc;
}

int libxl_get_free_memory(libxl_ctx *ctx, uint64_t *memkb)
{
    GC_INIT(ctx);
    struct xen_sysctl_physinfo info;
    uint64_t pages;
    int rc = libxl__physinfo(gc, &info);

    if (rc)
        return rc;
    pages = info.free_pages + info.scrub_pages;
    /* Pages claimed by domains under construction are not free. */
    pages -= info.outstanding_pages < pages ? info.outstanding_pages : pages;
    *memkb = pages * KB_PER_PAGE;
    return 0;
}

int libxl_get_free_memory_0x040700(libxl_ctx *ctx, uint32_t *memkb)
{
    uint64_t kb;
    int rc = libxl_get_free_memory(ctx, &kb);

    if (!rc)
        *memkb = kb > UINT32_MAX ? UINT32_MAX : kb;
    return rc;
}

int libxl_wait_for_free_memory(libxl_ctx *ctx, uint32_t domid,
                               uint64_t memory_kb, int wait_secs)
{
    uint64_t kb;
    int rc;

    for (;; sleep(1)) {
        rc = libxl_get_free_memory(ctx, &kb);
        if (rc || kb >= memory_kb)
            return rc;
        if (wait_secs-- <= 0)
            return ERROR_NOMEM;
    }
}

int libxl_wait_for_memory_target(libxl_ctx *ctx, uint32_t domid, int wait_secs)
{
    uint64_t target, kb, last = 0;
    libxl_dominfo info;
    int rc;

    for (;; sleep(1)) {
        libxl_dominfo_init(&info);
        rc = libxl_domain_info(ctx, &info, domid);
        kb = info.current_memkb;
        libxl_dominfo_dispose(&info);
        if (!rc)
            rc = libxl_get_memory_target(ctx, domid, &target);
        if (rc || kb <= target)
            return rc;
        /* Only time without progress counts against wait_secs. */
        if (kb >= last && wait_secs-- <= 0)
            return ERROR_FAIL;
        last = kb;
    }
}
