/* SPDX-License-Identifier: MIT */
/*
 * The list of domains and the hypervisor's information on them; and their
 * names, which only the store holds.
 */
#include "domain.h"

#define LIST_CHUNK 1024

int libxl__domain_getinfo(libxl__gc *gc, uint32_t domid,
                          struct xen_domctl_getdomaininfo *info)
{
    if (domid >= DOMID_FIRST_RESERVED)
        return ERROR_DOMAIN_NOTFOUND;
    if (!xlc_domain_getinfo(CTX->xch, domid, info))
        return 0;
    if (errno == ESRCH)
        return ERROR_DOMAIN_NOTFOUND;
    LOGE(ERROR, "cannot get information on domain %u", domid);
    return ERROR_FAIL;
}

int libxl__domain_find(libxl__gc *gc, uint32_t domid,
                       struct xen_domctl_getdomaininfo *info)
{
    int rc = libxl__domain_getinfo(gc, domid, info);

    if (rc == ERROR_DOMAIN_NOTFOUND)
        LOG(ERROR, "there is no domain %u", domid);
    return rc;
}

bool libxl__domain_exists(libxl__gc *gc, uint32_t domid)
{
    struct xen_domctl_getdomaininfo info;

    return !libxl__domain_getinfo(gc, domid, &info);
}

static uint64_t pages_to_kb(uint64_t pages)
{
    return pages << (PAGE_SHIFT - 10);
}

static void dominfo_fill(libxl_dominfo *out,
                         const struct xen_domctl_getdomaininfo *in)
{
    unsigned int reason =
        in->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;

    memcpy(out->uuid.uuid, in->handle, sizeof(in->handle));
    out->domid = in->domain;
    out->ssidref = in->ssidref;
    out->dying = in->flags & XEN_DOMINF_dying;
    out->shutdown = in->flags & XEN_DOMINF_shutdown;
    out->paused = in->flags & XEN_DOMINF_paused;
    out->blocked = in->flags & XEN_DOMINF_blocked;
    out->running = in->flags & XEN_DOMINF_running;
    out->never_stop = in->flags & XEN_DOMINF_xs_domain;
    if (out->shutdown)
        out->shutdown_reason = reason;
    out->outstanding_memkb = pages_to_kb(in->outstanding_pages);
    out->current_memkb = pages_to_kb(in->tot_pages);
    out->shared_memkb = pages_to_kb(in->shr_pages);
    out->paged_memkb = pages_to_kb(in->paged_pages);
    out->max_memkb = pages_to_kb(in->max_pages);
    out->cpu_time = in->cpu_time;
    out->vcpu_max_id = in->max_vcpu_id;
    out->vcpu_online = in->nr_online_vcpus;
    out->cpupool = in->cpupool;
    out->gpaddr_bits = in->gpaddr_bits;
    out->domain_type = in->flags & XEN_DOMINF_hvm_guest ? LIBXL_DOMAIN_TYPE_HVM
                                                        : LIBXL_DOMAIN_TYPE_PV;
}

int libxl_domain_info(libxl_ctx *ctx, libxl_dominfo *info_r, uint32_t domid)
{
    GC_INIT(ctx);
    struct xen_domctl_getdomaininfo info;
    int rc = libxl__domain_getinfo(gc, domid, &info);

    if (!rc && info_r)
        dominfo_fill(info_r, &info);
    return rc;
}

libxl_dominfo *libxl_list_domain(libxl_ctx *ctx, int *nb_domain_out)
{
    GC_INIT(ctx);
    struct xen_domctl_getdomaininfo *chunk;
    libxl_dominfo *list = NULL;
    uint32_t first = 0;
    int n, total = 0;

    GCNEW_ARRAY(chunk, LIST_CHUNK);
    do {
        n = xlc_domain_getinfolist(CTX->xch, first, LIST_CHUNK, chunk);
        if (n < 0) {
            LOGE(ERROR, "cannot list domains");
            libxl_dominfo_list_free(list, total);
            return NULL;
        }
        list = libxl__checked(realloc(list, (total + n + 1) * sizeof(*list)),
                              total + n + 1, sizeof(*list));
        for (int i = 0; i < n; i++, total++) {
            libxl_dominfo_init(&list[total]);
            dominfo_fill(&list[total], &chunk[i]);
            first = chunk[i].domain + 1;
        }
    } while (n == LIST_CHUNK);
    *nb_domain_out = total;
    return list;
}

libxl_vminfo *libxl_list_vm(libxl_ctx *ctx, int *nb_vm_out)
{
    GC_INIT(ctx);
    int n;
    libxl_dominfo *domains = libxl_list_domain(ctx, &n);
    libxl_vminfo *list;

    if (!domains)
        return NULL;
    list = libxl__array_nogc(ctx, n, sizeof(*list));
    for (int i = 0; i < n; i++) {
        libxl_vminfo_init(&list[i]);
        list[i].domid = domains[i].domid;
        list[i].uuid = domains[i].uuid;
    }
    libxl_dominfo_list_free(domains, n);
    *nb_vm_out = n;
    return list;
}

/* --- names --- */

char *libxl_domid_to_name(libxl_ctx *ctx, uint32_t domid)
{
    GC_INIT(ctx);

    return libxl__strdup_nogc(
        ctx, libxl__xs_read(gc, XBT_NULL,
                            GCSPRINTF("/local/domain/%u/name", domid)));
}

int libxl__name_to_domid(libxl__gc *gc, const char *name, uint32_t *domid)
{
    int n, rc = ERROR_INVAL;
    libxl_dominfo *list = libxl_list_domain(CTX, &n);
    bool unread = false;
    const char *its;

    if (!list)
        return ERROR_NOMEM;
    for (int i = 0; i < n && rc; i++) {
        its = libxl__xs_read(gc, XBT_NULL,
                             GCSPRINTF("/local/domain/%u/name", list[i].domid));
        if (!its && errno != ENOENT)
            unread = true;
        if (!its || strcmp(its, name))
            continue;
        *domid = list[i].domid;
        rc = 0;
    }
    libxl_dominfo_list_free(list, n);
    return rc && unread ? ERROR_FAIL : rc; /* it may be that one's */
}

int libxl_name_to_domid(libxl_ctx *ctx, const char *name, uint32_t *domid)
{
    GC_INIT(ctx);

    return name ? libxl__name_to_domid(gc, name, domid) : ERROR_INVAL;
}

int libxl_domain_qualifier_to_domid(libxl_ctx *ctx, const char *name,
                                    uint32_t *domid)
{
    GC_INIT(ctx);

    if (!libxl__parse_uint(name, DOMID_FIRST_RESERVED - 1, domid))
        return 0;
    return libxl__name_to_domid(gc, name, domid);
}

int libxl__uuid_to_domid(libxl__gc *gc, const libxl_uuid *uuid, uint32_t *domid)
{
    int n, rc = ERROR_INVAL;
    libxl_dominfo *list = libxl_list_domain(CTX, &n);

    if (!list)
        return ERROR_NOMEM;
    for (int i = 0; i < n && rc; i++) {
        if (list[i].dying || libxl_uuid_compare(&list[i].uuid, uuid))
            continue;
        *domid = list[i].domid;
        rc = 0;
    }
    libxl_dominfo_list_free(list, n);
    return rc;
}

const char *libxl__vm_path(libxl__gc *gc, uint32_t domid)
{
    const char *vm =
        libxl__xs_read(gc, XBT_NULL, GCSPRINTF("/local/domain/%u/vm", domid));

    return vm && !strncmp(vm, "/vm/", 4) ? vm : NULL;
}

int libxl__domain_uuid(libxl__gc *gc, uint32_t domid, libxl_uuid *uuid)
{
    struct xen_domctl_getdomaininfo info;
    int rc = libxl__domain_getinfo(gc, domid, &info);

    if (!rc)
        memcpy(uuid->uuid, info.handle, sizeof(info.handle));
    return rc;
}

uint32_t libxl_vm_get_start_time(libxl_ctx *ctx, uint32_t domid)
{
    GC_INIT(ctx);
    const char *vm = libxl__vm_path(gc, domid), *s = NULL;

    if (vm)
        s = libxl__xs_read(gc, XBT_NULL, GCSPRINTF("%s/start_time", vm));
    return s ? strtoul(s, NULL, 10) : (uint32_t)-1;
}

int libxl_domid_valid_guest(uint32_t domid)
{
    return domid > 0 && domid < DOMID_FIRST_RESERVED;
}

int libxl_get_stubdom_id(libxl_ctx *ctx, int guest_domid)
{
    return 0; /* there are none */
}

int libxl_is_stubdom(libxl_ctx *ctx, uint32_t domid, uint32_t *target_domid)
{
    return 0;
}
