/* SPDX-License-Identifier: MIT */
/* See kept_nodes.h. */
#include "kept_nodes.h"

#include <string.h>

void kept_nodes_add(struct kept_nodes *k, const char *key, const char *value)
{
    size_t key_size = strlen(key), value_size = value ? strlen(value) : 0;
    uint32_t used = k->used;
    char *to = k->text + used;

    if (used > sizeof(k->text) ||
        key_size + value_size + 2 > sizeof(k->text) - used)
        return;
    memcpy(to, key, key_size);
    to += key_size;
    if (value) {
        *to++ = '=';
        memcpy(to, value, value_size);
        to += value_size;
    }
    *to++ = 0;
    k->used = to - k->text;
}

bool kept_nodes_find(const struct kept_nodes *k, const char *key, char **value)
{
    uint32_t used = k->used;
    size_t n = strlen(key);
    const char *at = k->text, *end;

    if (used > sizeof(k->text))
        return false;
    while ((end = memchr(at, 0, k->text + used - at))) {
        if ((size_t)(end - at) >= n && !memcmp(at, key, n) &&
            (!at[n] || at[n] == '=')) {
            *value = at[n] ? strdup(at + n + 1) : NULL;
            return !at[n] || *value;
        }
        at = end + 1;
    }
    return false;
}
