/* SPDX-License-Identifier: MIT */
/*
 * Devices that come and go while their domain exists, whatever their kind. See
 * device_change.c.
 */
#ifndef LIBXL_INTERNAL_DEVICE_CHANGE_H
#define LIBXL_INTERNAL_DEVICE_CHANGE_H

#include "device.h"

/* What differs from kind to kind. 'device' is a libxl_device_KIND. */
struct libxl__device_type {
    const char *kind; /* its name in the store */
    /* Fills in what was left open; ERROR_*, logged, for what cannot be. */
    int (*setdefault)(libxl__gc *gc, void *device);
    /* Its devid; one that was left open is chosen. */
    int (*number)(libxl__gc *gc, uint32_t domid, void *device, uint32_t *devid);
    const char *(*label)(libxl__gc *gc, const void *device);
    int (*write)(libxl__gc *gc, uint32_t domid, void *device,
                 libxl__device *dev);
    /* The one with this number in the configuration, or NULL; */
    void *(*configured)(libxl_domain_config *config, uint32_t devid);
    /* a copy of one at its end; and the one with this number, if there is one,
     * out of it. */
    void (*remember)(libxl_ctx *ctx, libxl_domain_config *config,
                     const void *device);
    void (*forget)(libxl_domain_config *config, uint32_t devid);
};
extern const struct libxl__device_type libxl__disk_type, libxl__nic_type;

enum libxl__removal {
    LIBXL__REMOVE_ASK,    /* the guest; fails if it does not let go in time */
    LIBXL__REMOVE_INSIST, /* the guest, and do not depend on its answer */
    LIBXL__REMOVE_NOW,
    /* As the first; but it stays configured, for another one is coming in its
     * place, and that it is not there is fine. */
    LIBXL__REMOVE_TO_REPLACE,
};

/*
 * As steps of an operation. 0: the callback comes, perhaps at once; ERROR_*,
 * logged: it does not, and nothing has changed. A failed addition leaves
 * all as it was; the caller's device has got its defaults and its number.
 */
int libxl__device_add(libxl__ao *ao, uint32_t domid,
                      const struct libxl__device_type *type, void *device,
                      void (*callback)(libxl__ao *, int rc, void *user),
                      void *user);
int libxl__device_remove(libxl__ao *ao, uint32_t domid,
                         const struct libxl__device_type *type, void *device,
                         enum libxl__removal how,
                         void (*callback)(libxl__ao *, int rc, void *user),
                         void *user);

#endif
