/* SPDX-License-Identifier: MIT */
/*
 * Destroying a domain: first its devices, while the backends can still see
 * who it was; then the domain itself; then all that was ever written about
 * it. Nothing on the way stops the rest: what can be removed is removed, and
 * the first failure is reported at the end.
 *
 * Xen frees the memory in the destroying call, which takes long for a big
 * domain; a child makes it, so that the application's loop goes on.
 */
#include <sys/wait.h>

#include "device.h"
#include "domain.h"

/* The first failure is reported, later ones are only logged. */
static void note(libxl__destroy *d, int rc)
{
    d->rc = d->rc ?: rc;
}

struct leftovers {
    uint32_t domid;
    libxl__device *list;
    int n;
};

/* Without its directory no device can be added, so the list is complete. */
static int take_records(libxl__gc *gc, xs_transaction_t t, void *arg)
{
    struct leftovers *l = arg;

    return libxl__device_list(gc, t, l->domid, NULL, &l->list, &l->n)
               ?: libxl__xs_rm(gc, t, GCSPRINTF("/libxl/%u", l->domid));
}

/* Somebody may have added a device while the others were being removed. */
static void remove_records(libxl__destroy *d)
{
    libxl__gc *gc = &d->ao->gc;
    struct leftovers l = {.domid = d->domid};

    note(d, libxl__xs_transaction(gc, take_records, &l));
    for (int i = 0; i < l.n; i++)
        note(d, libxl__xs_rm_up(gc, libxl__device_backend(gc, &l.list[i])));
}

static void remove_traces(libxl__destroy *d)
{
    libxl__gc *gc = &d->ao->gc;
    const char *vm = libxl__vm_path(gc, d->domid);
    libxl_uuid uuid;

    remove_records(d);
    if (vm) {
        if (!libxl_uuid_from_string(&uuid, vm + strlen("/vm/")))
            libxl__userdata_destroy_all(gc, d->domid, &uuid);
        note(d, libxl__xs_rm_up(gc, vm));
    }
    note(d, libxl__xs_rm(gc, XBT_NULL, libxl__xs_domain_path(gc, d->domid)));
    note(d, libxl__xs_rm_up(gc, GCSPRINTF("/libxl/%u", d->domid)));
    d->callback(d, d->rc);
}

static void child_ended(libxl_ctx *ctx, libxl__ev_child *ev, pid_t pid,
                        int status)
{
    libxl__destroy *d = CONTAINER_OF(ev, libxl__destroy, child);
    libxl__gc *gc = &d->ao->gc;

    if (status) {
        /* The child could not say more than its errno. */
        LOGEV(ERROR, WIFEXITED(status) ? WEXITSTATUS(status) : EINTR,
              "cannot destroy domain %s", libxl__domain_label(gc, d->domid));
        note(d, ERROR_FAIL);
    }
    remove_traces(d);
}

static void destroy_in_xen(libxl__destroy *d)
{
    libxl__gc *gc = &d->ao->gc;
    xlc_handle *xch;
    pid_t pid;

    if (!libxl__domain_exists(gc, d->domid)) {
        remove_traces(d);
        return;
    }
    pid = libxl__ev_child_fork(CTX, &d->child, child_ended);
    if (pid > 0)
        return;
    if (pid < 0) {
        note(d, ERROR_FAIL);
        remove_traces(d);
        return;
    }
    xch = xlc_open(CTX->lg);
    _exit(!xch || (xlc_domain_destroy(xch, d->domid) && errno != ESRCH)
              ? errno & 0x7f
              : 0);
}

static void devices_removed(libxl__multidev *multi, int rc)
{
    libxl__destroy *d = multi->user;

    note(d, rc);
    destroy_in_xen(d);
}

/* The name in the guest where there is one, else kind and number. */
static const char *label(libxl__gc *gc, const libxl__device *dev)
{
    const char *name = NULL;

    if (!strcmp(dev->kind, "vbd"))
        name = libxl__xs_read(
            gc, XBT_NULL, GCSPRINTF("%s/dev", libxl__device_record(gc, dev)));
    return name ? GCSPRINTF("disk %s", name)
                : GCSPRINTF("%s %u", dev->kind, dev->devid);
}

bool libxl__scripts_wanted(libxl__gc *gc, uint32_t domid)
{
    libxl_domain_config config;
    bool wanted = true;

    libxl_domain_config_init(&config);
    if (!libxl__domain_config_load(gc, domid, &config) &&
        !libxl_defbool_is_default(config.c_info.run_hotplug_scripts))
        wanted = libxl_defbool_val(config.c_info.run_hotplug_scripts);
    libxl_domain_config_dispose(&config);
    return wanted;
}

int libxl__domain_remove_devices(libxl__multidev *multi, uint32_t domid,
                                 bool undo, const char *except)
{
    libxl__gc *gc = &multi->ao->gc;
    libxl__aodev aodev = {.force = true, .undo = undo};
    libxl__device *list;
    int n, rc;

    rc = libxl__device_list(gc, XBT_NULL, domid, NULL, &list, &n);
    aodev.with_scripts = n && libxl__scripts_wanted(gc, domid);
    for (int i = 0; i < n; i++) {
        if (except && !strcmp(list[i].kind, except))
            continue;
        aodev.dev = list[i];
        aodev.label = label(gc, &list[i]);
        libxl__multidev_add(multi, &aodev);
    }
    return rc;
}

void libxl__domain_destroy(libxl__destroy *d)
{
    libxl__gc *gc = &d->ao->gc;

    d->rc = 0;
    GCNEW(d->devices);
    d->devices->user = d;
    if (xlc_domain_pause(CTX->xch, d->domid) && errno != ESRCH)
        LOGE(WARN, "cannot pause domain %u", d->domid);
    libxl__multidev_begin(d->ao, d->devices, devices_removed);
    libxl__multidev_prepared(
        d->devices,
        libxl__domain_remove_devices(d->devices, d->domid, d->undo, NULL));
}

static void destroyed(libxl__destroy *d, int rc)
{
    libxl__ao_complete(d->ao, rc);
}

int libxl_domain_destroy(libxl_ctx *ctx, uint32_t domid,
                         const libxl_asyncop_how *ao_how)
{
    libxl__ao *ao = libxl__ao_create(ctx, domid, ao_how);
    libxl__gc *gc = &ao->gc;
    struct xen_domctl_getdomaininfo info;
    libxl__destroy *d;
    int rc;

    if (!libxl_domid_valid_guest(domid)) {
        LOG(ERROR, "domain %u cannot be destroyed", domid);
        return libxl__ao_failed(ao, ERROR_INVAL);
    }
    rc = libxl__domain_find(gc, domid, &info);
    if (rc)
        return libxl__ao_failed(ao, rc);
    GCNEW(d);
    d->ao = ao;
    d->domid = domid;
    d->callback = destroyed;
    libxl__domain_destroy(d);
    return libxl__ao_inprogress(ao);
}
