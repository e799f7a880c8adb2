/* SPDX-License-Identifier: MIT */
/*
 * Devices. A device is three directories of the store that point at each
 * other: the guest's frontend, the driver's backend, and libxl's own record,
 * from which it can be found and removed whatever the other two parties wrote
 * into theirs.
 *
 *   frontend  /local/domain/D/device/KIND/DEVID
 *   backend   /local/domain/B/backend/KIND/D/DEVID
 *   record    /libxl/D/device/KIND/DEVID
 *
 * A driver of dom0's kernel takes all backends of its kind. The kind of a
 * backend is another one, where that driver is loaded and is not to have it.
 *
 * Adding:   write all three; wait until the backend has seen it (state
 *           InitWait); run the hotplug script.
 * Removing: tell the backend (online 0, state Closing) and, when the guest is
 *           not to be asked, take the frontend away; wait until it is Closed;
 *           run the hotplug script; remove the directories.
 */
#ifndef LIBXL_INTERNAL_DEVICE_H
#define LIBXL_INTERNAL_DEVICE_H

#include "event.h"

typedef struct libxl__device {
    uint32_t domid, backend_domid, devid;
    const char *kind;    /* "vbd", "vif", "console" */
    const char *backend; /* kind of the backend; NULL: the same */
} libxl__device;

const char *libxl__device_backend_kind(const libxl__device *dev);

/* The paths above, from gc. They need not be there. */
const char *libxl__device_frontend(libxl__gc *gc, const libxl__device *dev);
const char *libxl__device_backend(libxl__gc *gc, const libxl__device *dev);
const char *libxl__device_record(libxl__gc *gc, const libxl__device *dev);
/* backend/KIND/D/DEVID, as domain B names it itself. */
const char *libxl__device_own_backend(libxl__gc *gc, const libxl__device *dev);

/* Writes the three directories, front and back with these nodes and the links
 * between them. In a transaction of its own, and not if there is such a device,
 * or if the domain's traces have been removed. A frontend that the guest may
 * not change, front_readonly. */
int libxl__device_write(libxl__gc *gc, const libxl__device *dev,
                        const struct libxl__node *back,
                        const struct libxl__node *front, bool front_readonly);

/* By its record of domid's device of this kind and number; then backend_domid
 * and backend are filled in. ERROR_NOTFOUND, in silence: there is certainly
 * none; a store that does not answer does not say so. */
int libxl__device_find(libxl__gc *gc, xs_transaction_t t, libxl__device *dev);
/* What is wrong with it now, in the words of its backend or its script; NULL:
 * nothing. From gc. */
const char *libxl__device_trouble(libxl__gc *gc, const libxl__device *dev);
/* For a message on a terminal: a guest or another domain may have written s. */
const char *libxl__printable(libxl__gc *gc, const char *s);

/* The devices that a domain's records name; only those of one kind if kind
 * is given. *n of them, from gc; none if it fails. t: a transaction, or
 * XBT_NULL. */
int libxl__device_list(libxl__gc *gc, xs_transaction_t t, uint32_t domid,
                       const char *kind, libxl__device **list, int *n);
/* The lowest devid without a record. */
int libxl__device_nextid(libxl__gc *gc, uint32_t domid, const char *kind,
                         uint32_t *devid);

/* The addition or removal of one device. */
typedef struct libxl__aodev libxl__aodev;
struct libxl__aodev {
    libxl__ao *ao;
    libxl__device dev;
    const char *label; /* for messages: "disk xvda" */
    bool add;
    bool force;        /* removing: without asking the guest */
    bool insist;       /* removing: if it does not let go in time, by force */
    bool undo;         /* removing: what failed to be added */
    bool with_scripts; /* hotplug scripts are libxl's business, not udev's */
    void (*callback)(libxl__aodev *aodev, int rc);
    /* private */
    struct libxl__multidev *multi;
    libxl__ev_watch state_watch;
    libxl__ev_time timeout;
    libxl__ev_child script;
    bool killed;
};
/* add: its directories are written. 0: the callback comes, perhaps at once. */
int libxl__aodev_start(libxl__aodev *aodev);

/* Several at once; the callback gets the first failure, when all are over. */
typedef struct libxl__multidev libxl__multidev;
struct libxl__multidev {
    libxl__ao *ao;
    void (*callback)(libxl__multidev *multi, int rc);
    void *user;
    int pending, rc;
};
/* pending starts at 1, so that nothing completes while more are added. */
void libxl__multidev_begin(libxl__ao *ao, libxl__multidev *multi,
                           void (*callback)(libxl__multidev *, int));
void libxl__multidev_add(libxl__multidev *multi, const libxl__aodev *template);
void libxl__multidev_prepared(libxl__multidev *multi, int rc);

/* The number of the ABI, as 51712 for "xvda" and its likes; -1: no such name.
 */
int libxl__disk_number(const char *vdev);

int libxl__disk_setdefault(libxl__gc *gc, libxl_device_disk *disk);
int libxl__disk_write(libxl__gc *gc, uint32_t domid,
                      const libxl_device_disk *disk, libxl__device *dev);
int libxl__nic_setdefault(libxl__gc *gc, libxl_device_nic *nic);
int libxl__nic_write(libxl__gc *gc, uint32_t domid, const libxl_device_nic *nic,
                     libxl__device *dev);
int libxl__console_write(libxl__gc *gc, uint32_t domid, uint64_t mfn,
                         uint32_t port);
/* Is the driver of this domain's kernel loaded that takes all backends of this
 * kind? */
bool libxl__kernel_serves(const char *kind);
/* A number or a name; NULL is dom0. ERROR_INVAL, logged. */
int libxl__backend_domid(libxl__gc *gc, const char *name, uint32_t *domid);
/* script, or the default for NULL, in LIBXL__SCRIPT_DIR if it is not absolute.
 */
const char *libxl__script_path(libxl__gc *gc, const char *script,
                               const char *default_name);

#endif
