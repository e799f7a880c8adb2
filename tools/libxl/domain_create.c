/* SPDX-License-Identifier: MIT */
/*
 * Creating a domain. In this order, so that as much as possible is refused
 * before anything exists:
 *
 *   check the configuration, the name, the kernel, the free memory
 *   the domain in Xen; its directories in the store
 *   its memory, filled by libxlguest; console and store for the guest
 *   its devices, all at once, waiting for backends and scripts
 *
 * After the domain exists every failure ends in its complete destruction.
 */
#include <sys/time.h>
#include <time.h>

#include <xlguest.h>

#include "device.h"
#include "domain.h"

/* The label of an ordinary guest, for a hypervisor with a security policy. */
#define SSIDREF_DOMU 12

struct create {
    libxl__ao *ao;
    libxl_domain_config *config;
    uint32_t *domid_out;
    uint32_t domid;
    xlg_image *image;
    bool report_console;
    libxl_asyncprogress_how console_how;
    libxl__multidev devices;
    libxl__destroy destroy;
    int rc;
};

/* --- checks --- */

static int check_memory(libxl__gc *gc, const libxl_domain_config *config)
{
    uint64_t need = config->b_info.target_memkb + LIBXL__MAXMEM_SLACK, free_kb;
    int rc = libxl_get_free_memory(CTX, &free_kb);

    if (rc || need <= free_kb)
        return rc;
    LOG(ERROR, "domain %s needs %" PRIu64 " MiB, only %" PRIu64 " MiB are free",
        config->c_info.name, (need + 1023) / 1024, free_kb / 1024);
    return ERROR_NOMEM;
}

static int check(struct create *c)
{
    libxl__gc *gc = &c->ao->gc;
    libxl_domain_config *config = c->config;
    uint32_t other;
    int rc = libxl__domain_config_setdefault(gc, config);

    if (rc)
        return rc;
    rc = libxl__name_to_domid(gc, config->c_info.name, &other);
    if (rc && rc != ERROR_INVAL)
        return rc;
    if (!rc) {
        LOG(ERROR, "the name '%s' is in use by domain %u", config->c_info.name,
            other);
        return ERROR_INVAL;
    }
    /* Disks are not refused to what looks like the same machine, and /vm/UUID
     * is one entry. */
    if (!libxl__uuid_to_domid(gc, &config->c_info.uuid, &other)) {
        LOG(ERROR, "the uuid " LIBXL_UUID_FMT " is in use by domain %u",
            LIBXL_UUID_BYTES(config->c_info.uuid), other);
        return ERROR_INVAL;
    }
    rc = check_memory(gc, config);
    if (rc)
        return rc;
    /* xlg_image_open() logs what is wrong with the files. */
    c->image =
        xlg_image_open(CTX->lg, config->b_info.kernel, config->b_info.ramdisk);
    return c->image ? 0 : ERROR_FAIL;
}

/* --- the domain in Xen --- */

static int make_domain(struct create *c)
{
    libxl__gc *gc = &c->ao->gc;
    const libxl_domain_create_info *ci = &c->config->c_info;
    const libxl_domain_build_info *b = &c->config->b_info;
    struct xen_domctl_createdomain op = {
        .ssidref = ci->ssidref ? ci->ssidref : SSIDREF_DOMU,
        .max_vcpus = b->max_vcpus,
        .max_evtchn_port = b->event_channels,
        .max_grant_frames = b->max_grant_frames,
        .max_maptrack_frames = b->max_maptrack_frames,
        .cpupool_id = ci->poolid,
    };
    struct xen_sysctl_physinfo host;
    uint32_t domid =
        ci->domid < DOMID_FIRST_RESERVED ? ci->domid : DOMID_INVALID;
    int rc;

    rc = libxl__physinfo(gc, &host);
    if (rc)
        return rc;
    if (b->max_grant_version >= 0)
        op.grant_opts = b->max_grant_version;
    else
        op.grant_opts =
            host.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2 ? 2 : 1;
    if (libxl_defbool_val(b->arch_x86.msr_relaxed))
        op.arch.misc_flags |= XEN_X86_MSR_RELAXED;
    memcpy(op.handle, ci->uuid.uuid, sizeof(op.handle));
    if (xlc_domain_create(CTX->xch, &domid, &op)) {
        LOGE(ERROR, "domain %s: the hypervisor refuses to create it", ci->name);
        return errno == ENOMEM ? ERROR_NOMEM : ERROR_FAIL;
    }
    c->domid = *c->domid_out = domid;
    return 0;
}

static int set_affinities(struct create *c)
{
    const libxl_domain_build_info *b = &c->config->b_info;
    libxl_ctx *ctx = c->ao->gc.ctx;
    int rc = 0;

    if (b->cpumap.size)
        rc = libxl_set_vcpuaffinity_all(ctx, c->domid, b->max_vcpus, &b->cpumap,
                                        NULL);
    for (int i = 0; !rc && i < b->num_vcpu_hard_affinity; i++)
        rc = libxl_set_vcpuaffinity(ctx, c->domid, i, &b->vcpu_hard_affinity[i],
                                    NULL);
    for (int i = 0; !rc && i < b->num_vcpu_soft_affinity; i++)
        rc = libxl_set_vcpuaffinity(ctx, c->domid, i, NULL,
                                    &b->vcpu_soft_affinity[i]);
    return rc;
}

/* Of its wall clock, in seconds ahead of UTC. */
static int64_t time_offset(const libxl_domain_build_info *b)
{
    int64_t offset = (int32_t)b->rtc_timeoffset;
    time_t now = time(NULL);
    struct tm here;

    if (libxl_defbool_val(b->localtime) && localtime_r(&now, &here))
        offset += here.tm_gmtoff;
    return offset;
}

static int set_limits(struct create *c)
{
    libxl__gc *gc = &c->ao->gc;
    const libxl_domain_build_info *b = &c->config->b_info;
    xlc_handle *xch = CTX->xch;
    struct xen_domctl_tsc_info tsc = {.tsc_mode = b->tsc_mode};
    struct xlc_e820 map = {.size = b->max_memkb * 1024, .type = 1};
    int64_t offset = time_offset(b);
    const char *step;
    int rc;

    if (xlc_domain_max_vcpus(xch, c->domid, b->max_vcpus))
        step = "its vcpus";
    else if (xlc_domain_max_mem(xch, c->domid,
                                b->target_memkb + LIBXL__MAXMEM_SLACK))
        step = "its maximum of memory";
    else if (xlc_memory_set_map(xch, c->domid, 1, &map))
        step = "its memory map";
    else if (xlc_domain_set_tsc(xch, c->domid, &tsc))
        step = "its clock mode";
    else if (offset && xlc_domain_set_time_offset(xch, c->domid, offset))
        step = "its wall clock";
    else
        step = NULL;
    if (step) {
        LOGE(ERROR, "domain %s: the hypervisor refuses %s",
             c->config->c_info.name, step);
        return ERROR_FAIL;
    }
    rc = set_affinities(c);
    return rc ? rc : libxl__sched_params_set(gc, c->domid, &b->sched_params);
}

/* --- its directories --- */

enum access { READ_ONLY, GUESTS_OWN };

static int mknod(libxl__gc *gc, xs_transaction_t t, uint32_t domid,
                 const char *path, enum access access)
{
    struct xs_permissions perms[] = {
        {.id = access == GUESTS_OWN ? domid : 0, .perms = XS_PERM_NONE},
        {.id = domid, .perms = XS_PERM_READ}};

    return libxl__xs_mknod(gc, t, path, perms, access == GUESTS_OWN ? 1 : 2);
}

static int make_nodes(libxl__gc *gc, xs_transaction_t t, void *arg)
{
    struct create *c = arg;
    static const struct {
        const char *name;
        enum access access;
    } nodes[] = {
        {"cpu", READ_ONLY},
        {"memory", READ_ONLY},
        {"device", READ_ONLY},
        {"control", READ_ONLY},
        {"device/suspend", READ_ONLY},
        {"device/suspend/event-channel", GUESTS_OWN},
        {"control/shutdown", GUESTS_OWN},
        {"control/feature-poweroff", GUESTS_OWN},
        {"control/feature-reboot", GUESTS_OWN},
        {"control/feature-suspend", GUESTS_OWN},
        {"control/sysrq", GUESTS_OWN},
        {"data", GUESTS_OWN},
        {"drivers", GUESTS_OWN},
        {"feature", GUESTS_OWN},
        {"attr", GUESTS_OWN},
        {"error", GUESTS_OWN},
    };
    const libxl_domain_create_info *ci = &c->config->c_info;
    const char *dom = libxl__xs_domain_path(gc, c->domid);
    const char *uuid = GCSPRINTF(LIBXL_UUID_FMT, LIBXL_UUID_BYTES(ci->uuid));
    const char *vm = GCSPRINTF("/vm/%s", uuid);
    const char *record = GCSPRINTF("/libxl/%u", c->domid);
    struct xs_permissions own = {.id = LIBXL__TOOLSTACK_DOMID};
    const struct libxl__node values[] = {
        {"vm", vm},
        {"control/platform-feature-multiprocessor-suspend", "1"},
        {"control/platform-feature-xs_reset_watches", "1"},
        {0},
    };
    int rc;

    rc = libxl__xs_rm(gc, t, dom)                  ?:
         mknod(gc, t, c->domid, dom, READ_ONLY)    ?:
         libxl__xs_rm(gc, t, vm)                   ?:
         mknod(gc, t, c->domid, vm, READ_ONLY)     ?:
         libxl__xs_rm(gc, t, record)               ?:
         libxl__xs_mknod(gc, t, record, &own, 1);
    for (size_t i = 0; !rc && i < ARRAY_SIZE(nodes); i++)
        rc = mknod(gc, t, c->domid, GCSPRINTF("%s/%s", dom, nodes[i].name),
                   nodes[i].access);
    if (!rc)
        rc = libxl__xs_writev(gc, t, dom, values)                         ?:
             libxl__xs_write(gc, t, GCSPRINTF("%s/uuid", vm), uuid)       ?:
             libxl__xs_write(gc, t, GCSPRINTF("%s/type", record), "pv")   ?:
             libxl__domain_rename(gc, c->domid, NULL, ci->name, t);
    for (char **kv = ci->xsdata; !rc && kv && kv[0] && kv[1]; kv += 2)
        rc = libxl__xs_write(gc, t, GCSPRINTF("%s/%s", dom, kv[0]), kv[1]);
    return rc;
}

/* The nodes that the guest and other clients read once the domain is built. */
static int describe(libxl__gc *gc, xs_transaction_t t, void *arg)
{
    const struct create *c = arg;
    const libxl_domain_build_info *b = &c->config->b_info;
    const char *dom = libxl__xs_domain_path(gc, c->domid);
    const char *vm = libxl__xs_read(gc, t, GCSPRINTF("%s/vm", dom));
    struct timeval now;
    int rc;

    gettimeofday(&now, NULL);
    const struct libxl__node dom_nodes[] = {
        {"domid", GCSPRINTF("%u", c->domid)},
        {"memory/static-max", GCSPRINTF("%" PRIu64, b->max_memkb)},
        {"memory/target", GCSPRINTF("%" PRIu64, b->target_memkb)},
        {"memory/videoram", "0"},
        {0},
    };
    const struct libxl__node vm_nodes[] = {
        {"image/ostype", "linux"},
        {"image/kernel", b->kernel},
        {"image/ramdisk", b->ramdisk},
        {"image/cmdline", b->cmdline},
        {"start_time",
         GCSPRINTF("%ld.%02d", (long)now.tv_sec, (int)now.tv_usec / 10000)},
        {0},
    };
    rc = libxl__xs_writev(gc, t, dom, dom_nodes);
    if (!rc && vm)
        rc = libxl__xs_writev(gc, t, vm, vm_nodes);
    for (int i = 0; !rc && i < b->max_vcpus; i++)
        rc = libxl__xs_write(gc, t, GCSPRINTF("%s/cpu/%d/availability", dom, i),
                             libxl_bitmap_test(&b->avail_vcpus, i) ? "online"
                                                                   : "offline");
    return rc;
}

/* --- its memory --- */

static int build(struct create *c)
{
    libxl__gc *gc = &c->ao->gc;
    const libxl_domain_build_info *b = &c->config->b_info;
    const char *dom = libxl__xs_domain_path(gc, c->domid);
    struct xlg_config config = {
        .domid = c->domid,
        .mem_kib = b->target_memkb,
        .cmdline = b->cmdline,
        .claim = libxl_defbool_val(b->claim_mode),
    };
    struct xlg_result result;
    int store, console, rc;

    store = xlc_evtchn_alloc_unbound(CTX->xch, c->domid, 0);
    console = xlc_evtchn_alloc_unbound(CTX->xch, c->domid, 0);
    if (store < 0 || console < 0) {
        LOGE(ERROR, "domain %s: cannot allocate its event channels",
             c->config->c_info.name);
        return ERROR_FAIL;
    }
    config.store_port = store;
    config.console_port = console;
    if (xlg_build_pv(CTX->xch, c->image, &config, &result))
        return errno == ENOMEM ? ERROR_NOMEM : ERROR_FAIL;

    rc = libxl__xs_transaction(gc, describe, c);
    if (!rc) {
        const struct libxl__node nodes[] = {
            {"store/port", GCSPRINTF("%d", store)},
            {"store/ring-ref", GCSPRINTF("%" PRIu64, result.store_mfn)},
            {0},
        };

        rc = libxl__xs_writev(gc, XBT_NULL, dom, nodes);
    }
    if (!rc)
        rc = libxl__console_write(gc, c->domid, result.console_mfn, console);
    while (!rc &&
           !xs_introduce_domain(CTX->xsh, c->domid, result.store_mfn, store)) {
        if (libxl__store_again(CTX))
            continue;
        LOGE(ERROR, "domain %s: the store refuses to serve it",
             c->config->c_info.name);
        rc = ERROR_FAIL;
    }
    return rc;
}

/* --- the operation --- */

static void complete(struct create *c)
{
    xlg_image_close(c->image);
    libxl__ao_complete(c->ao, c->rc);
}

static void destroyed(libxl__destroy *d, int rc)
{
    struct create *c = CONTAINER_OF(d, struct create, destroy);

    *c->domid_out = INVALID_DOMID;
    complete(c);
}

static void fail(struct create *c, int rc)
{
    c->rc = rc;
    c->destroy = (libxl__destroy){
        .ao = c->ao, .domid = c->domid, .undo = true, .callback = destroyed};
    libxl__domain_destroy(&c->destroy);
}

static void devices_added(libxl__multidev *multi, int rc)
{
    struct create *c = CONTAINER_OF(multi, struct create, devices);

    if (!rc)
        rc = libxl__domain_config_save(&c->ao->gc, c->domid, c->config);
    if (rc)
        fail(c, rc);
    else
        complete(c);
}

static void add_devices(struct create *c)
{
    libxl__gc *gc = &c->ao->gc;
    libxl_domain_config *config = c->config;
    libxl__aodev dev = {
        .add = true,
        .with_scripts = libxl_defbool_val(config->c_info.run_hotplug_scripts)};
    int rc = 0;

    libxl__multidev_begin(c->ao, &c->devices, devices_added);
    for (int i = 0; !rc && i < config->num_disks; i++) {
        dev.label = GCSPRINTF("disk %s", config->disks[i].vdev);
        rc = libxl__disk_write(gc, c->domid, &config->disks[i], &dev.dev);
        if (!rc)
            libxl__multidev_add(&c->devices, &dev);
    }
    for (int i = 0; !rc && i < config->num_nics; i++) {
        dev.label = GCSPRINTF("vif %d", config->nics[i].devid);
        rc = libxl__nic_write(gc, c->domid, &config->nics[i], &dev.dev);
        if (!rc)
            libxl__multidev_add(&c->devices, &dev);
    }
    libxl__multidev_prepared(&c->devices, rc);
}

static void report_console(struct create *c)
{
    if (c->report_console)
        libxl__progress_report(
            c->ao, &c->console_how,
            libxl__event_new(c->ao->gc.ctx,
                             LIBXL_EVENT_TYPE_DOMAIN_CREATE_CONSOLE_AVAILABLE,
                             c->domid, 0));
}

int libxl_domain_create_new(libxl_ctx *ctx, libxl_domain_config *d_config,
                            uint32_t *domid, const libxl_asyncop_how *ao_how,
                            const libxl_asyncprogress_how *aop_console_how)
{
    libxl__ao *ao = libxl__ao_create(ctx, INVALID_DOMID, ao_how);
    libxl__gc *gc = &ao->gc;
    struct create *c;
    int rc;

    GCNEW(c);
    c->ao = ao;
    c->config = d_config;
    c->domid_out = domid;
    c->report_console = aop_console_how;
    if (aop_console_how)
        c->console_how = *aop_console_how;
    *domid = INVALID_DOMID;
    rc = check(c);
    if (!rc)
        rc = make_domain(c);
    if (rc) { /* nothing exists yet */
        xlg_image_close(c->image);
        return libxl__ao_failed(ao, rc);
    }
    ao->domid = c->domid;
    rc = libxl__xs_transaction(gc, make_nodes, c) ?: set_limits(c) ?: build(c);
    if (rc) {
        fail(c, rc);
    } else {
        report_console(c);
        add_devices(c);
    }
    return libxl__ao_inprogress(ao);
}
