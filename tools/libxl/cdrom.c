/* SPDX-License-Identifier: MIT */
/*
 * The medium of a CD drive. A PV frontend is never told that the medium behind
 * its disk is another one, and would go on with what it has cached of the old
 * one: so the drive is unplugged, with the guest's consent, and plugged in
 * again with the new medium. If that cannot be done it gets the old one back,
 * and if that has gone meanwhile none: the guest keeps its drive. It is
 * configured all the time: if this process is killed on the way, another
 * insertion brings it back, or the next reboot.
 */
#include "device_change.h"
#include "domain.h"

struct insertion {
    libxl_device_disk old, new;
    int rc;
};

static void over(libxl__ao *ao, struct insertion *i, int rc)
{
    libxl_device_disk_dispose(&i->old);
    libxl_device_disk_dispose(&i->new);
    libxl__ao_complete(ao, rc);
}

static void replace(libxl_ctx *ctx, char **to, const char *from)
{
    free(*to);
    *to = libxl__strdup_nogc(ctx, from);
}

/* from: NULL for none. */
static void set_medium(libxl_ctx *ctx, libxl_device_disk *drive,
                       const libxl_device_disk *from)
{
    const char *path = from ? from->pdev_path : NULL;

    drive->format = path && *path ? from->format : LIBXL_DISK_FORMAT_EMPTY;
    drive->backend = from ? from->backend : LIBXL_DISK_BACKEND_UNKNOWN;
    replace(ctx, &drive->pdev_path, path);
    replace(ctx, &drive->script, from ? from->script : NULL);
}

static void put_back(libxl__ao *ao, int rc, void *user)
{
    libxl__gc *gc = &ao->gc;
    struct insertion *i = user;

    if (rc && i->old.format != LIBXL_DISK_FORMAT_EMPTY) {
        LOG(WARN,
            "%s: its former medium cannot be put back either; it is "
            "tried without one",
            i->old.vdev);
        set_medium(CTX, &i->old, NULL);
        rc = libxl__device_add(ao, ao->domid, &libxl__disk_type, &i->old,
                               put_back, i);
        if (!rc)
            return;
    }
    over(ao, i, i->rc);
}

static void inserted(libxl__ao *ao, int rc, void *user)
{
    struct insertion *i = user;

    /* Or somebody else was faster. */
    if (!rc || rc == ERROR_DEVICE_EXISTS) {
        over(ao, i, rc);
        return;
    }
    i->rc = rc;
    rc = libxl__device_add(ao, ao->domid, &libxl__disk_type, &i->old, put_back,
                           i);
    if (rc)
        put_back(ao, rc, i);
}

static void ejected(libxl__ao *ao, int rc, void *user)
{
    struct insertion *i = user;

    if (rc) {
        over(ao, i, rc);
        return;
    }
    rc = libxl__device_add(ao, ao->domid, &libxl__disk_type, &i->new, inserted,
                           i);
    if (rc)
        inserted(ao, rc, i);
}

/* The drive as it is configured. */
static int find_drive(libxl__gc *gc, uint32_t domid, const char *vdev,
                      libxl_device_disk *drive)
{
    int number = vdev ? libxl__disk_number(vdev) : -1;
    libxl_domain_config config;
    libxl_device_disk *disk;
    int rc;

    libxl_domain_config_init(&config);
    rc = libxl__domain_config_load(gc, domid, &config);
    if (!rc || rc == ERROR_JSON_CONFIG_EMPTY) {
        disk = libxl__disk_type.configured(&config, number);
        rc = disk && disk->is_cdrom ? 0 : ERROR_NOTFOUND;
    }
    if (!rc)
        libxl_device_disk_copy(CTX, drive, disk);
    libxl_domain_config_dispose(&config);
    if (rc == ERROR_NOTFOUND)
        LOG(ERROR, "domain %s has no CD drive %s",
            libxl__domain_label(gc, domid), vdev ? vdev : "");
    return rc;
}

static int prepare(libxl__gc *gc, uint32_t domid, const libxl_device_disk *disk,
                   struct insertion *i)
{
    struct xen_domctl_getdomaininfo info;
    int rc = libxl__domain_find(gc, domid, &info)
                 ?: find_drive(gc, domid, disk->vdev, &i->old);

    if (rc)
        return rc;
    libxl_device_disk_copy(CTX, &i->new, &i->old);
    set_medium(CTX, &i->new, disk);
    /* Before the old medium is gone. */
    return libxl__disk_setdefault(gc, &i->new);
}

int libxl_cdrom_insert(libxl_ctx *ctx, uint32_t domid, libxl_device_disk *disk,
                       const libxl_asyncop_how *ao_how)
{
    libxl__ao *ao = libxl__ao_create(ctx, domid, ao_how);
    libxl__gc *gc = &ao->gc;
    struct insertion *i;
    int rc;

    GCNEW(i);
    libxl_device_disk_init(&i->old);
    libxl_device_disk_init(&i->new);
    rc = prepare(gc, domid, disk, i);
    if (!rc)
        rc = libxl__device_remove(ao, domid, &libxl__disk_type, &i->old,
                                  LIBXL__REMOVE_TO_REPLACE, ejected, i);
    if (!rc)
        return libxl__ao_inprogress(ao);
    libxl_device_disk_dispose(&i->old);
    libxl_device_disk_dispose(&i->new);
    return libxl__ao_failed(ao, rc);
}
