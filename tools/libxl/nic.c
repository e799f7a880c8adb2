/* SPDX-License-Identifier: MIT */
/*
 * Network interfaces: the 'vif' backend makes an interface in its domain, a
 * script connects it.
 */
#include <sys/random.h>

#include "device_change.h"

/* Xen's own prefix, and a unicast tail with its upper half for the tools. */
static void random_mac(libxl_mac mac)
{
    static const uint8_t prefix[3] = {0x00, 0x16, 0x3e};

    memcpy(mac, prefix, sizeof(prefix));
    if (getrandom(mac + 3, 3, 0) != 3)
        abort(); /* cannot fail for 3 bytes */
    mac[3] &= 0x7f;
}

int libxl__nic_setdefault(libxl__gc *gc, libxl_device_nic *nic)
{
    static const libxl_mac none;

    if (nic->nictype == LIBXL_NIC_TYPE_VIF_IOEMU) {
        LOG(ERROR, "vif: an emulated interface (type=ioemu) is not supported");
        return ERROR_INVAL;
    }
    nic->nictype = LIBXL_NIC_TYPE_VIF;
    if (!memcmp(nic->mac, none, sizeof(none)))
        random_mac(nic->mac);
    if (nic->mac[0] & 1) {
        LOG(ERROR, "vif: " LIBXL_MAC_FMT " is a multicast address",
            LIBXL_MAC_BYTES(nic->mac));
        return ERROR_INVAL;
    }
    if (nic->mtu && (nic->mtu < 68 || nic->mtu > 65535)) {
        LOG(ERROR, "vif: an mtu of %d is not between 68 and 65535", nic->mtu);
        return ERROR_INVAL;
    }
    if (nic->ifname && strlen(nic->ifname) > 15) {
        LOG(ERROR, "vif: the name '%s' is longer than 15 characters",
            nic->ifname);
        return ERROR_INVAL;
    }
    if (!nic->bridge)
        nic->bridge = libxl__strdup_nogc(CTX, "xenbr0");
    return libxl__backend_domid(gc, nic->backend_domname, &nic->backend_domid);
}

int libxl__nic_write(libxl__gc *gc, uint32_t domid, const libxl_device_nic *nic,
                     libxl__device *dev)
{
    const char *mac = GCSPRINTF(LIBXL_MAC_FMT, LIBXL_MAC_BYTES(nic->mac));
    bool trusted = libxl_defbool_is_default(nic->trusted) ||
                   libxl_defbool_val(nic->trusted);
    const char *devid, *mtu, *rate = NULL;

    devid = GCSPRINTF("%d", nic->devid);
    mtu = nic->mtu ? GCSPRINTF("%d", nic->mtu) : NULL;
    if (nic->rate_interval_usecs)
        rate = GCSPRINTF("%" PRIu64 ",%u", nic->rate_bytes_per_interval,
                         nic->rate_interval_usecs);

    const struct libxl__node back[] = {
        {"online", "1"},
        {"state", "1"},
        {"script", libxl__script_path(gc, nic->script, "vif-bridge")},
        {"vifname", nic->ifname},
        {"mac", mac},
        {"ip", nic->ip},
        {"mtu", mtu},
        {"gatewaydev", nic->gatewaydev},
        {"rate", rate},
        {"bridge", nic->bridge},
        {"handle", devid},
        {"type", "vif"},
        {"hotplug-status", ""},
        {0},
    };
    const struct libxl__node front[] = {
        {"state", "1"},
        {"handle", devid},
        {"mac", mac},
        {"mtu", mtu},
        {"trusted", trusted ? "1" : "0"},
        {0},
    };

    *dev = (libxl__device){.domid = domid,
                           .backend_domid = nic->backend_domid,
                           .devid = nic->devid,
                           .kind = "vif"};
    return libxl__device_write(gc, dev, back, front, false);
}

/* --- as one of the kinds --- */

static int setdefault(libxl__gc *gc, void *device)
{
    return libxl__nic_setdefault(gc, device);
}

static int number(libxl__gc *gc, uint32_t domid, void *device, uint32_t *devid)
{
    libxl_device_nic *nic = device;
    int rc = 0;

    *devid = nic->devid;
    if (nic->devid < 0)
        rc = libxl__device_nextid(gc, domid, "vif", devid);
    if (!rc)
        nic->devid = *devid;
    return rc;
}

static const char *label(libxl__gc *gc, const void *device)
{
    return GCSPRINTF("vif %d", ((const libxl_device_nic *)device)->devid);
}

static int write_it(libxl__gc *gc, uint32_t domid, void *device,
                    libxl__device *dev)
{
    return libxl__nic_write(gc, domid, device, dev);
}

static void *configured(libxl_domain_config *config, uint32_t devid)
{
    for (int i = 0; i < config->num_nics; i++)
        if ((uint32_t)config->nics[i].devid == devid)
            return &config->nics[i];
    return NULL;
}

static void remember(libxl_ctx *ctx, libxl_domain_config *config,
                     const void *device)
{
    int n = config->num_nics;

    config->nics =
        libxl__checked(realloc(config->nics, (n + 1) * sizeof(*config->nics)),
                       n + 1, sizeof(*config->nics));
    libxl_device_nic_init(&config->nics[n]);
    libxl_device_nic_copy(ctx, &config->nics[n], device);
    config->num_nics++;
}

static void forget(libxl_domain_config *config, uint32_t devid)
{
    int left = 0;

    for (int i = 0; i < config->num_nics; i++)
        if ((uint32_t)config->nics[i].devid == devid)
            libxl_device_nic_dispose(&config->nics[i]);
        else
            config->nics[left++] = config->nics[i];
    config->num_nics = left;
}

const struct libxl__device_type libxl__nic_type = {
    "vif", setdefault, number, label, write_it, configured, remember, forget,
};
