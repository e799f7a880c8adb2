/* SPDX-License-Identifier: MIT */
/* chmod: permissions of a node, and of those below it or on the way to it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

#define MODES 16

static int set_one(struct context *c, const char *path,
                   struct xs_permissions *perms, unsigned int count)
{
    if (xs_set_permissions(c->xs, c->t, path, perms, count))
        return 0;
    return complain(c, "the permissions of '%s' were not set: %s", path,
                    strerror(errno));
}

static int set_below(struct context *c, const char *path,
                     struct xs_permissions *perms, unsigned int count)
{
    unsigned int n;
    char **names = xs_directory(c->xs, c->t, path, &n);
    int status = set_one(c, path, perms, count);

    for (unsigned int i = 0; names && i < n && !status; i++) {
        char *below = join_path(path, names[i]);
        status = set_below(c, below, perms, count);
        free(below);
    }
    free(names);
    return status;
}

/* The parents, except the root. */
static int set_above(struct context *c, const char *path,
                     struct xs_permissions *perms, unsigned int count)
{
    char *copy = strdup(path), *slash;
    int status = copy ? 0 : complain(c, "out of memory");

    while (!status && (slash = strrchr(copy, '/')) && slash != copy) {
        *slash = '\0';
        status = set_one(c, copy, perms, count);
    }
    free(copy);
    return status;
}

int command_chmod(struct context *c, int argc, char **argv)
{
    struct xs_permissions perms[MODES];
    unsigned int count = (unsigned int)argc - 1;
    int status;

    if (count > MODES)
        return complain(c, "at most %d modes", MODES);
    for (unsigned int i = 0; i < count; i++) {
        const char *mode = argv[i + 1];
        if (!strchr("nrwb", mode[0]) || !mode[0])
            return complain(c, "'%c' is not one of the permissions n, r, w, b",
                            mode[0]);
        if (!xs_strings_to_perms(&perms[i], 1, mode))
            return complain(c, "'%s' is not a permission and a domain", mode);
    }
    status = c->recurse ? set_below(c, argv[0], perms, count)
                        : set_one(c, argv[0], perms, count);
    if (!status && c->upto)
        status = set_above(c, argv[0], perms, count);
    return status;
}
