/* SPDX-License-Identifier: MIT */
/*
 * Sets a dead domain aside under another name and uuid, so that its successor
 * can have both, and its devices.
 */
#include "device.h"
#include "domain.h"

static void released(libxl__multidev *multi, int rc)
{
    libxl__ao_complete(multi->ao, rc);
}

/*
 * A preserved domain does not need its devices, and the script of its successor
 * would find the disk in use. Its console stays, so that the last output can be
 * read.
 */
static int release_devices(libxl_ctx *ctx, uint32_t domid)
{
    libxl__ao *ao = libxl__ao_create(ctx, domid, NULL);
    libxl__gc *gc = &ao->gc;
    libxl__multidev *multi;

    GCNEW(multi);
    libxl__multidev_begin(ao, multi, released);
    libxl__multidev_prepared(
        multi, libxl__domain_remove_devices(multi, domid, false, "console"));
    return libxl__ao_inprogress(ao);
}

/* With the lock on its files, of its present uuid. */
static int rename_locked(libxl__gc *gc, uint32_t domid,
                         libxl_domain_create_info *info,
                         const char *name_suffix, libxl_uuid new_uuid)
{
    struct xs_permissions perms[] = {{.id = 0, .perms = XS_PERM_NONE},
                                     {.id = domid, .perms = XS_PERM_READ}};
    const char *uuid = GCSPRINTF(LIBXL_UUID_FMT, LIBXL_UUID_BYTES(new_uuid));
    const char *vm = GCSPRINTF("/vm/%s", uuid);
    const char *old_vm = libxl__vm_path(gc, domid);
    libxl_domain_config config;
    int rc;

    libxl_domain_config_init(&config);
    /* Files are named by uuid: read now, write under the new one below. */
    rc = libxl__domain_config_load(gc, domid, &config);
    if (rc && rc != ERROR_JSON_CONFIG_EMPTY)
        goto out;
    rc = libxl__xs_mknod(gc, XBT_NULL, vm, perms, ARRAY_SIZE(perms));
    if (!rc)
        rc = libxl__xs_write(gc, XBT_NULL, GCSPRINTF("%s/uuid", vm), uuid);
    if (!rc)
        rc = libxl__xs_write(gc, XBT_NULL,
                             GCSPRINTF("/local/domain/%u/vm", domid), vm);
    if (!rc)
        rc = libxl__domain_rename(gc, domid, info->name,
                                  GCSPRINTF("%s%s", info->name, name_suffix),
                                  XBT_NULL);
    if (rc)
        goto out;
    if (old_vm)
        libxl__xs_rm(gc, XBT_NULL, old_vm);
    if (xlc_domain_set_handle(CTX->xch, domid, new_uuid.uuid)) {
        LOGE(ERROR, "cannot give domain %u another uuid", domid);
        rc = ERROR_FAIL;
        goto out;
    }
    if (config.c_info.name)
        rc = libxl__domain_config_save(gc, domid, &config);
out:
    libxl_domain_config_dispose(&config);
    return rc;
}

/* Whoever changes its configuration meanwhile, for a device that is on its way,
 * waits, and then finds it under the new uuid. */
static int rename_domain(libxl_ctx *ctx, uint32_t domid,
                         libxl_domain_create_info *info,
                         const char *name_suffix, libxl_uuid new_uuid)
{
    GC_INIT(ctx);
    int rc, fd = libxl__userdata_lock(gc, domid);

    if (fd < 0)
        return ERROR_LOCK_FAIL;
    rc = rename_locked(gc, domid, info, name_suffix, new_uuid);
    if (rc)
        libxl__userdata_unlock(fd);
    else
        libxl__userdata_destroy_locked(gc, domid, &info->uuid, fd);
    return rc;
}

int libxl_domain_preserve(libxl_ctx *ctx, uint32_t domid,
                          libxl_domain_create_info *info,
                          const char *name_suffix, libxl_uuid new_uuid)
{
    int rc = release_devices(ctx, domid);

    return rc ? rc : rename_domain(ctx, domid, info, name_suffix, new_uuid);
}
