/* SPDX-License-Identifier: MIT */
/*
 * A device's directories in the store. See device.h.
 */
#include <xen/io/xenbus.h>

#include "device.h"
#include "domain.h"

const char *libxl__device_frontend(libxl__gc *gc, const libxl__device *dev)
{
    /* The first console is older than this scheme. */
    if (!strcmp(dev->kind, "console") && !dev->devid)
        return GCSPRINTF("/local/domain/%u/console", dev->domid);
    return GCSPRINTF("/local/domain/%u/device/%s/%u", dev->domid, dev->kind,
                     dev->devid);
}

const char *libxl__device_backend_kind(const libxl__device *dev)
{
    return dev->backend ? dev->backend : dev->kind;
}

const char *libxl__device_own_backend(libxl__gc *gc, const libxl__device *dev)
{
    return GCSPRINTF("backend/%s/%u/%u", libxl__device_backend_kind(dev),
                     dev->domid, dev->devid);
}

const char *libxl__device_backend(libxl__gc *gc, const libxl__device *dev)
{
    return GCSPRINTF("/local/domain/%u/%s", dev->backend_domid,
                     libxl__device_own_backend(gc, dev));
}

const char *libxl__device_record(libxl__gc *gc, const libxl__device *dev)
{
    return GCSPRINTF("/libxl/%u/device/%s/%u", dev->domid, dev->kind,
                     dev->devid);
}

const char *libxl__printable(libxl__gc *gc, const char *s)
{
    char *line = GCSPRINTF("%.300s", s);

    for (char *p = line; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
    return line;
}

const char *libxl__device_trouble(libxl__gc *gc, const libxl__device *dev)
{
    const char *s = libxl__xs_read(
        gc, XBT_NULL,
        GCSPRINTF("/local/domain/%u/error/%s/error", dev->backend_domid,
                  libxl__device_own_backend(gc, dev)));

    if (!s)
        s = libxl__xs_read(
            gc, XBT_NULL,
            GCSPRINTF("%s/hotplug-error", libxl__device_backend(gc, dev)));
    return s && *s ? libxl__printable(gc, s) : NULL;
}

struct device_dirs {
    const libxl__device *dev;
    const struct libxl__node *back, *front;
    bool front_readonly;
};

/* Xen's own libxl reads the type in the record to find the backend of a disk:
 * 'phy' is one in backend/vbd, whatever links there are. */
static int write_record(libxl__gc *gc, xs_transaction_t t,
                        const libxl__device *dev, const char *record,
                        const struct libxl__node *common,
                        const struct libxl__node *back)
{
    struct xs_permissions own_perms[] = {
        {.id = LIBXL__TOOLSTACK_DOMID, .perms = XS_PERM_NONE}};
    const char *kind = libxl__device_backend_kind(dev);
    const struct libxl__node type[] = {{"type", kind}, {0}};
    int rc = libxl__xs_mknod(gc, t, record, own_perms, 1) ?:
             libxl__xs_writev(gc, t, record, common)      ?:
             libxl__xs_writev(gc, t, record, back);

    if (rc || !strcmp(kind, dev->kind))
        return rc;
    return libxl__xs_writev(gc, t, record, type);
}

static int write_dirs(libxl__gc *gc, xs_transaction_t t, void *arg)
{
    const struct device_dirs *dirs = arg;
    const libxl__device *dev = dirs->dev;
    const char *fe = libxl__device_frontend(gc, dev);
    const char *be = libxl__device_backend(gc, dev);
    const char *record = libxl__device_record(gc, dev);
    const char *fe_id = GCSPRINTF("%u", dev->domid);
    const char *be_id = GCSPRINTF("%u", dev->backend_domid);
    const struct libxl__node common[] = {
        {"frontend", fe}, {"backend", be}, {"frontend-id", fe_id}, {0}};
    const struct libxl__node front_links[] = {
        {"backend", be}, {"backend-id", be_id}, {0}};
    const struct libxl__node back_links[] = {
        {"frontend", fe}, {"frontend-id", fe_id}, {0}};
    struct xs_permissions front_perms[] = {
        {.id = dirs->front_readonly ? 0 : dev->domid, .perms = XS_PERM_NONE},
        {.id = dirs->front_readonly ? dev->domid : dev->backend_domid,
         .perms = XS_PERM_READ}};
    struct xs_permissions back_perms[] = {
        {.id = dev->backend_domid, .perms = XS_PERM_NONE},
        {.id = dev->domid, .perms = XS_PERM_READ}};
    libxl__device there = *dev;
    int rc = libxl__device_find(gc, t, &there);

    if (!rc) {
        LOG(ERROR, "domain %s has a %s %u already",
            libxl__domain_label(gc, dev->domid), dev->kind, dev->devid);
        return ERROR_DEVICE_EXISTS;
    }
    if (rc != ERROR_NOTFOUND)
        return rc;
    /* Domain 0's is made by the first device. */
    if (dev->domid &&
        !libxl__xs_read(gc, t, GCSPRINTF("/libxl/%u", dev->domid))) {
        if (errno != ENOENT)
            return ERROR_FAIL;
        LOG(ERROR, "domain %u has gone", dev->domid);
        return ERROR_DOMAIN_NOTFOUND;
    }
    /* Nodes left behind by an earlier device of the same number must go. */
    rc = libxl__xs_rm(gc, t, fe) ?: libxl__xs_rm(gc, t, be);
    if (!rc)
        rc = write_record(gc, t, dev, record, common, dirs->back);
    if (!rc)
        rc = libxl__xs_mknod(gc, t, fe, front_perms, 2) ?:
             libxl__xs_writev(gc, t, fe, front_links)   ?:
             libxl__xs_writev(gc, t, fe, dirs->front);
    if (!rc)
        rc = libxl__xs_mknod(gc, t, be, back_perms, 2) ?:
             libxl__xs_writev(gc, t, be, back_links)   ?:
             libxl__xs_writev(gc, t, be, dirs->back);
    return rc;
}

int libxl__device_write(libxl__gc *gc, const libxl__device *dev,
                        const struct libxl__node *back,
                        const struct libxl__node *front, bool front_readonly)
{
    struct device_dirs dirs = {dev, back, front, front_readonly};

    return libxl__xs_transaction(gc, write_dirs, &dirs);
}

/* Only dom0 can write the record, which names the domain of the backend. */
int libxl__device_find(libxl__gc *gc, xs_transaction_t t, libxl__device *dev)
{
    const char *be = libxl__xs_read(
        gc, t, GCSPRINTF("%s/backend", libxl__device_record(gc, dev)));
    char kind[16];

    if (!be)
        return errno == ENOENT ? ERROR_NOTFOUND : ERROR_FAIL;
    if (sscanf(be, "/local/domain/%u/backend/%15[^/]", &dev->backend_domid,
               kind) != 2)
        return ERROR_INVAL;
    dev->backend = libxl__strdup(gc, kind);
    return 0;
}

/* Those of one kind, at the end of the list. */
static int list_kind(libxl__gc *gc, xs_transaction_t t, uint32_t domid,
                     const char *kind, libxl__device **list, int *n)
{
    libxl__device dev = {.domid = domid, .kind = kind};
    const char *path = GCSPRINTF("/libxl/%u/device/%s", domid, kind);
    unsigned int ids;
    char **id = libxl__xs_directory(gc, t, path, &ids);
    int rc;

    if (!id)
        return errno == ENOENT ? 0 : ERROR_FAIL;
    for (unsigned int i = 0; i < ids; i++) {
        if (libxl__parse_uint(id[i], UINT32_MAX, &dev.devid))
            continue;
        rc = libxl__device_find(gc, t, &dev);
        if (rc == ERROR_FAIL)
            return rc;
        if (rc)
            continue;
        *list = libxl__realloc(gc, *list, (*n + 1) * sizeof(**list));
        (*list)[(*n)++] = dev;
    }
    return 0;
}

int libxl__device_list(libxl__gc *gc, xs_transaction_t t, uint32_t domid,
                       const char *kind, libxl__device **list, int *n)
{
    unsigned int kinds;
    char **k = libxl__xs_directory(gc, t, GCSPRINTF("/libxl/%u/device", domid),
                                   &kinds);
    int rc = k || errno == ENOENT ? 0 : ERROR_FAIL;

    *list = NULL;
    *n = 0;
    for (unsigned int i = 0; i < kinds && !rc; i++)
        if (!kind || !strcmp(kind, k[i]))
            rc = list_kind(gc, t, domid, k[i], list, n);
    if (rc)
        *n = 0;
    return rc;
}

int libxl__device_nextid(libxl__gc *gc, uint32_t domid, const char *kind,
                         uint32_t *devid)
{
    libxl__device *list;
    int n, rc = libxl__device_list(gc, XBT_NULL, domid, kind, &list, &n);

    *devid = 0;
    for (int i = 0; i < n; i++) {
        if (list[i].devid == *devid) {
            ++*devid;
            i = -1; /* another one may have the next number */
        }
    }
    return rc;
}

int libxl__backend_domid(libxl__gc *gc, const char *name, uint32_t *domid)
{
    if (!name || !libxl__parse_uint(name, DOMID_FIRST_RESERVED - 1, domid) ||
        !libxl__name_to_domid(gc, name, domid))
        return 0;
    LOG(ERROR, "there is no domain '%s' to be a backend", name);
    return ERROR_INVAL;
}

const char *libxl__script_path(libxl__gc *gc, const char *script,
                               const char *default_name)
{
    if (!script)
        script = default_name;
    return *script == '/' ? script : GCSPRINTF(LIBXL__SCRIPT_DIR "/%s", script);
}
