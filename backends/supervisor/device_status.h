/* SPDX-License-Identifier: MIT */
/*
 * What an administrator is told of a device and its processes. In the store of
 * this domain:
 *
 *   error/backend/KIND/DOMID/DEVID/error     what is wrong now
 *   xen-backendd/backend/KIND/DOMID/DEVID/pid, restarts, reason
 *                                            its process, how many this one has
 *                                            replaced, how the last one ended
 *
 * and in the supervisor's directory NAME.ends, by which the next supervisor
 * knows, and `xen-backendd --status` without a store. What the store does not
 * take because it is away is lost; what it keeps because it is away is looked
 * for when it is back.
 */
#ifndef BACKENDS_SUPERVISOR_DEVICE_STATUS_H
#define BACKENDS_SUPERVISOR_DEVICE_STATUS_H

#include <stdio.h>
#include <sys/types.h>
#include <xenstore.h>

#include "../block/medium_id.h"
#include "../common/record.h"

struct device_status {
    pid_t pid;
    unsigned int restarts;
    char why[320];           /* "": as it should, or none has ended */
    struct medium_id medium; /* what is kept of it; told to nobody */
};

/* path: of the device, backend/KIND/DOMID/DEVID. */
void device_status_publish(struct xs_handle *xs, const char *path,
                           const struct device_status *s);
void device_error_write(struct xs_handle *xs, const char *path,
                        const char *text);
/* If it says this text, and not what the process says. */
void device_error_clear(struct xs_handle *xs, const char *path,
                        const char *text);
/* There is no process any more; there is no device any more. With directories
 * above the nodes that they leave empty. */
void device_status_withdraw(struct xs_handle *xs, const char *path);
void device_error_withdraw(struct xs_handle *xs, const char *path);

/* Each device of the kind of which the store tells in either room, with its
 * path: some twice. What is told may be withdrawn meanwhile. */
typedef void device_told(void *arg, const char *path);
void device_status_each(struct xs_handle *xs, const char *kind, device_told *f,
                        void *arg);

/* With the directories above that this leaves empty, within a transaction:
 * others make theirs there. */
void device_node_remove(struct xs_handle *xs, xs_transaction_t t,
                        const char *node);

/* What has gone each way, from the record of the name; zero without one. A
 * record may have any content: these are but numbers. */
void device_counts_load(struct record_counts *c, const char *dir,
                        const char *name);
/* As a string of JSON, with '?' for what is not plain ASCII. */
void device_text_print(FILE *f, const char *text);

/* restarts, why and medium, from the file and to it; zero and "" without one.
 */
void device_status_load(struct device_status *s, const char *dir,
                        const char *name);
void device_status_save(const struct device_status *s, const char *dir,
                        const char *name);

/* All devices of the directory, and the daemon that holds the pid file, as
 * JSON. 0 or -errno. */
int device_status_print(FILE *f, const char *dir, const char *pid_file);

#endif
