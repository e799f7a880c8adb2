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

struct names {
    char *text;
    size_t len;
};

/* One more part of a long list: 1 the last one, 0 not yet, -1 error. */
static int next_part(struct xs_handle *h, xs_transaction_t t, const char *path,
                     struct names *all, char *generation, size_t size)
{
    char offset[24], *part, *grown, *names;
    struct iovec iov[2];
    unsigned int len;
    size_t gen_len;
    int done = 0;

    snprintf(offset, sizeof(offset), "%zu", all->len);
    iov[0] = xs_iov(path);
    iov[1] = xs_iov(offset);
    part = xs_talk(h, XS_DIRECTORY_PART, t, iov, 2, &len);
    if (!part)
        return -1;
    gen_len = strlen(part) + 1;
    if (gen_len > len || gen_len > size) {
        free(part);
        errno = EIO;
        return -1;
    }
    if (all->len && strcmp(generation, part))
        all->len = 0; /* the list has changed: from the start */
    else
        done = 2;
    memcpy(generation, part, gen_len);
    if (!done) {
        free(part);
        return 0;
    }
    names = part + gen_len;
    len -= (unsigned int)gen_len;
    done = len && names[len - 1] == '\0' && (len == 1 || !names[len - 2]);
    len -= done ? 1 : 0;
    grown = realloc(all->text, all->len + len + 1);
    if (grown) {
        memcpy(grown + all->len, names, len);
        all->text = grown;
        all->len += len;
    }
    free(part);
    return grown ? done : -1;
}

static char **long_directory(struct xs_handle *h, xs_transaction_t t,
                             const char *path, unsigned int *num)
{
    struct names all = {0};
    char generation[32] = "", **v = NULL;
    int r;

    do {
        r = next_part(h, t, path, &all, generation, sizeof(generation));
    } while (r == 0);
    if (r > 0)
        v = string_array(all.text, all.len, num);
    free(all.text);
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
