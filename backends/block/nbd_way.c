/* SPDX-License-Identifier: MIT */
/* See nbd_way.h. */
#include "nbd_way.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MOST 40 /* as the kernel follows */

/* What has been gone has no link in it, so that '..' leads back. */
struct walk {
    char gone[PATH_MAX], rest[PATH_MAX];
};

static void go_back(struct walk *w)
{
    char *slash = strrchr(w->gone, '/');

    if (slash)
        *slash = 0;
}

/* The next part of the rest, which is moved behind it; "": there is none. */
static void take_part(struct walk *w, char part[NAME_MAX + 1])
{
    char *at = w->rest + strspn(w->rest, "/");
    size_t len = strcspn(at, "/");

    snprintf(part, NAME_MAX + 1, "%.*s", (int)len, at);
    memmove(w->rest, at + len, strlen(at + len) + 1);
}

/* False: it is too long. */
static bool follow(struct walk *w, const char *target)
{
    char rest[PATH_MAX];
    int n = snprintf(rest, sizeof(rest), "%s/%s", target, w->rest);

    if (*target == '/')
        w->gone[0] = 0;
    else
        go_back(w);
    strcpy(w->rest, rest);
    return n < (int)sizeof(rest);
}

/* False: there is no part any more, or it cannot be followed. */
static bool step(struct walk *w, FILE *paths, unsigned int *links)
{
    char part[NAME_MAX + 1], target[PATH_MAX];
    size_t used = strlen(w->gone);
    ssize_t n;

    take_part(w, part);
    if (!*part)
        return false;
    if (!strcmp(part, ".."))
        go_back(w);
    if (!strcmp(part, ".") || !strcmp(part, ".."))
        return true;
    if (used + 1 + strlen(part) >= sizeof(w->gone))
        return false;
    w->gone[used] = '/';
    strcpy(w->gone + used + 1, part);
    n = readlink(w->gone, target, sizeof(target) - 1);
    if (n <= 0)
        return true;
    target[n] = 0;
    fprintf(paths, "%s%c", w->gone, 0);
    return ++*links <= LINKS_MOST && follow(w, target);
}

static void walk(FILE *paths, const char *from, size_t len)
{
    static struct walk w;
    unsigned int links = 0;

    w.gone[0] = 0;
    if (snprintf(w.rest, sizeof(w.rest), "%.*s", (int)len, from) >=
        (int)sizeof(w.rest))
        return;
    while (step(&w, paths, &links))
        ;
    fprintf(paths, "%s%c", w.gone, 0);
}

/* What may stand around a path in a name. */
static const char around[] = ":?=&,\"";

struct nbd_way nbd_way_of(const char *name)
{
    struct nbd_way w = {NULL, 0};
    FILE *paths = open_memstream(&w.paths, &w.size);

    if (!paths)
        return w;
    for (const char *at = name; *at; at++) {
        if (*at != '/' || (at > name && !strchr(around, at[-1])))
            continue;
        for (size_t len = 1; at[len - 1]; len++)
            if (!at[len] || strchr(around, at[len]))
                walk(paths, at, len);
    }
    if (fclose(paths))
        w.size = 0;
    return w;
}

bool nbd_path_lies_in(const char *path, const char *place)
{
    size_t len = strlen(place);

    return !strncmp(path, place, len) && (path[len] == '/' || !path[len]);
}

bool nbd_way_passes(const struct nbd_way *w, const char *place)
{
    for (size_t at = 0; at < w->size; at += strlen(w->paths + at) + 1)
        if (nbd_path_lies_in(w->paths + at, place))
            return true;
    return false;
}
