/* SPDX-License-Identifier: MIT */
/* See errand.h. */
#include "errand.h"

#include <errno.h>
#include <string.h>

#include "errand_wire.h"

int errand_store(void)
{
    return errand_descriptor(&(struct errand_order){.what = ERRAND_STORE});
}

int errand_terminal(unsigned int domid, size_t size, int fds[TERMINAL_FDS])
{
    const struct errand_order o = {
        .what = ERRAND_TERMINAL, .number = domid, .size = size};

    return errand_do(&o, NULL, NULL, fds, TERMINAL_FDS);
}

int errand_show(int master)
{
    const struct errand_order o = {.what = ERRAND_SHOW, .fd = master};

    return errand_do(&o, NULL, NULL, NULL, 0);
}

int errand_log(unsigned int domid, const char *name, bool full)
{
    return errand_descriptor(&(struct errand_order){
        .what = ERRAND_LOG, .number = domid, .size = full, .text = {name}});
}

int errand_page(void)
{
    return errand_descriptor(&(struct errand_order){.what = ERRAND_PAGE});
}

int errand_keeper(void)
{
    return errand_descriptor(&(struct errand_order){.what = ERRAND_KEEPER});
}

int errand_domain(unsigned int domid, struct domain_state *d)
{
    const struct errand_order o = {.what = ERRAND_DOMAIN, .number = domid};
    size_t len = sizeof(*d);
    int rc = errand_do(&o, d, &len, NULL, 0);

    return rc || len == sizeof(*d) ? rc : -EIO;
}

int errand_hypervisor(uint32_t *position, char *text, size_t size)
{
    const struct errand_order o = {
        .what = ERRAND_HYPERVISOR, .number = *position, .size = size};
    struct printed p;
    size_t len = sizeof(p);
    int rc = errand_do(&o, &p, &len, NULL, 0);

    len -= offsetof(struct printed, text);
    if (rc || len > size)
        return rc ? rc : -EIO;
    *position = p.end;
    memcpy(text, p.text, len);
    return len;
}
