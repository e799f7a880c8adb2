/* SPDX-License-Identifier: MIT */
/*
 * The machine and its hypervisor: version, processors, memory, nodes, debug
 * keys and parameters.
 */
#include "internal.h"

static char *version_text(libxl_ctx *ctx, unsigned int cmd)
{
    char buf[1024] = "";

    xlc_version_text(ctx->xch, cmd, buf, sizeof(buf));
    return libxl__strdup_nogc(ctx, buf);
}

static char *build_id_text(libxl_ctx *ctx)
{
    uint8_t id[64];
    int n = xlc_version_build_id(ctx->xch, id, sizeof(id));
    char *text = libxl__array_nogc(ctx, sizeof(id) * 2 + 1, 1);

    for (int i = 0; i < n; i++)
        sprintf(text + 2 * i, "%02hhx", id[i]);
    return text;
}

const libxl_version_info *libxl_get_version_info(libxl_ctx *ctx)
{
    GC_INIT(ctx);
    libxl_version_info *info = &ctx->version;
    struct xen_compile_info compile;
    int version;

    if (info->pagesize)
        return info;
    version = xlc_version(ctx->xch);
    if (version < 0 || xlc_version_compile(ctx->xch, &compile)) {
        LOGE(ERROR, "cannot get the hypervisor's version");
        return NULL;
    }
    info->xen_version_major = version >> 16;
    info->xen_version_minor = version & 0xffff;
    info->xen_version_extra = version_text(ctx, XENVER_extraversion);
    info->capabilities = version_text(ctx, XENVER_capabilities);
    info->changeset = version_text(ctx, XENVER_changeset);
    info->commandline = version_text(ctx, XENVER_commandline);
    info->compiler = strndup(compile.compiler, sizeof(compile.compiler));
    info->compile_by = strndup(compile.compile_by, sizeof(compile.compile_by));
    info->compile_domain =
        strndup(compile.compile_domain, sizeof(compile.compile_domain));
    info->compile_date =
        strndup(compile.compile_date, sizeof(compile.compile_date));
    info->build_id = build_id_text(ctx);
    xlc_version_virt_start(ctx->xch, &info->virt_start);
    info->pagesize = xlc_version_pagesize(ctx->xch);
    return info;
}

int libxl__physinfo(libxl__gc *gc, struct xen_sysctl_physinfo *info)
{
    if (!xlc_physinfo(CTX->xch, info))
        return 0;
    LOGE(ERROR, "cannot get information on the host");
    return ERROR_FAIL;
}

int libxl_get_physinfo(libxl_ctx *ctx, libxl_physinfo *out)
{
    GC_INIT(ctx);
    struct xen_sysctl_physinfo in;
    long l;
    int rc = libxl__physinfo(gc, &in);

    if (rc)
        return rc;
    out->threads_per_core = in.threads_per_core;
    out->cores_per_socket = in.cores_per_socket;
    out->max_cpu_id = in.max_cpu_id;
    out->nr_cpus = in.nr_cpus;
    out->nr_nodes = in.nr_nodes;
    out->cpu_khz = in.cpu_khz;
    out->total_pages = in.total_pages;
    out->free_pages = in.free_pages;
    out->scrub_pages = in.scrub_pages;
    out->outstanding_pages = in.outstanding_pages;
    out->max_possible_mfn = in.max_mfn;
    /* A hypervisor without page sharing shares nothing. */
    l = xlc_memory_sharing_freed(ctx->xch);
    out->sharing_freed_pages = l < 0 ? 0 : l;
    l = xlc_memory_sharing_shared(ctx->xch);
    out->sharing_used_frames = l < 0 ? 0 : l;
    memcpy(out->hw_cap, in.hw_cap, sizeof(out->hw_cap));
    out->cap_hvm = in.capabilities & XEN_SYSCTL_PHYSCAP_hvm;
    out->cap_pv = in.capabilities & XEN_SYSCTL_PHYSCAP_pv;
    out->cap_hvm_directio =
        in.capabilities & XEN_SYSCTL_PHYSCAP_directio && out->cap_hvm;
    out->cap_hap = in.capabilities & XEN_SYSCTL_PHYSCAP_hap;
    out->cap_shadow = in.capabilities & XEN_SYSCTL_PHYSCAP_shadow;
    out->cap_iommu_hap_pt_share =
        in.capabilities & XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share;
    out->cap_vmtrace = in.capabilities & XEN_SYSCTL_PHYSCAP_vmtrace;
    out->cap_vpmu = in.capabilities & XEN_SYSCTL_PHYSCAP_vpmu;
    out->cap_gnttab_v1 = in.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v1;
    out->cap_gnttab_v2 = in.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2;
    return 0;
}

int libxl_get_max_cpus(libxl_ctx *ctx)
{
    GC_INIT(ctx);
    struct xen_sysctl_physinfo info;
    int rc = libxl__physinfo(gc, &info);

    return rc ? rc : (int)info.max_cpu_id + 1;
}

int libxl_get_online_cpus(libxl_ctx *ctx)
{
    GC_INIT(ctx);
    struct xen_sysctl_physinfo info;
    int rc = libxl__physinfo(gc, &info);

    return rc ? rc : (int)info.nr_cpus;
}

int libxl_get_max_nodes(libxl_ctx *ctx)
{
    GC_INIT(ctx);
    struct xen_sysctl_physinfo info;
    int rc = libxl__physinfo(gc, &info);

    return rc ? rc : (int)info.nr_nodes;
}

static int map_alloc(libxl_ctx *ctx, libxl_bitmap *map, int n,
                     int (*max)(libxl_ctx *))
{
    if (n < 0)
        return ERROR_INVAL;
    if (!n)
        n = max(ctx);
    return n <= 0 ? ERROR_FAIL : libxl_bitmap_alloc(ctx, map, n);
}

int libxl_cpu_bitmap_alloc(libxl_ctx *ctx, libxl_bitmap *cpumap, int max_cpus)
{
    return map_alloc(ctx, cpumap, max_cpus, libxl_get_max_cpus);
}

int libxl_node_bitmap_alloc(libxl_ctx *ctx, libxl_bitmap *nodemap,
                            int max_nodes)
{
    return map_alloc(ctx, nodemap, max_nodes, libxl_get_max_nodes);
}

libxl_cputopology *libxl_get_cpu_topology(libxl_ctx *ctx, int *nb_cpu_out)
{
    GC_INIT(ctx);
    int n = xlc_cputopology(ctx->xch, 0, NULL);
    struct xen_sysctl_cputopo *in;
    libxl_cputopology *out;

    if (n > 0) {
        GCNEW_ARRAY(in, n);
        n = xlc_cputopology(ctx->xch, n, in);
    }
    if (n <= 0) {
        LOGE(ERROR, "cannot get the topology of the host's processors");
        return NULL;
    }
    out = libxl__array_nogc(ctx, n, sizeof(*out));
    for (int i = 0; i < n; i++) {
        libxl_cputopology_init(&out[i]);
        /* Xen's "invalid" is all ones too */
        out[i].core = in[i].core;
        out[i].socket = in[i].socket;
        out[i].node = in[i].node;
    }
    *nb_cpu_out = n;
    return out;
}

libxl_numainfo *libxl_get_numainfo(libxl_ctx *ctx, int *nr)
{
    GC_INIT(ctx);
    int n = xlc_numainfo(ctx->xch, 0, NULL, NULL);
    struct xen_sysctl_meminfo *in;
    libxl_numainfo *out;
    uint32_t *distance;

    if (n > 0) {
        GCNEW_ARRAY(in, n);
        GCNEW_ARRAY(distance, n * n);
        n = xlc_numainfo(ctx->xch, n, in, distance);
    }
    if (n <= 0) {
        LOGE(ERROR, "cannot get the host's memory nodes");
        return NULL;
    }
    out = libxl__array_nogc(ctx, n, sizeof(*out));
    for (int i = 0; i < n; i++) {
        libxl_numainfo_init(&out[i]);
        out[i].size = in[i].memsize;
        out[i].free = in[i].memfree;
        out[i].num_dists = n;
        out[i].dists = libxl__array_nogc(ctx, n, sizeof(*out[i].dists));
        memcpy(out[i].dists, distance + i * n, n * sizeof(*distance));
    }
    *nr = n;
    return out;
}

int libxl_send_debug_keys(libxl_ctx *ctx, char *keys)
{
    GC_INIT(ctx);

    if (!xlc_debug_keys(ctx->xch, keys))
        return 0;
    LOGE(ERROR, "the hypervisor did not take the debug keys '%s'", keys);
    return ERROR_FAIL;
}

/* --- Xen's console ring --- */

struct libxl__xen_console_reader {
    char *text, *line;
    size_t len, at;
};

/*
 * Everything at once: read line by line from the ring itself, the lines would
 * tear where it wraps under the reader. Grows until a read leaves room.
 */
libxl_xen_console_reader *libxl_xen_console_read_start(libxl_ctx *ctx,
                                                       int clear)
{
    GC_INIT(ctx);
    size_t size = 32768;
    libxl_xen_console_reader *cr = libxl__array_nogc(ctx, 1, sizeof(*cr));
    int n;

    for (;; size *= 2) {
        free(cr->text);
        cr->text = libxl__array_nogc(ctx, size, 1);
        n = xlc_readconsole(ctx->xch, cr->text, size, false, false, NULL);
        if (n < (int)size || size >= 64 << 20)
            break;
    }
    if (n > 0 && clear) { /* what is read goes, and that is as much again */
        char *gone = libxl__array_nogc(ctx, n, 1);

        xlc_readconsole(ctx->xch, gone, n, true, false, NULL);
        free(gone);
    }
    if (n < 0) {
        LOGE(ERROR, "cannot read the hypervisor's console ring");
        libxl_xen_console_read_finish(ctx, cr);
        return NULL;
    }
    cr->len = n;
    return cr;
}

/* 1: *line_r is a line, valid until the next call; 0: no more. */
int libxl_xen_console_read_line(libxl_ctx *ctx, libxl_xen_console_reader *cr,
                                char **line_r)
{
    const char *start = cr->text + cr->at;
    const char *end = memchr(start, '\n', cr->len - cr->at);
    size_t n = end ? (size_t)(end + 1 - start) : cr->len - cr->at;

    if (!n)
        return 0;
    free(cr->line);
    cr->line = libxl__checked(strndup(start, n), n, 1);
    cr->at += n;
    *line_r = cr->line;
    return 1;
}

void libxl_xen_console_read_finish(libxl_ctx *ctx, libxl_xen_console_reader *cr)
{
    free(cr->line);
    free(cr->text);
    free(cr);
}
