/* SPDX-License-Identifier: MIT */
/* Nodes, their permissions, and transactions. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- lists of names ------------------------------------------------------- */

static unsigned int count_strings(const char *s, size_t len)
{
    unsigned int n = 0;
    for (size_t i = 0; i < len; i++)
        n += s[i] == '\0';
    return n;
}

/* The strings in @names as an array that is freed in one go. */
static char **string_array(const char *names, size_t len, unsigned int *num)
{
    unsigned int n = count_strings(names, len);
    char **v = malloc(n * sizeof(v[0]) + len + 1), *text;

    if (!v) {
        errno = ENOMEM;
        return NULL;
    }
    text = (char *)(v + n);
    memcpy(text, names, len);
    text[len] = '\0';
    for (unsigned int i = 0; i < n; i++) {
        v[i] = text;
        text += strlen(text) + 1;
    }
    *num = n;
    return v;
}

/* A list that is read in parts, and the generation that it belongs to. */
struct listing {
    char *names;
    size_t len;
    char generation[32];
    bool complete;
};

/* Appends a part's names. An empty name marks the end of the whole list. */
static bool append(struct listing *l, const char *names, size_t len)
{
    char *grown;

    if (len && names[len - 1] == '\0' && (len == 1 || names[len - 2] == '\0')) {
        l->complete = true;
        len--;
    }
    grown = realloc(l->names, l->len + len + 1);
    if (!grown) {
        errno = ENOMEM;
        return false;
    }
    memcpy(grown + l->len, names, len);
    l->names = grown;
    l->len += len;
    return true;
}

static bool next_part(struct xs_handle *h, xs_transaction_t t, const char *path,
                      struct listing *l)
{
    char offset[24], *part;
    struct iovec iov[2];
    unsigned int len;
    size_t generation;
    bool ok = true;

    snprintf(offset, sizeof(offset), "%zu", l->len);
    iov[0] = xs_iov(path);
    iov[1] = xs_iov(offset);
    part = xs_talk(h, XS_DIRECTORY_PART, t, iov, 2, &len);
    if (!part)
        return false;
    generation = strlen(part) + 1;
    if (generation > len || generation > sizeof(l->generation)) {
        errno = EIO;
        ok = false;
    } else if (l->len && strcmp(l->generation, part)) {
        l->len = 0; /* the list has changed: once more from the start */
    } else {
        memcpy(l->generation, part, generation);
        ok = append(l, part + generation, len - generation);
    }
    free(part);
    return ok;
}

static char **long_directory(struct xs_handle *h, xs_transaction_t t,
                             const char *path, unsigned int *num)
{
    struct listing l = {0};
    char **v = NULL;

    while (!l.complete && next_part(h, t, path, &l))
        ;
    if (l.complete)
        v = string_array(l.names, l.len, num);
    free(l.names);
    return v;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                    unsigned int *num)
{
    unsigned int len;
    char **v, *names = xs_talk_string(h, XS_DIRECTORY, t, path, &len);

    if (!names)
        return errno == E2BIG ? long_directory(h, t, path, num) : NULL;
    v = string_array(names, len, num);
    free(names);
    return v;
}

/* --- values --------------------------------------------------------------- */

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    return xs_talk_string(h, XS_READ, t, path, len);
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    struct iovec iov[2] = {xs_iov(path), {(void *)(uintptr_t)data, len}};
    return xs_acknowledged(xs_talk(h, XS_WRITE, t, iov, 2, NULL));
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    return xs_acknowledged(xs_talk_string(h, XS_MKDIR, t, path, NULL));
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    return xs_acknowledged(xs_talk_string(h, XS_RM, t, path, NULL));
}

/* --- permissions ---------------------------------------------------------- */

struct xs_permissions *xs_get_permissions(struct xs_handle *h,
                                          xs_transaction_t t, const char *path,
                                          unsigned int *num)
{
    unsigned int len;
    char *s = xs_talk_string(h, XS_GET_PERMS, t, path, &len);
    struct xs_permissions *perms = NULL;

    if (!s)
        return NULL;
    *num = count_strings(s, len);
    perms = malloc((*num ? *num : 1) * sizeof(*perms));
    if (!perms) {
        errno = ENOMEM;
    } else if (!xs_strings_to_perms(perms, *num, s)) {
        free(perms);
        perms = NULL;
        errno = EIO;
    }
    free(s);
    return perms;
}

static const char letters[] = "nrwb";

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                        const char *path, struct xs_permissions *perms,
                        unsigned int num)
{
    char text[XENSTORE_PAYLOAD_MAX];
    struct iovec iov[2] = {xs_iov(path), {text, 0}};

    for (unsigned int i = 0; i < num; i++) {
        size_t used = iov[1].iov_len, room = sizeof(text) - used;
        int n;

        if (perms[i].perms & ~(unsigned int)(XS_PERM_READ | XS_PERM_WRITE)) {
            errno = EINVAL;
            return false;
        }
        n = snprintf(text + used, room, "%c%u", letters[perms[i].perms],
                     perms[i].id);
        if ((size_t)n >= room) {
            errno = E2BIG;
            return false;
        }
        iov[1].iov_len += (size_t)n + 1;
    }
    return xs_acknowledged(xs_talk(h, XS_SET_PERMS, t, iov, 2, NULL));
}

/* "<letter><domid>" strings, one behind the other. */
bool xs_strings_to_perms(struct xs_permissions *perms, unsigned int num,
                         const char *s)
{
    for (unsigned int i = 0; i < num; i++) {
        const char *letter = *s ? strchr(letters, *s) : NULL;
        unsigned long id;
        char *end;

        if (!letter || s[1] < '0' || s[1] > '9') {
            errno = EINVAL;
            return false;
        }
        id = strtoul(s + 1, &end, 10);
        if (*end || id > UINT32_MAX) {
            errno = EINVAL;
            return false;
        }
        perms[i].id = (unsigned int)id;
        perms[i].perms = (unsigned int)(letter - letters);
        s = end + 1;
    }
    return true;
}

/* --- transactions --------------------------------------------------------- */

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    char *s = xs_talk_string(h, XS_TRANSACTION_START, XBT_NULL, "", NULL);
    xs_transaction_t t = s ? (xs_transaction_t)strtoul(s, NULL, 10) : XBT_NULL;

    free(s);
    return t;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    return xs_acknowledged(
        xs_talk_string(h, XS_TRANSACTION_END, t, abort ? "F" : "T", NULL));
}
