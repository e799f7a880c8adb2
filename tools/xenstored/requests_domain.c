/* SPDX-License-Identifier: MIT */
/* What clients ask about domains: introduction, release, paths. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol.h"

static int number(const char *s, unsigned long max, unsigned long *out)
{
    char *end;

    errno = 0;
    *out = strtoul(s, &end, 10);
    return errno || end == s || *end || *s == '-' || *out > max ? EINVAL : 0;
}

static int one_domid(struct request *r, uint16_t *domid)
{
    const char *arg;
    int rc = protocol_strings(r, &arg, 1);
    return rc ? rc : protocol_domid(arg, domid);
}

int do_introduce(struct request *r)
{
    const char *arg[3];
    unsigned long gfn, port;
    uint16_t domid;
    bool fresh;
    int rc = protocol_first_strings(r, arg, 3);

    if (!rc)
        rc = protocol_domid(arg[0], &domid);
    if (!rc)
        rc = number(arg[1], ~0UL, &gfn);
    if (!rc)
        rc = number(arg[2], UINT32_MAX, &port);
    if (!rc)
        rc = domain_introduce(domid, gfn, (uint32_t)port, &fresh);
    if (rc)
        return rc;
    protocol_ack(r);
    if (fresh)
        watch_fire_special("@introduceDomain");
    return 0;
}

int do_release(struct request *r)
{
    uint16_t domid;
    int rc = one_domid(r, &domid);

    if (!rc)
        rc = domain_release(domid);
    if (rc)
        return rc;
    protocol_ack(r);
    watch_fire_special("@releaseDomain");
    return 0;
}

int do_resume(struct request *r)
{
    uint16_t domid;
    int rc = one_domid(r, &domid);

    if (!rc)
        rc = domain_resume(domid);
    return rc ? rc : protocol_ack(r);
}

int do_set_target(struct request *r)
{
    const char *arg[2];
    uint16_t domid, target;
    int rc = protocol_first_strings(r, arg, 2);

    if (!rc)
        rc = protocol_domid(arg[0], &domid);
    if (!rc)
        rc = protocol_domid(arg[1], &target);
    if (!rc)
        rc = domain_set_target(domid, target);
    return rc ? rc : protocol_ack(r);
}

int do_get_domain_path(struct request *r)
{
    char path[32];
    uint16_t domid;
    int rc = one_domid(r, &domid);

    if (rc)
        return rc;
    return protocol_reply(r, path,
                          (size_t)snprintf(path, sizeof(path),
                                           "/local/domain/%u",
                                           (unsigned int)domid) +
                              1);
}

int do_is_domain_introduced(struct request *r)
{
    uint16_t domid;
    struct domain *d;
    int rc = one_domid(r, &domid);

    if (rc)
        return rc;
    d = domain_known(domid);
    return protocol_reply(r, d && (d->connection || domid == 0) ? "T" : "F", 2);
}
