/* SPDX-License-Identifier: MIT */
/*
 * The disks and network interfaces that a domain has now, for the application.
 * What they are is told by libxl's records, which only this domain can write;
 * how far they have come is told by what the guest's frontend wrote, which may
 * be anything.
 */
#include "device.h"
#include "domain.h"

static const char *record(libxl__gc *gc, const libxl__device *dev,
                          const char *name)
{
    return libxl__xs_read(
        gc, XBT_NULL, GCSPRINTF("%s/%s", libxl__device_record(gc, dev), name));
}

static char *record_nogc(libxl__gc *gc, const libxl__device *dev,
                         const char *name)
{
    const char *s = record(gc, dev, name);

    return s && *s ? libxl__strdup_nogc(CTX, s) : NULL;
}

static bool record_is(libxl__gc *gc, const libxl__device *dev, const char *name,
                      const char *value)
{
    const char *s = record(gc, dev, name);

    return s && !strcmp(s, value);
}

/* -1: the frontend has written none; 0: it has, but no number. */
static int frontend_number(libxl__gc *gc, const libxl__device *dev,
                           const char *name)
{
    uint32_t value;
    const char *s = libxl__xs_read(
        gc, XBT_NULL,
        GCSPRINTF("%s/%s", libxl__device_frontend(gc, dev), name));

    if (!s)
        return -1;
    return libxl__parse_uint(s, INT_MAX, &value) ? 0 : (int)value;
}

/* Said where a user looks for it, and not in the columns that programs read. */
static void tell_trouble(libxl__gc *gc, const libxl__device *dev,
                         const char *label)
{
    const char *trouble = libxl__device_trouble(gc, dev);

    if (trouble)
        LOG(WARN, "domain %s: %s: %s", libxl__domain_label(gc, dev->domid),
            label, trouble);
}

/* --- disks --- */

static void read_disk(libxl__gc *gc, const libxl__device *dev,
                      libxl_device_disk *disk)
{
    const char *mode = record(gc, dev, "mode");
    const char *script = record(gc, dev, "script");
    const char *format = record(gc, dev, "format");

    libxl_device_disk_init(disk);
    disk->backend_domid = dev->backend_domid;
    disk->vdev = record_nogc(gc, dev, "dev");
    disk->pdev_path = record_nogc(gc, dev, "params");
    disk->backend = strcmp(dev->backend, "qdisk") ? LIBXL_DISK_BACKEND_PHY
                                                  : LIBXL_DISK_BACKEND_QDISK;
    disk->format =
        disk->pdev_path ? LIBXL_DISK_FORMAT_RAW : LIBXL_DISK_FORMAT_EMPTY;
    if (disk->pdev_path && format &&
        !libxl_disk_format_from_string(format, &disk->format) &&
        disk->format != LIBXL_DISK_FORMAT_RAW)
        disk->backend = LIBXL_DISK_BACKEND_QDISK;
    disk->specification = LIBXL_DISK_SPECIFICATION_XEN;
    if (script && strcmp(script, libxl__script_path(gc, NULL, "block")))
        disk->script = libxl__strdup_nogc(CTX, script);
    disk->removable = record_is(gc, dev, "removable", "1");
    disk->readwrite = mode && *mode == 'w';
    disk->is_cdrom = record_is(gc, dev, "device-type", "cdrom");
    disk->direct_io_safe = record_is(gc, dev, "direct-io-safe", "1");
    libxl_defbool_set(&disk->discard_enable,
                      record_is(gc, dev, "discard-enable", "1"));
}

libxl_device_disk *libxl_device_disk_list(libxl_ctx *ctx, uint32_t domid,
                                          int *num)
{
    GC_INIT(ctx);
    libxl_device_disk *list;
    libxl__device *dev;

    if (libxl__device_list(gc, XBT_NULL, domid, "vbd", &dev, num))
        return NULL;
    list = libxl__array_nogc(ctx, *num, sizeof(*list));
    for (int i = 0; i < *num; i++)
        read_disk(gc, &dev[i], &list[i]);
    return list;
}

void libxl_device_disk_list_free(libxl_device_disk *list, int num)
{
    for (int i = 0; i < num; i++)
        libxl_device_disk_dispose(&list[i]);
    free(list);
}

/* ERROR_NOTFOUND, in silence: it is no name of a disk, or of none that is
 * there.
 */
static int find_disk(libxl__gc *gc, uint32_t domid, const char *vdev,
                     libxl__device *dev)
{
    int number = vdev ? libxl__disk_number(vdev) : -1;

    *dev = (libxl__device){.domid = domid, .kind = "vbd", .devid = number};
    return number < 0 ? ERROR_NOTFOUND : libxl__device_find(gc, XBT_NULL, dev);
}

int libxl_vdev_to_device_disk(libxl_ctx *ctx, uint32_t domid, const char *vdev,
                              libxl_device_disk *disk)
{
    GC_INIT(ctx);
    libxl__device dev;
    int rc = find_disk(gc, domid, vdev, &dev);

    libxl_device_disk_init(disk);
    if (!rc)
        read_disk(gc, &dev, disk);
    return rc;
}

int libxl_device_disk_getinfo(libxl_ctx *ctx, uint32_t domid,
                              const libxl_device_disk *disk,
                              libxl_diskinfo *diskinfo)
{
    GC_INIT(ctx);
    libxl__device dev;
    int rc = find_disk(gc, domid, disk->vdev, &dev);

    libxl_diskinfo_init(diskinfo);
    if (rc)
        return rc;
    *diskinfo = (libxl_diskinfo){
        .backend = libxl__strdup_nogc(ctx, libxl__device_backend(gc, &dev)),
        .backend_id = dev.backend_domid,
        .frontend = libxl__strdup_nogc(ctx, libxl__device_frontend(gc, &dev)),
        .frontend_id = domid,
        .devid = dev.devid,
        .state = frontend_number(gc, &dev, "state"),
        .evtch = frontend_number(gc, &dev, "event-channel"),
        .rref = frontend_number(gc, &dev, "ring-ref"),
    };
    tell_trouble(gc, &dev, GCSPRINTF("disk %s", disk->vdev));
    return 0;
}

/* --- network interfaces --- */

static void read_nic(libxl__gc *gc, const libxl__device *dev,
                     libxl_device_nic *nic)
{
    const char *mac = record(gc, dev, "mac"), *rate = record(gc, dev, "rate");
    uint32_t mtu;

    libxl_device_nic_init(nic);
    nic->backend_domid = dev->backend_domid;
    nic->devid = dev->devid;
    nic->nictype = LIBXL_NIC_TYPE_VIF;
    if (mac)
        libxl__parse_mac(mac, nic->mac);
    if (!libxl__xs_read_uint(gc, XBT_NULL,
                             GCSPRINTF("%s/mtu", libxl__device_record(gc, dev)),
                             &mtu) &&
        mtu <= INT_MAX)
        nic->mtu = mtu;
    if (rate)
        sscanf(rate, "%" SCNu64 ",%" SCNu32, &nic->rate_bytes_per_interval,
               &nic->rate_interval_usecs);
    nic->ip = record_nogc(gc, dev, "ip");
    nic->bridge = record_nogc(gc, dev, "bridge");
    nic->script = record_nogc(gc, dev, "script");
    nic->ifname = record_nogc(gc, dev, "vifname");
    nic->gatewaydev = record_nogc(gc, dev, "gatewaydev");
}

libxl_device_nic *libxl_device_nic_list(libxl_ctx *ctx, uint32_t domid,
                                        int *num)
{
    GC_INIT(ctx);
    libxl_device_nic *list;
    libxl__device *dev;

    if (libxl__device_list(gc, XBT_NULL, domid, "vif", &dev, num))
        return NULL;
    list = libxl__array_nogc(ctx, *num, sizeof(*list));
    for (int i = 0; i < *num; i++)
        read_nic(gc, &dev[i], &list[i]);
    return list;
}

void libxl_device_nic_list_free(libxl_device_nic *list, int num)
{
    for (int i = 0; i < num; i++)
        libxl_device_nic_dispose(&list[i]);
    free(list);
}

int libxl_devid_to_device_nic(libxl_ctx *ctx, uint32_t domid, int devid,
                              libxl_device_nic *nic)
{
    GC_INIT(ctx);
    libxl__device dev = {.domid = domid, .kind = "vif", .devid = devid};

    int rc =
        devid < 0 ? ERROR_NOTFOUND : libxl__device_find(gc, XBT_NULL, &dev);

    libxl_device_nic_init(nic);
    if (!rc)
        read_nic(gc, &dev, nic);
    return rc;
}

int libxl_mac_to_device_nic(libxl_ctx *ctx, uint32_t domid, const char *mac,
                            libxl_device_nic *nic)
{
    libxl_mac wanted;
    libxl_device_nic *list;
    int n, rc = ERROR_NOTFOUND;

    libxl_device_nic_init(nic);
    if (libxl__parse_mac(mac, wanted))
        return ERROR_INVAL;
    list = libxl_device_nic_list(ctx, domid, &n);
    if (!list)
        return ERROR_FAIL;
    for (int i = 0; i < n && rc; i++) {
        if (memcmp(list[i].mac, wanted, sizeof(wanted)))
            continue;
        libxl_device_nic_copy(ctx, nic, &list[i]);
        rc = 0;
    }
    libxl_device_nic_list_free(list, n);
    return rc;
}

int libxl_device_nic_getinfo(libxl_ctx *ctx, uint32_t domid,
                             const libxl_device_nic *nic,
                             libxl_nicinfo *nicinfo)
{
    GC_INIT(ctx);
    libxl__device dev = {.domid = domid, .kind = "vif", .devid = nic->devid};

    int rc = nic->devid < 0 ? ERROR_NOTFOUND
                            : libxl__device_find(gc, XBT_NULL, &dev);

    libxl_nicinfo_init(nicinfo);
    if (rc)
        return rc;
    *nicinfo = (libxl_nicinfo){
        .backend = libxl__strdup_nogc(ctx, libxl__device_backend(gc, &dev)),
        .backend_id = dev.backend_domid,
        .frontend = libxl__strdup_nogc(ctx, libxl__device_frontend(gc, &dev)),
        .frontend_id = domid,
        .devid = dev.devid,
        .state = frontend_number(gc, &dev, "state"),
        .evtch = frontend_number(gc, &dev, "event-channel"),
        .rref_tx = frontend_number(gc, &dev, "tx-ring-ref"),
        .rref_rx = frontend_number(gc, &dev, "rx-ring-ref"),
    };
    tell_trouble(gc, &dev, GCSPRINTF("vif %d", nic->devid));
    return 0;
}
