/* SPDX-License-Identifier: MIT */
/*
 * Path rules of the store: letters, digits and "-/_@", no empty component, no
 * slash at the end (except the root itself), 3072 characters in absolute form
 * and 2048 in relative form.
 */
#include "path.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xen/io/xs_wire.h>

/* One bit per legal character would do; a byte each is simpler and as fast. */
static const uint8_t legal[256] = {
    ['-'] = 1,         ['/'] = 1,         ['_'] = 1,         ['@'] = 1,
    ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
};

static bool valid_characters(const char *p, size_t len)
{
    char previous = 0;
    for (size_t i = 0; i < len; i++) {
        if (!legal[(uint8_t)p[i]])
            return false;
        if (p[i] == '/' && previous == '/')
            return false;
        previous = p[i];
    }
    return true;
}

int path_resolve(char *out, const char *in, size_t len, const char *home,
                 bool special)
{
    size_t prefix = 0;

    if (len == 0 || !valid_characters(in, len))
        return EINVAL;
    if (in[0] == '@') {
        if (!special || len > XENSTORE_REL_PATH_MAX)
            return EINVAL;
    } else if (in[0] != '/') {
        if (len > XENSTORE_REL_PATH_MAX)
            return EINVAL;
        prefix = strlen(home);
        memcpy(out, home, prefix);
        out[prefix++] = '/';
    }
    if (prefix + len > XENSTORE_ABS_PATH_MAX)
        return EINVAL;
    if (in[len - 1] == '/' && prefix + len > 1)
        return EINVAL;
    memcpy(out + prefix, in, len);
    out[prefix + len] = '\0';
    return 0;
}

bool path_is_below(const char *parent, const char *child)
{
    size_t len = strlen(parent);
    if (len == 1 && parent[0] == '/')
        return child[0] == '/';
    return strncmp(parent, child, len) == 0 &&
           (child[len] == '\0' || child[len] == '/');
}

size_t path_local_length(const char *path)
{
    static const char prefix[] = "/local/domain/";
    const char *p = path;

    if (strncmp(p, prefix, sizeof(prefix) - 1) == 0) {
        p += sizeof(prefix) - 1;
        while (isdigit((unsigned char)*p))
            p++;
        if (*p == '/')
            return strlen(p + 1);
    }
    return strlen(path);
}
