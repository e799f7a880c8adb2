/* SPDX-License-Identifier: MIT */
/*
 * pv-start: the smallest toolstack. It builds one PV domain with libxlguest,
 * writes the store nodes that the console daemon and the kernel's xenbus
 * need, introduces it and lets it run; no devices, no libxl. The system tests
 * use it to try the libraries, the store and the console by themselves.
 *
 *   pv-start [-p] NAME KERNEL RAMDISK|- MIB [COMMAND LINE]
 *
 * -p leaves the domain paused. Prints "domid N" and exits 0, or says what is
 * wrong, destroys what it made and exits 1.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xentoollog.h>
#include <xenstore.h>

#include <xlctrl.h>
#include <xlguest.h>

static xlc_handle *xc;
static struct xs_handle *xs;
static xentoollog_logger *logger;

static int failed(const char *what)
{
    xtl_log(logger, XTL_ERROR, errno, "pv-start", "%s", what);
    return -1;
}

/* Write one node below the domain's directory, owned by the domain. */
static int node(uint32_t domid, const char *name, const char *format, ...)
{
    struct xs_permissions perms = {.id = domid, .perms = XS_PERM_NONE};
    char path[128], value[128];
    va_list al;

    va_start(al, format);
    vsnprintf(value, sizeof(value), format, al);
    va_end(al);
    snprintf(path, sizeof(path), "/local/domain/%u%s%s", domid,
             *name ? "/" : "", name);
    if (!xs_write(xs, XBT_NULL, path, value, strlen(value)) ||
        !xs_set_permissions(xs, XBT_NULL, path, &perms, 1))
        return failed(path);
    return 0;
}

static int create(uint32_t *domid, uint64_t mem_kib, struct xlg_config *config)
{
    struct xen_domctl_createdomain create = {
        .ssidref = 0,
        .max_vcpus = 1,
        .max_evtchn_port = 1023,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
    struct xlc_e820 ram = {.size = (mem_kib + 1024) << 10, .type = 1};
    struct xen_domctl_tsc_info tsc = {0};
    int port;

    *domid = DOMID_INVALID;
    if (xlc_domain_create(xc, domid, &create))
        return failed("createdomain");
    if (xlc_domain_max_vcpus(xc, *domid, 1))
        return failed("max_vcpus");
    if (xlc_domain_max_mem(xc, *domid, mem_kib + 1024))
        return failed("max_mem");
    port = xlc_evtchn_alloc_unbound(xc, *domid, 0);
    if (port < 0)
        return failed("store event channel");
    config->store_port = (evtchn_port_t)port;
    port = xlc_evtchn_alloc_unbound(xc, *domid, 0);
    if (port < 0)
        return failed("console event channel");
    config->console_port = (evtchn_port_t)port;
    if (xlc_memory_set_map(xc, *domid, 1, &ram))
        return failed("set_memory_map");
    if (xlc_domain_set_tsc(xc, *domid, &tsc))
        return failed("settscinfo");
    return 0;
}

static int introduce(const char *name, const struct xlg_config *config,
                     const struct xlg_result *built)
{
    uint32_t domid = config->domid;

    if (node(domid, "", "%s", "") || node(domid, "name", "%s", name) ||
        node(domid, "domid", "%u", domid) ||
        node(domid, "memory/target", "%" PRIu64, config->mem_kib) ||
        node(domid, "cpu/0/availability", "online") ||
        node(domid, "control/shutdown", "%s", "") ||
        node(domid, "store/ring-ref", "%" PRIu64, built->store_mfn) ||
        node(domid, "store/port", "%u", config->store_port) ||
        node(domid, "console/type", "xenconsoled") ||
        node(domid, "console/limit", "1048576") ||
        node(domid, "console/output", "pty") ||
        node(domid, "console/tty", "%s", "") ||
        node(domid, "console/ring-ref", "%" PRIu64, built->console_mfn) ||
        node(domid, "console/port", "%u", config->console_port))
        return -1;
    if (!xs_introduce_domain(xs, domid, built->store_mfn, config->store_port))
        return failed("introduce");
    return 0;
}

int main(int argc, char **argv)
{
    struct xlg_config config = {.claim = true};
    struct xlg_result built;
    xlg_image *image = NULL;
    int paused = argc > 1 && !strcmp(argv[1], "-p");
    int rc = 1;

    argv += paused;
    argc -= paused;
    if (argc < 5) {
        fprintf(stderr, "usage: pv-start [-p] NAME KERNEL RAMDISK|- MIB "
                        "[COMMAND LINE]\n");
        return 2;
    }
    logger = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr,
                                                               XTL_DETAIL, 0);
    config.domid = DOMID_INVALID;
    config.mem_kib = strtoull(argv[4], NULL, 10) << 10;
    config.cmdline = argc > 5 ? argv[5] : NULL;

    image =
        xlg_image_open(logger, argv[2], strcmp(argv[3], "-") ? argv[3] : NULL);
    if (!image)
        goto out;
    xc = xlc_open(logger);
    xs = xs_open(0);
    if (!xc || !xs) {
        failed("open");
        goto out;
    }
    if (create(&config.domid, config.mem_kib, &config) ||
        xlg_build_pv(xc, image, &config, &built) ||
        introduce(argv[1], &config, &built))
        goto out;
    if (!paused && xlc_domain_unpause(xc, config.domid)) {
        failed("unpause");
        goto out;
    }
    printf("domid %u\n", config.domid);
    rc = 0;
out:
    if (rc && config.domid != DOMID_INVALID) {
        char path[64];

        snprintf(path, sizeof(path), "/local/domain/%u", config.domid);
        xlc_domain_destroy(xc, config.domid);
        xs_rm(xs, XBT_NULL, path);
    }
    if (xs)
        xs_close(xs);
    xlc_close(xc);
    xlg_image_close(image);
    xtl_logger_destroy(logger);
    return rc;
}
