/* SPDX-License-Identifier: MIT */
/* See gate.h. */
#include "gate.h"

#include <stdio.h>
#include <string.h>
#include <xen/xen.h>

/* What of a guest's directory the path names; NULL: it is no guest's. */
static const char *of_guest(const char *path, unsigned int *domid)
{
    char directory[32];
    int n;

    if (sscanf(path, "/local/domain/%u/", domid) != 1 || !*domid ||
        *domid >= DOMID_FIRST_RESERVED)
        return NULL;
    n = snprintf(directory, sizeof(directory), "/local/domain/%u/", *domid);
    return strncmp(path, directory, n) ? NULL : path + n;
}

static bool may_read(const char *node)
{
    static const char *const nodes[] = {"name", "console/port", "console/limit",
                                        "console/type", "console/tty"};

    for (size_t i = 0; node && i < ARRAY_SIZE(nodes); i++)
        if (!strcmp(node, nodes[i]))
            return true;
    return false;
}

static bool may_watch(const char *path, const char *node)
{
    return !strcmp(path, "@introduceDomain") ||
           !strcmp(path, "@releaseDomain") ||
           (node && !strcmp(node, "console/port"));
}

static bool may_write(const struct console_gate *g, unsigned int domid,
                      const char *node, const char *value, size_t n)
{
    return node && !strcmp(node, "console/tty") && n && n == strlen(g->shown) &&
           !memcmp(value, g->shown, n) && g->lives(domid);
}

static bool may(const struct store_gate *gate, uint32_t type, const char *path,
                const char *rest, size_t n)
{
    unsigned int domid;
    const char *node = of_guest(path, &domid);

    switch (type) {
    case XS_IS_DOMAIN_INTRODUCED:
        return true;
    case XS_DIRECTORY:
    case XS_DIRECTORY_PART:
        return !strcmp(path, "/local/domain");
    case XS_READ:
        return may_read(node);
    case XS_WATCH:
        return may_watch(path, node);
    case XS_WRITE:
        return may_write(container_of(gate, const struct console_gate, gate),
                         domid, node, rest, n);
    default:
        return false;
    }
}

void console_gate_begin(struct console_gate *g, struct event_loop *loop)
{
    static const struct store_gate_rules rules = {
        .may = may,
        .watches = DOMID_FIRST_RESERVED + 2, /* one for each guest */
        .burst = 4000,
        .per_tick = 200};

    g->gate.loop = loop;
    g->gate.rules = &rules;
    g->gate.name = "consoles";
}
