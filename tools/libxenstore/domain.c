/* SPDX-License-Identifier: MIT */
/* Domains and the daemon itself. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sends @n numbers as decimal strings. */
static char *talk_numbers(struct xs_handle *h, uint32_t type,
                          const unsigned long *number, unsigned int n)
{
    char text[3][24];
    struct iovec iov[3];

    for (unsigned int i = 0; i < n; i++) {
        snprintf(text[i], sizeof(text[i]), "%lu", number[i]);
        iov[i] = xs_iov(text[i]);
    }
    return xs_talk(h, type, XBT_NULL, iov, n, NULL);
}

static char *talk_domid(struct xs_handle *h, uint32_t type, unsigned int domid)
{
    unsigned long number = domid;
    return talk_numbers(h, type, &number, 1);
}

bool xs_introduce_domain(struct xs_handle *h, unsigned int domid,
                         unsigned long mfn, unsigned int eventchn)
{
    unsigned long number[3] = {domid, mfn, eventchn};
    return xs_acknowledged(talk_numbers(h, XS_INTRODUCE, number, 3));
}

bool xs_set_target(struct xs_handle *h, unsigned int domid, unsigned int target)
{
    unsigned long number[2] = {domid, target};
    return xs_acknowledged(talk_numbers(h, XS_SET_TARGET, number, 2));
}

bool xs_resume_domain(struct xs_handle *h, unsigned int domid)
{
    return xs_acknowledged(talk_domid(h, XS_RESUME, domid));
}

bool xs_release_domain(struct xs_handle *h, unsigned int domid)
{
    return xs_acknowledged(talk_domid(h, XS_RELEASE, domid));
}

char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
    return talk_domid(h, XS_GET_DOMAIN_PATH, domid);
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
    char *s = talk_domid(h, XS_IS_DOMAIN_INTRODUCED, domid);
    bool introduced = s && !strcmp(s, "T");

    free(s);
    return introduced;
}

/* The message behind it was removed from the protocol. */
bool xs_restrict(struct xs_handle *h, unsigned int domid)
{
    errno = ENOSYS;
    return false;
}

char *xs_control_command(struct xs_handle *h, const char *cmd, void *data,
                         unsigned int len)
{
    struct iovec iov[2] = {xs_iov(cmd), {data, len}};
    return xs_talk(h, XS_CONTROL, XBT_NULL, iov, len ? 2 : 1, NULL);
}

char *xs_debug_command(struct xs_handle *h, const char *cmd, void *data,
                       unsigned int len)
{
    return xs_control_command(h, cmd, data, len);
}

/* The port on which the guest waits for a request to suspend, or -1. */
int xs_suspend_evtchn_port(int domid)
{
    char path[64], *value, *end;
    struct xs_handle *h = xs_open(0);
    int port = -1;
    long n;

    if (!h)
        return -1;
    snprintf(path, sizeof(path),
             "/local/domain/%d/device/suspend/event-channel", domid);
    value = xs_read(h, XBT_NULL, path, NULL);
    if (value) {
        /* The toolstack makes the node, a guest without support leaves it
         * empty. */
        n = strtol(value, &end, 10);
        if (end != value && *end == '\0' && n >= 0 && n <= INT_MAX)
            port = (int)n;
    }
    free(value);
    xs_close(h);
    return port;
}

/* --- helpers that programs share ------------------------------------------ */

bool xs_path_is_subpath(const char *parent, const char *child)
{
    size_t len = strlen(parent);
    return !strncmp(parent, child, len) &&
           (child[len] == '\0' || child[len] == '/');
}
