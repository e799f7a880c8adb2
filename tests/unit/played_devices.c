/* SPDX-License-Identifier: MIT */
/* See played_devices.h. */
#include "played_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenstore.h>

#include "../../backends/common/domain_over.h"
#include "../../backends/common/kernel_driver.h"
#include "../../backends/common/store_client.h"
#include "../../tools/libxenstore/reconnect.h"

struct played_store *played;
unsigned int played_connects, played_requests;

void played_open(const char *dir)
{
    char path[128];
    int fd;

    snprintf(path, sizeof(path), "%s/store", dir);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(*played)))
        abort();
    played =
        mmap(NULL, sizeof(*played), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (played == MAP_FAILED)
        abort();
    close(fd);
}

bool store_lost(const struct store_client *c)
{
    return played->away;
}

int xs_connect(void)
{
    played_connects++;
    errno = ENOENT;
    return -1;
}

bool domain_over(struct xlc_handle *h, unsigned int domid)
{
    return h && played->guest_over;
}

const char *kernel_driver(const char *kind)
{
    return played->kernel ? "xen-blkback" : NULL;
}

const char *kernel_driver_name(const char *kind)
{
    return !strcmp(kind, "vbd")   ? "xen-blkback"
           : !strcmp(kind, "vif") ? "xen-netback"
                                  : NULL;
}

/* The disk of PREFIXbackend/vbd/3/N/KEY; NULL: no such path. */
static struct played_device *disk_at(const char *path, const char *prefix,
                                     const char *key)
{
    char pattern[64], found[32];
    unsigned int n;

    snprintf(pattern, sizeof(pattern), "%sbackend/vbd/%d/%%u/%%31s", prefix,
             DOMAIN);
    if (sscanf(path, pattern, &n, found) != 2 || n >= DISKS ||
        strcmp(found, key))
        return NULL;
    return &played->disk[n];
}

/* The disk of backend/qdisk/3/NKEY. */
static struct played_device *qdisk_at(const char *path, const char *key)
{
    unsigned int n;
    int length = 0;

    sscanf(path, "backend/qdisk/3/%u%n", &n, &length);
    if (!length || n >= DISKS || strcmp(path + length, key))
        return NULL;
    return &played->disk[n];
}

static void *answer(int present, const char *fmt, int value)
{
    char text[16];

    snprintf(text, sizeof(text), fmt, value);
    errno = ENOENT;
    return present ? strdup(text) : NULL;
}

static void *text_of(const char *node)
{
    errno = ENOENT;
    return *node ? strdup(node) : NULL;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    struct played_device *d;

    played_requests++;
    if (played->away) {
        errno = ENOTCONN;
        return NULL;
    }
    if ((d = disk_at(path, "", "state")))
        return answer(d->state, "%d", d->state);
    if ((d = disk_at(path, "", "online")))
        return answer(d->state, "%d", d->online);
    if ((d = disk_at(path, "", "frontend")))
        return answer(d->state && !d->brought_back, "", 0);
    if ((d = disk_at(path, "", "type")))
        return strdup(d->foreign ? "qdisk" : "phy");
    if ((d = disk_at(path, "error/", "error")))
        return text_of(d->error);
    if ((d = disk_at(path, "", "physical-device-id")))
        return text_of(d->medium_id);
    if ((d = disk_at(path, "", "physical-device")))
        return text_of(d->number);
    if ((d = qdisk_at(path, "/params")))
        return text_of(d->params);
    if ((d = qdisk_at(path, "/state")))
        return answer(d->qdisk_state, "%d", d->qdisk_state);
    return answer(!strcmp(path, "/local/domain/3") && !played->unknown, "", 0);
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    struct played_device *d;

    played_requests++;
    errno = played->away ? ENOTCONN : EACCES;
    if (played->away || played->refuses)
        return false;
    if ((d = disk_at(path, "", "state")))
        d->state = atoi(data);
    else if ((d = disk_at(path, "error/", "error")))
        snprintf(d->error, sizeof(d->error), "%.*s", (int)len,
                 (const char *)data);
    else if ((d = disk_at(path, "xen-backendd/", "restarts")))
        d->restarts = atoi(data);
    else if ((d = qdisk_at(path, "/params")))
        snprintf(d->params, sizeof(d->params), "%.*s", (int)len,
                 (const char *)data);
    return true;
}

/* Is there something of the disk below that directory of domains? */
static bool is_below(const struct played_device *d, const char *dir)
{
    if (!strcmp(dir, "xen-backendd/backend/vbd"))
        return d->restarts >= 0;
    if (!strcmp(dir, "error/backend/vbd"))
        return *d->error;
    return !strcmp(dir, "backend/vbd") && d->state;
}

/* The directories of domain 3, and of its disks. */
char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                    unsigned int *n)
{
    char **names = calloc(1, DISKS * (sizeof(*names) + 4));
    char *text = (char *)(names + DISKS), *dir = strdup(path), *end;

    *n = 0;
    end = strrchr(dir, '/');
    if (strcmp(end, "/3")) {
        names[(*n)++] = strcpy(text, "3");
        free(dir);
        return names;
    }
    *end = 0;
    for (int i = 0; i < DISKS; i++, text += 4)
        if (is_below(&played->disk[i], dir)) {
            sprintf(text, "%d", i);
            names[(*n)++] = text;
        }
    free(dir);
    return names;
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    struct played_device *d = disk_at(path, "error/", "error");
    unsigned int n;

    if (d) {
        d->error[0] = 0;
        return true;
    }
    played->bare += t == XBT_NULL;
    if ((d = qdisk_at(path, "")))
        d->params[0] = d->qdisk_state = 0;
    if (sscanf(path, "error/backend/vbd/3/%u", &n) == 1 && n < DISKS) {
        d = &played->disk[n];
        d->error[0] = 0;
    }
    if (sscanf(path, "xen-backendd/backend/vbd/3/%u", &n) == 1 && n < DISKS) {
        d = &played->disk[n];
        d->restarts = -1;
        d->withdrawn++;
    }
    return d;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    played->away |= played->dies;
    errno = ENOTCONN;
    return played->away ? XBT_NULL : 1;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    return true;
}
