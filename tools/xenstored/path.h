/* SPDX-License-Identifier: MIT */
/*
 * Node names: one place that decides what a legal path is. Clients name nodes
 * absolutely or relative to their home (/local/domain/<domid>); every check
 * after path_resolve() sees the final absolute form, so no limit can be passed
 * in one form and broken in the other.
 */
#ifndef XENSTORED_PATH_H
#define XENSTORED_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* XENSTORE_ABS_PATH_MAX characters and the terminator. */
#define PATH_BUFFER 3073

/*
 * Writes the absolute form of a client's path to @out (PATH_BUFFER bytes).
 * @home has no trailing slash. Returns 0, or EINVAL for anything illegal.
 * Special names ("@...") are accepted only where @special says so.
 */
int path_resolve(char *out, const char *in, size_t len, const char *home,
                 bool special);

/* True for "@introduceDomain" and its like, which are not nodes. */
static inline bool path_is_special(const char *path)
{
    return path[0] == '@';
}

/* True if @child is @parent or lies below it. */
bool path_is_below(const char *parent, const char *child);

/* Characters of @path that count against a domain's own path length limit:
 * everything after its /local/domain/<domid>/ prefix, if it has one. */
size_t path_local_length(const char *path);

#endif
