/* SPDX-License-Identifier: MIT */
/*
 * Disks: block devices, files of raw sectors, images in QEMU's formats and what
 * has a URI. The block script checks the target and tells the backend what to
 * open.
 */
#include <sys/stat.h>

#include "device_change.h"

/* SCHEME:..., which is neither a path nor a name in /dev. */
static bool is_uri(const char *target)
{
    size_t n = strspn(target, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

    return n > 1 && target[n] == ':' && *target >= 'a';
}

/* 'phy' is a medium of sectors, 'qdisk' all that QEMU can read; both may be
 * served by one backend, see backend_kind(). */
static int check_kind(libxl__gc *gc, const libxl_device_disk *disk)
{
    bool raw = disk->format == LIBXL_DISK_FORMAT_RAW ||
               disk->format == LIBXL_DISK_FORMAT_EMPTY;

    if (disk->format == LIBXL_DISK_FORMAT_UNKNOWN) {
        LOG(ERROR, "disk %s: no format given", disk->vdev);
        return ERROR_INVAL;
    }
    if (disk->backend == LIBXL_DISK_BACKEND_TAP) {
        LOG(ERROR,
            "disk %s: backendtype tap is not supported, only phy and "
            "qdisk",
            disk->vdev);
        return ERROR_INVAL;
    }
    if (!raw && disk->backend == LIBXL_DISK_BACKEND_PHY) {
        LOG(ERROR, "disk %s: backendtype phy has no format %s, only raw",
            disk->vdev, libxl_disk_format_to_string(disk->format));
        return ERROR_INVAL;
    }
    return 0;
}

int libxl__disk_setdefault(libxl__gc *gc, libxl_device_disk *disk)
{
    struct stat st;
    int rc;

    if (!disk->vdev || libxl__disk_number(disk->vdev) < 0) {
        LOG(ERROR, "disk '%s': not the name of a disk (xvda, sdb, d0p1)",
            disk->vdev ? disk->vdev : "");
        return ERROR_INVAL;
    }
    rc = check_kind(gc, disk);
    if (rc)
        return rc;
    rc = libxl__backend_domid(gc, disk->backend_domname, &disk->backend_domid);
    if (rc)
        return rc;
    if (!disk->pdev_path && disk->format != LIBXL_DISK_FORMAT_EMPTY) {
        LOG(ERROR, "disk %s: no target given", disk->vdev);
        return ERROR_INVAL;
    }
    libxl_defbool_setdefault(&disk->discard_enable, !!disk->readwrite);
    libxl_defbool_setdefault(&disk->colo_restore_enable, false);
    /* A script's target is the script's to judge, and so is another domain's;
     * the rest is known before any domain exists. */
    if (disk->script || disk->backend_domid ||
        disk->format == LIBXL_DISK_FORMAT_EMPTY || is_uri(disk->pdev_path))
        return 0;
    if (disk->pdev_path[0] != '/') {
        char *path = GCSPRINTF("/dev/%s", disk->pdev_path);

        free(disk->pdev_path);
        disk->pdev_path = libxl__strdup_nogc(CTX, path);
    }
    if (stat(disk->pdev_path, &st)) {
        LOGE(ERROR, "disk %s: %s", disk->vdev, disk->pdev_path);
        return ERROR_INVAL;
    }
    if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode)) {
        LOG(ERROR, "disk %s: %s is neither a file nor a block device",
            disk->vdev, disk->pdev_path);
        return ERROR_INVAL;
    }
    if (S_ISREG(st.st_mode) && st.st_size < 512) {
        LOG(ERROR, "disk %s: %s is not a disk image: it has no sector",
            disk->vdev, disk->pdev_path);
        return ERROR_INVAL;
    }
    return 0;
}

/* What a script names is one, too. */
static bool is_block_device(const libxl_device_disk *disk)
{
    struct stat st;

    if (disk->script)
        return !strstr(disk->script, "block-nbd");
    return !stat(disk->pdev_path, &st) && S_ISBLK(st.st_mode);
}

/* Linux's driver serves block devices, as Xen's users know it by 'phy', and all
 * backends of its kind are its own: other disks have a kind that only processes
 * serve. Nobody knows what another domain's kernel has. */
static const char *backend_kind(const libxl_device_disk *disk)
{
    bool phy = disk->backend != LIBXL_DISK_BACKEND_QDISK &&
               disk->format == LIBXL_DISK_FORMAT_RAW && !disk->is_cdrom &&
               is_block_device(disk);

    return phy || disk->backend_domid || !libxl__kernel_serves("vbd") ? "vbd"
                                                                      : "qdisk";
}

int libxl__disk_write(libxl__gc *gc, uint32_t domid,
                      const libxl_device_disk *disk, libxl__device *dev)
{
    const char *type = disk->is_cdrom ? "cdrom" : "disk";
    bool trusted = libxl_defbool_is_default(disk->trusted) ||
                   libxl_defbool_val(disk->trusted);
    bool discard = libxl_defbool_val(disk->discard_enable);
    bool raw = disk->format == LIBXL_DISK_FORMAT_RAW ||
               disk->format == LIBXL_DISK_FORMAT_EMPTY;
    int number = libxl__disk_number(disk->vdev);
    const struct libxl__node back[] = {
        {"online", "1"},
        {"removable", disk->removable ? "1" : "0"},
        {"bootable", "1"},
        {"state", "1"},
        {"dev", disk->vdev},
        {"type", "phy"},
        {"mode", disk->readwrite ? "w" : "r"},
        {"device-type", type},
        {"params", disk->pdev_path ? disk->pdev_path : ""},
        {"format", raw ? NULL : libxl_disk_format_to_string(disk->format)},
        {"script", libxl__script_path(gc, disk->script, "block")},
        {"discard-enable", discard ? "1" : "0"},
        {"specification", "xen"},
        {"direct-io-safe", disk->direct_io_safe ? "1" : NULL},
        {0},
    };
    const struct libxl__node front[] = {
        {"state", "1"},
        {"virtual-device", GCSPRINTF("%d", number)},
        {"device-type", type},
        {"trusted", trusted ? "1" : "0"},
        {0},
    };

    *dev = (libxl__device){.domid = domid,
                           .backend_domid = disk->backend_domid,
                           .devid = number,
                           .kind = "vbd",
                           .backend = backend_kind(disk)};
    return libxl__device_write(gc, dev, back, front, false);
}

/* --- as one of the kinds --- */

static int setdefault(libxl__gc *gc, void *device)
{
    return libxl__disk_setdefault(gc, device);
}

static int number(libxl__gc *gc, uint32_t domid, void *device, uint32_t *devid)
{
    const libxl_device_disk *disk = device;

    *devid = libxl__disk_number(disk->vdev ? disk->vdev : "");
    return 0;
}

static const char *label(libxl__gc *gc, const void *device)
{
    const libxl_device_disk *disk = device;

    return GCSPRINTF("disk %s", disk->vdev ? disk->vdev : "");
}

static int write_it(libxl__gc *gc, uint32_t domid, void *device,
                    libxl__device *dev)
{
    return libxl__disk_write(gc, domid, device, dev);
}

static void *configured(libxl_domain_config *config, uint32_t devid)
{
    for (int i = 0; i < config->num_disks; i++)
        if ((uint32_t)libxl__disk_number(config->disks[i].vdev) == devid)
            return &config->disks[i];
    return NULL;
}

static void remember(libxl_ctx *ctx, libxl_domain_config *config,
                     const void *device)
{
    int n = config->num_disks;

    config->disks =
        libxl__checked(realloc(config->disks, (n + 1) * sizeof(*config->disks)),
                       n + 1, sizeof(*config->disks));
    libxl_device_disk_init(&config->disks[n]);
    libxl_device_disk_copy(ctx, &config->disks[n], device);
    config->num_disks++;
}

static void forget(libxl_domain_config *config, uint32_t devid)
{
    int left = 0;

    for (int i = 0; i < config->num_disks; i++)
        if ((uint32_t)libxl__disk_number(config->disks[i].vdev) == devid)
            libxl_device_disk_dispose(&config->disks[i]);
        else
            config->disks[left++] = config->disks[i];
    config->num_disks = left;
}

const struct libxl__device_type libxl__disk_type = {
    "vbd", setdefault, number, label, write_it, configured, remember, forget,
};
