/* SPDX-License-Identifier: MIT */
/*
 * CPU pools: their list, and their names, which only the store holds. Functions
 * that create and change pools do not exist yet.
 */
#include "internal.h"

char *libxl_cpupoolid_to_name(libxl_ctx *ctx, uint32_t poolid)
{
    GC_INIT(ctx);
    const char *name =
        libxl__xs_read(gc, XBT_NULL, GCSPRINTF("/local/pool/%u/name", poolid));

    if (!name && !poolid)
        name = "Pool-0";
    return libxl__strdup_nogc(ctx, name);
}

/* The first pool whose id is >= poolid. */
static int pool_info(libxl__gc *gc, uint32_t poolid, libxl_cpupoolinfo *info)
{
    struct xlc_cpupool pool;
    int rc;

    libxl_cpupoolinfo_init(info);
    rc = libxl_cpu_bitmap_alloc(CTX, &info->cpumap, 0);
    if (rc)
        return rc;
    if (xlc_cpupool_info(CTX->xch, poolid, &pool, info->cpumap.size,
                         info->cpumap.map)) {
        if (errno == ENOENT)
            return ERROR_NOTFOUND;
        LOGE(ERROR, "cannot get information on pool %u", poolid);
        return ERROR_FAIL;
    }
    info->poolid = pool.id;
    info->sched = pool.sched_id;
    info->n_dom = pool.nr_domains;
    info->pool_name = libxl_cpupoolid_to_name(CTX, pool.id);
    return 0;
}

int libxl_cpupool_info(libxl_ctx *ctx, libxl_cpupoolinfo *info, uint32_t poolid)
{
    GC_INIT(ctx);
    int rc = pool_info(gc, poolid, info);

    if (!rc && info->poolid != poolid)
        rc = ERROR_NOTFOUND;
    if (rc)
        libxl_cpupoolinfo_dispose(info);
    return rc;
}

libxl_cpupoolinfo *libxl_list_cpupool(libxl_ctx *ctx, int *nb_pool_out)
{
    GC_INIT(ctx);
    libxl_cpupoolinfo *list = NULL, info;
    uint32_t next = 0;
    int n = 0, rc;

    while (!(rc = pool_info(gc, next, &info))) {
        list = libxl__checked(realloc(list, (n + 1) * sizeof(*list)), n + 1,
                              sizeof(*list));
        list[n++] = info;
        next = info.poolid + 1;
    }
    libxl_cpupoolinfo_dispose(&info);
    if (rc != ERROR_NOTFOUND) {
        libxl_cpupoolinfo_list_free(list, n);
        return NULL;
    }
    *nb_pool_out = n;
    return list;
}

int libxl_cpupoolid_is_valid(libxl_ctx *ctx, uint32_t poolid)
{
    libxl_cpupoolinfo info;
    int rc = libxl_cpupool_info(ctx, &info, poolid);

    if (!rc)
        libxl_cpupoolinfo_dispose(&info);
    return !rc;
}

int libxl_name_to_cpupoolid(libxl_ctx *ctx, const char *name, uint32_t *poolid)
{
    int n, rc = ERROR_INVAL;
    libxl_cpupoolinfo *list = libxl_list_cpupool(ctx, &n);

    if (!list)
        return ERROR_NOMEM;
    for (int i = 0; i < n && rc; i++) {
        if (list[i].pool_name && !strcmp(list[i].pool_name, name)) {
            *poolid = list[i].poolid;
            rc = 0;
        }
    }
    libxl_cpupoolinfo_list_free(list, n);
    return rc;
}

int libxl_cpupool_qualifier_to_cpupoolid(libxl_ctx *ctx, const char *p,
                                         uint32_t *poolid_r, int *was_name_r)
{
    bool number = !libxl__parse_uint(p, UINT32_MAX, poolid_r);

    if (was_name_r)
        *was_name_r = !number;
    return number ? 0 : libxl_name_to_cpupoolid(ctx, p, poolid_r);
}

int libxl_get_freecpus(libxl_ctx *ctx, libxl_bitmap *cpumap)
{
    GC_INIT(ctx);
    int rc = libxl_cpu_bitmap_alloc(ctx, cpumap, 0);

    if (rc || !xlc_cpupool_freeinfo(ctx->xch, cpumap->size, cpumap->map))
        return rc;
    LOGE(ERROR, "cannot ask which processors are in no pool");
    return ERROR_FAIL;
}
