/* SPDX-License-Identifier: MIT */
/*
 * A domain's virtual processors: list, affinity, and how many the guest is
 * asked to have online.
 */
#include "domain.h"

static int vcpu_fill(libxl__gc *gc, uint32_t domid, uint32_t vcpu, int max_cpus,
                     libxl_vcpuinfo *out)
{
    struct xen_domctl_getvcpuinfo in;

    libxl_vcpuinfo_init(out);
    if (libxl_cpu_bitmap_alloc(CTX, &out->cpumap, max_cpus) ||
        libxl_cpu_bitmap_alloc(CTX, &out->cpumap_soft, max_cpus))
        return ERROR_FAIL;
    if (xlc_vcpu_getinfo(CTX->xch, domid, vcpu, &in) ||
        xlc_vcpu_affinity(CTX->xch, domid, vcpu, XEN_DOMCTL_getvcpuaffinity,
                          XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT,
                          out->cpumap.size, out->cpumap.map,
                          out->cpumap_soft.map)) {
        LOGE(ERROR, "cannot get information on vcpu %u of domain %s", vcpu,
             libxl__domain_label(gc, domid));
        return ERROR_FAIL;
    }
    out->vcpuid = vcpu;
    out->cpu = in.cpu;
    out->online = in.online;
    out->blocked = in.blocked;
    out->running = in.running;
    out->vcpu_time = in.cpu_time;
    return 0;
}

libxl_vcpuinfo *libxl_list_vcpu(libxl_ctx *ctx, uint32_t domid, int *nb_vcpu,
                                int *nr_cpus_out)
{
    GC_INIT(ctx);
    struct xen_domctl_getdomaininfo info;
    libxl_vcpuinfo *list;
    int n = 0, rc, cpus = libxl_get_max_cpus(ctx);

    rc = libxl__domain_find(gc, domid, &info);
    if (rc || cpus <= 0)
        return NULL;
    list = libxl__array_nogc(ctx, info.max_vcpu_id + 1, sizeof(*list));
    for (; !rc && n <= (int)info.max_vcpu_id; n++)
        rc = vcpu_fill(gc, domid, n, cpus, &list[n]);
    if (rc) {
        libxl_vcpuinfo_list_free(list, n);
        return NULL;
    }
    *nb_vcpu = n;
    *nr_cpus_out = cpus;
    return list;
}

/* A map of the host's size with what fits of the given one. */
static uint8_t *sized_map(libxl__gc *gc, const libxl_bitmap *map, size_t bytes)
{
    uint8_t *sized;

    if (!map)
        return NULL;
    GCNEW_ARRAY(sized, bytes);
    memcpy(sized, map->map, map->size < bytes ? map->size : bytes);
    return sized;
}

static int set_affinity(libxl__gc *gc, uint32_t domid, uint32_t vcpuid,
                        const libxl_bitmap *hard, const libxl_bitmap *soft,
                        uint32_t flags)
{
    int cpus = libxl_get_max_cpus(CTX);
    size_t bytes = (cpus + 7) / 8;
    uint8_t *h, *s;

    if (cpus <= 0)
        return ERROR_FAIL;
    h = sized_map(gc, hard, bytes);
    s = sized_map(gc, soft, bytes);
    flags |= (h ? XEN_VCPUAFFINITY_HARD : 0) | (s ? XEN_VCPUAFFINITY_SOFT : 0);
    if (!xlc_vcpu_affinity(CTX->xch, domid, vcpuid, XEN_DOMCTL_setvcpuaffinity,
                           flags, bytes, h, s))
        return 0;
    LOGE(ERROR, "cannot set the affinity of vcpu %u of domain %s", vcpuid,
         libxl__domain_label(gc, domid));
    return ERROR_FAIL;
}

int libxl_set_vcpuaffinity(libxl_ctx *ctx, uint32_t domid, uint32_t vcpuid,
                           const libxl_bitmap *cpumap_hard,
                           const libxl_bitmap *cpumap_soft)
{
    GC_INIT(ctx);

    return set_affinity(gc, domid, vcpuid, cpumap_hard, cpumap_soft, 0);
}

int libxl_set_vcpuaffinity_force(libxl_ctx *ctx, uint32_t domid,
                                 uint32_t vcpuid,
                                 const libxl_bitmap *cpumap_hard,
                                 const libxl_bitmap *cpumap_soft)
{
    GC_INIT(ctx);

    return set_affinity(gc, domid, vcpuid, cpumap_hard, cpumap_soft,
                        XEN_VCPUAFFINITY_FORCE);
}

int libxl_set_vcpuaffinity_all(libxl_ctx *ctx, uint32_t domid,
                               unsigned int max_vcpus,
                               const libxl_bitmap *cpumap_hard,
                               const libxl_bitmap *cpumap_soft)
{
    GC_INIT(ctx);
    int rc = 0;

    /* Go on after a failure, so that all vcpus are tried. */
    for (unsigned int i = 0; i < max_vcpus; i++)
        rc = set_affinity(gc, domid, i, cpumap_hard, cpumap_soft, 0) ?: rc;
    return rc;
}

int libxl_set_vcpuonline(libxl_ctx *ctx, uint32_t domid, libxl_bitmap *cpumap,
                         const libxl_asyncop_how *ao_how)
{
    libxl__ao *ao = libxl__ao_create(ctx, domid, ao_how);
    libxl__gc *gc = &ao->gc;
    struct xen_domctl_getdomaininfo info;
    int rc = libxl__domain_find(gc, domid, &info);

    if (!rc && libxl_bitmap_count_set(cpumap) > (int)info.max_vcpu_id + 1) {
        LOG(ERROR, "domain %s has %u vcpus, not %d",
            libxl__domain_label(gc, domid), info.max_vcpu_id + 1,
            libxl_bitmap_count_set(cpumap));
        rc = ERROR_INVAL;
    }
    for (uint32_t i = 0; !rc && i <= info.max_vcpu_id; i++)
        rc = libxl__xs_write(
            gc, XBT_NULL,
            GCSPRINTF("/local/domain/%u/cpu/%u/availability", domid, i),
            libxl_bitmap_test(cpumap, i) ? "online" : "offline");
    return libxl__ao_done(ao, rc);
}
