/* SPDX-License-Identifier: MIT */
/*
 * Domains: what the store and files hold of them, and the steps of their
 * creation and destruction that other files share.
 */
#ifndef LIBXL_INTERNAL_DOMAIN_H
#define LIBXL_INTERNAL_DOMAIN_H

#include "event.h"

/* Room for Xen's own bookkeeping over what the guest may populate, KiB. */
#define LIBXL__MAXMEM_SLACK 1024

/* ERROR_DOMAIN_NOTFOUND in silence; other failures are logged. */
int libxl__domain_getinfo(libxl__gc *gc, uint32_t domid,
                          struct xen_domctl_getdomaininfo *info);
/* The same, but a domain that does not exist is logged as well. */
int libxl__domain_find(libxl__gc *gc, uint32_t domid,
                       struct xen_domctl_getdomaininfo *info);
bool libxl__domain_exists(libxl__gc *gc, uint32_t domid);
/* Reports what has ended of the domains whose end is waited for; and is there
 * one that the store does not know? */
void libxl__look_at_deaths(libxl_ctx *ctx);
bool libxl__deaths_unknown(libxl_ctx *ctx);
/* There is certainly nothing of the kind: ERROR_INVAL, in silence. */
int libxl__name_to_domid(libxl__gc *gc, const char *name, uint32_t *domid);
/* The same, but a dying domain is not found: it has no identity any more. */
int libxl__uuid_to_domid(libxl__gc *gc, const libxl_uuid *uuid,
                         uint32_t *domid);
/* "/vm/UUID", where the domain's identity is; NULL: it has none. */
const char *libxl__vm_path(libxl__gc *gc, uint32_t domid);
/* Whether it can be a domain's name; ERROR_INVAL, logged. It may be in use. */
int libxl__check_name(libxl__gc *gc, const char *name);
/* In a transaction of the caller's, or 0; refuses a name that is in use. */
int libxl__domain_rename(libxl__gc *gc, uint32_t domid, const char *old_name,
                         const char *new_name, xs_transaction_t t);

/* Fills in all that was left open; ERROR_INVAL with one line for what cannot
 * be: the configuration is good afterwards. */
int libxl__domain_config_setdefault(libxl__gc *gc, libxl_domain_config *config);
/* No two devices of one name or address; ERROR_INVAL, logged. */
int libxl__check_duplicates(libxl__gc *gc, const libxl_domain_config *config);

/* Complete teardown of domid; the callback gets its rc. Domains that were
 * only begun, or are gone already, are fine. */
typedef struct libxl__destroy libxl__destroy;
struct libxl__destroy {
    libxl__ao *ao; /* whose gc has the memory */
    uint32_t domid;
    bool undo; /* of a creation, whose failure has been reported */
    void (*callback)(libxl__destroy *d, int rc);
    /* private */
    struct libxl__multidev *devices;
    libxl__ev_child child;
    int rc;
};
/* d: zeroed but for what is above the private part; must stay until then. */
void libxl__domain_destroy(libxl__destroy *d);
/* Its configuration says whether libxl runs hotplug scripts; by default it
 * does.
 */
bool libxl__scripts_wanted(libxl__gc *gc, uint32_t domid);
struct libxl__multidev;
/* All its devices, without asking it; except: a kind that stays, or NULL.
 * ERROR_*: it is not known what there is. */
int libxl__domain_remove_devices(struct libxl__multidev *multi, uint32_t domid,
                                 bool undo, const char *except);

/* The configuration in JSON, under /var/lib/xen, in a file that is replaced as
 * a whole. Failures are logged. */
int libxl__domain_config_save(libxl__gc *gc, uint32_t domid,
                              libxl_domain_config *config);
int libxl__domain_config_load(libxl__gc *gc, uint32_t domid,
                              libxl_domain_config *config);
/* Between these, no other program changes the files of that domain. The lock is
 * held for moments only. -1: there is no such domain any more, in silence; or
 * it has failed, logged. A domain's files are removed with the lock, too. */
int libxl__userdata_lock(libxl__gc *gc, uint32_t domid);
void libxl__userdata_unlock(int fd);
/* All files of that domain, whatever program has stored them. */
void libxl__userdata_destroy_all(libxl__gc *gc, uint32_t domid,
                                 const libxl_uuid *uuid);
/* The same, by who has the lock on them, fd, which goes with them. */
void libxl__userdata_destroy_locked(libxl__gc *gc, uint32_t domid,
                                    const libxl_uuid *uuid, int fd);
int libxl__domain_uuid(libxl__gc *gc, uint32_t domid, libxl_uuid *uuid);

/* Weight and cap; what is at its default stays as it is. ERROR_INVAL for a
 * value out of range, logged. */
int libxl__sched_params_set(libxl__gc *gc, uint32_t domid,
                            const libxl_domain_sched_params *params);

#endif
