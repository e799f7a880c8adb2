/* SPDX-License-Identifier: MIT */
/*
 * Adding a device to a domain that exists, and removing one. Beside the
 * device's directories (device.h) this changes the domain's configuration, from
 * which it is made again after a reboot:
 *
 *   add:    configuration, directories -> backend, script -> done
 *           if it fails on the way, all of that back; what takes the place of
 *           another one, as a medium does, is configured when it is done,
 *           and if that fails it is not done
 *   remove: backend, script, directories -> configuration -> done
 *
 * so that the configuration has all devices that there are. It may have one
 * more for a while, and for ever if this process is killed: who reads it takes
 * the store's word for what there is, but for drives. A store that does not
 * answer has said nothing, and nothing changes.
 */
#include "device_change.h"
#include "domain.h"

struct change {
    const struct libxl__device_type *type;
    libxl__ao *ao;
    libxl__aodev aodev;
    void (*callback)(libxl__ao *ao, int rc, void *user);
    void *user;
    bool stays_configured;     /* what is removed */
    int rc;                    /* of an addition that is being undone */
    libxl_domain_config after; /* what takes another one's place, if all goes
                                * well, and no more */
};

/* --- the configuration --- */

/* Domain 0 has none: it is made by others. */
static int load_config(libxl__gc *gc, uint32_t domid,
                       libxl_domain_config *config)
{
    int rc = libxl__domain_config_load(gc, domid, config);

    if (rc == ERROR_JSON_CONFIG_EMPTY && domid == LIBXL__TOOLSTACK_DOMID)
        return 0;
    if (rc == ERROR_JSON_CONFIG_EMPTY)
        LOG(ERROR,
            "domain %s: its configuration is not there: it is being made, or "
            "not by libxl",
            libxl__domain_label(gc, domid));
    return rc;
}

static int save_config(libxl__gc *gc, uint32_t domid,
                       libxl_domain_config *config)
{
    return domid == LIBXL__TOOLSTACK_DOMID
               ? 0
               : libxl__domain_config_save(gc, domid, config);
}

static const void *successor(struct change *c)
{
    return c->type->configured(&c->after, c->aodev.dev.devid);
}

/* What has been removed, or was not added after all; what it would have
 * replaced is configured still. */
static void forget(struct change *c)
{
    libxl__gc *gc = &c->ao->gc;
    libxl__device *dev = &c->aodev.dev;
    libxl_domain_config config;
    int fd = successor(c) ? -1 : libxl__userdata_lock(gc, dev->domid);

    if (fd < 0) /* the domain has gone, and all this with it */
        return;
    libxl_domain_config_init(&config);
    /* Under the lock, and not if it is there: then it is another device. */
    if (libxl__device_find(gc, XBT_NULL, dev) == ERROR_NOTFOUND &&
        !load_config(gc, dev->domid, &config)) {
        c->type->forget(&config, dev->devid);
        save_config(gc, dev->domid, &config);
    }
    libxl_domain_config_dispose(&config);
    libxl__userdata_unlock(fd);
}

/* What has been put back is configured as it was. */
static bool is_configured(struct change *c, libxl_domain_config *config)
{
    libxl__gc *gc = &c->ao->gc;
    const void *device = c->type->configured(config, c->aodev.dev.devid);
    libxl_domain_config alone;
    const char *now, *after;

    if (!device)
        return false;
    libxl_domain_config_init(&alone);
    c->type->remember(CTX, &alone, device);
    now = libxl__own(gc, libxl_domain_config_to_json(CTX, &alone));
    after = libxl__own(gc, libxl_domain_config_to_json(CTX, &c->after));
    libxl_domain_config_dispose(&alone);
    return now && after && !strcmp(now, after);
}

static int configure(struct change *c)
{
    libxl__gc *gc = &c->ao->gc;
    uint32_t domid = c->aodev.dev.domid;
    libxl_domain_config config;
    int rc;

    libxl_domain_config_init(&config);
    rc = load_config(gc, domid, &config);
    if (!rc && !is_configured(c, &config)) {
        c->type->forget(&config, c->aodev.dev.devid);
        c->type->remember(CTX, &config, successor(c));
        rc = save_config(gc, domid, &config);
    }
    libxl_domain_config_dispose(&config);
    return rc;
}

/* It is there, so from now on it is what the domain starts with; unless it has
 * been removed meanwhile. */
static int succeed(struct change *c)
{
    libxl__gc *gc = &c->ao->gc;
    int rc, fd;

    if (!successor(c))
        return 0;
    fd = libxl__userdata_lock(gc, c->aodev.dev.domid);
    if (fd < 0)
        return ERROR_LOCK_FAIL;
    rc = libxl__device_find(gc, XBT_NULL, &c->aodev.dev);
    if (rc == ERROR_NOTFOUND)
        rc = 0;
    else if (!rc)
        rc = configure(c);
    libxl__userdata_unlock(fd);
    return rc;
}

/* --- adding --- */

static void complete(struct change *c, int rc)
{
    libxl_domain_config_dispose(&c->after);
    c->callback(c->ao, rc, c->user);
}

static void undone(libxl__aodev *aodev, int rc)
{
    struct change *c = CONTAINER_OF(aodev, struct change, aodev);

    forget(c);
    complete(c, c->rc);
}

static void added(libxl__aodev *aodev, int rc)
{
    struct change *c = CONTAINER_OF(aodev, struct change, aodev);

    rc = rc ?: succeed(c);
    if (!rc) {
        complete(c, 0);
        return;
    }
    c->rc = rc;
    aodev->add = false;
    aodev->force = aodev->undo = true;
    aodev->callback = undone;
    rc = libxl__aodev_start(aodev);
    if (rc)
        undone(aodev, rc);
}

/* With the lock on the domain's files. What is refused leaves all as it was. */
static int write_device(struct change *c, void *device)
{
    libxl__gc *gc = &c->ao->gc;
    libxl__device *dev = &c->aodev.dev;
    const struct libxl__device_type *type = c->type;
    libxl_domain_config config;
    bool replaces;
    int rc;

    libxl_domain_config_init(&config);
    dev->kind = type->kind;
    rc = load_config(gc, dev->domid, &config)
             ?: type->number(gc, dev->domid, device, &dev->devid);
    if (rc)
        goto out;
    c->aodev.label = type->label(gc, device);
    c->aodev.with_scripts =
        libxl_defbool_is_default(config.c_info.run_hotplug_scripts) ||
        libxl_defbool_val(config.c_info.run_hotplug_scripts);
    rc = libxl__device_find(gc, XBT_NULL, dev);
    if (!rc) {
        LOG(ERROR, "domain %s has a %s already",
            libxl__domain_label(gc, dev->domid), c->aodev.label);
        rc = ERROR_DEVICE_EXISTS;
    }
    if (rc != ERROR_NOTFOUND)
        goto out;
    replaces = type->configured(&config, dev->devid);
    if (replaces)
        type->remember(CTX, &c->after, device);
    type->forget(&config, dev->devid);
    type->remember(CTX, &config, device);
    rc = libxl__check_duplicates(gc, &config);
    if (!rc && !replaces)
        rc = save_config(gc, dev->domid, &config);
    if (rc)
        goto out;
    rc = type->write(gc, dev->domid, device, dev);
    if (rc && !replaces) {
        type->forget(&config, dev->devid);
        save_config(gc, dev->domid, &config);
    }
out:
    libxl_domain_config_dispose(&config);
    return rc;
}

static int check_domain(libxl__gc *gc, uint32_t domid)
{
    struct xen_domctl_getdomaininfo info;
    int rc = libxl__domain_find(gc, domid, &info);

    if (!rc && info.flags & XEN_DOMINF_dying) {
        LOG(ERROR, "domain %u is being destroyed", domid);
        rc = ERROR_DOMAIN_DESTROYED;
    }
    return rc;
}

int libxl__device_add(libxl__ao *ao, uint32_t domid,
                      const struct libxl__device_type *type, void *device,
                      void (*callback)(libxl__ao *, int rc, void *), void *user)
{
    libxl__gc *gc = &ao->gc;
    struct change *c;
    int rc, fd;

    rc = check_domain(gc, domid) ?: type->setdefault(gc, device);
    if (rc)
        return rc;
    GCNEW(c);
    *c = (struct change){
        .type = type, .ao = ao, .callback = callback, .user = user};
    c->aodev = (libxl__aodev){.ao = ao, .add = true, .callback = added};
    c->aodev.dev.domid = domid;
    fd = libxl__userdata_lock(gc, domid);
    if (fd < 0)
        return ERROR_LOCK_FAIL;
    libxl_domain_config_init(&c->after);
    rc = write_device(c, device);
    libxl__userdata_unlock(fd);
    if (rc) {
        libxl_domain_config_dispose(&c->after);
        return rc;
    }
    rc = libxl__aodev_start(&c->aodev);
    if (rc)
        added(&c->aodev, rc);
    return 0;
}

/* --- removing --- */

static void removed(libxl__aodev *aodev, int rc)
{
    struct change *c = CONTAINER_OF(aodev, struct change, aodev);

    if (!c->stays_configured)
        forget(c);
    complete(c, rc);
}

int libxl__device_remove(libxl__ao *ao, uint32_t domid,
                         const struct libxl__device_type *type, void *device,
                         enum libxl__removal how,
                         void (*callback)(libxl__ao *, int rc, void *),
                         void *user)
{
    libxl__gc *gc = &ao->gc;
    struct change *c;
    uint32_t devid;
    int rc = type->number(gc, domid, device, &devid);

    if (rc)
        return rc;
    GCNEW(c);
    *c = (struct change){
        .type = type, .ao = ao, .callback = callback, .user = user};
    c->stays_configured = how == LIBXL__REMOVE_TO_REPLACE;
    libxl_domain_config_init(&c->after);
    c->aodev = (libxl__aodev){
        .ao = ao,
        .dev = {.domid = domid, .kind = type->kind, .devid = devid},
        .label = type->label(gc, device),
        .force = how == LIBXL__REMOVE_NOW,
        .insist = how == LIBXL__REMOVE_INSIST,
        .with_scripts = libxl__scripts_wanted(gc, domid),
        .callback = removed,
    };
    rc = libxl__device_find(gc, XBT_NULL, &c->aodev.dev);
    if (rc == ERROR_NOTFOUND && c->stays_configured) {
        complete(c, 0);
        return 0;
    }
    if (rc == ERROR_NOTFOUND)
        LOG(ERROR, "domain %s has no %s", libxl__domain_label(gc, domid),
            c->aodev.label);
    return rc ? rc : libxl__aodev_start(&c->aodev);
}

/* --- the application's --- */

static void operation_over(libxl__ao *ao, int rc, void *user)
{
    libxl__ao_complete(ao, rc);
}

static int add(libxl_ctx *ctx, uint32_t domid,
               const struct libxl__device_type *type, void *device,
               const libxl_asyncop_how *ao_how)
{
    libxl__ao *ao = libxl__ao_create(ctx, domid, ao_how);
    int rc = libxl__device_add(ao, domid, type, device, operation_over, NULL);

    return rc ? libxl__ao_failed(ao, rc) : libxl__ao_inprogress(ao);
}

static int remove_device(libxl_ctx *ctx, uint32_t domid,
                         const struct libxl__device_type *type, void *device,
                         enum libxl__removal how,
                         const libxl_asyncop_how *ao_how)
{
    libxl__ao *ao = libxl__ao_create(ctx, domid, ao_how);
    int rc = libxl__device_remove(ao, domid, type, device, how, operation_over,
                                  NULL);

    return rc ? libxl__ao_failed(ao, rc) : libxl__ao_inprogress(ao);
}

int libxl_device_disk_add(libxl_ctx *ctx, uint32_t domid,
                          libxl_device_disk *disk,
                          const libxl_asyncop_how *ao_how)
{
    return add(ctx, domid, &libxl__disk_type, disk, ao_how);
}

int libxl_device_disk_remove(libxl_ctx *ctx, uint32_t domid,
                             libxl_device_disk *disk,
                             const libxl_asyncop_how *ao_how)
{
    return remove_device(ctx, domid, &libxl__disk_type, disk,
                         LIBXL__REMOVE_INSIST, ao_how);
}

int libxl_device_disk_safe_remove(libxl_ctx *ctx, uint32_t domid,
                                  libxl_device_disk *disk,
                                  const libxl_asyncop_how *ao_how)
{
    return remove_device(ctx, domid, &libxl__disk_type, disk, LIBXL__REMOVE_ASK,
                         ao_how);
}

int libxl_device_disk_destroy(libxl_ctx *ctx, uint32_t domid,
                              libxl_device_disk *disk,
                              const libxl_asyncop_how *ao_how)
{
    return remove_device(ctx, domid, &libxl__disk_type, disk, LIBXL__REMOVE_NOW,
                         ao_how);
}

int libxl_device_nic_add(libxl_ctx *ctx, uint32_t domid, libxl_device_nic *nic,
                         const libxl_asyncop_how *ao_how)
{
    return add(ctx, domid, &libxl__nic_type, nic, ao_how);
}

int libxl_device_nic_remove(libxl_ctx *ctx, uint32_t domid,
                            libxl_device_nic *nic,
                            const libxl_asyncop_how *ao_how)
{
    return remove_device(ctx, domid, &libxl__nic_type, nic,
                         LIBXL__REMOVE_INSIST, ao_how);
}

int libxl_device_nic_destroy(libxl_ctx *ctx, uint32_t domid,
                             libxl_device_nic *nic,
                             const libxl_asyncop_how *ao_how)
{
    return remove_device(ctx, domid, &libxl__nic_type, nic, LIBXL__REMOVE_NOW,
                         ao_how);
}
