/* SPDX-License-Identifier: MIT */
/*
 * A ring that doubles until it reaches its limit; see backlog.h.
 */
#include "backlog.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 4096

void backlog_init(struct backlog *b, size_t limit, bool keep_oldest)
{
    memset(b, 0, sizeof(*b));
    b->limit = limit;
    b->keep_oldest = keep_oldest;
}

void backlog_free(struct backlog *b)
{
    free(b->data);
    memset(b, 0, sizeof(*b));
}

/* Makes the ring larger if it must and may; without memory it stays. */
static void grow(struct backlog *b, size_t need)
{
    size_t size = b->size ? b->size : FIRST_SIZE, first;
    char *data;

    while (size < need && size < b->limit)
        size *= 2;
    if (size > b->limit)
        size = b->limit;
    if (size <= b->size)
        return;
    data = malloc(size);
    if (!data)
        return;
    first = b->size - b->start < b->used ? b->size - b->start : b->used;
    if (b->data) {
        memcpy(data, b->data + b->start, first);
        memcpy(data + first, b->data, b->used - first);
    }
    free(b->data);
    b->data = data;
    b->size = size;
    b->start = 0;
}

void backlog_add(struct backlog *b, const char *text, size_t len)
{
    size_t end, first;

    if (b->used + len > b->size)
        grow(b, b->used + len);
    if (len > b->size - b->used && b->keep_oldest)
        len = b->size - b->used;
    if (len > b->size) {
        text += len - b->size;
        len = b->size;
    }
    if (!len)
        return;
    if (len > b->size - b->used)
        backlog_consume(b, len - (b->size - b->used));
    end = (b->start + b->used) % b->size;
    first = b->size - end < len ? b->size - end : len;
    memcpy(b->data + end, text, first);
    memcpy(b->data, text + first, len - first);
    b->used += len;
}

const char *backlog_peek(const struct backlog *b, size_t *len)
{
    *len = b->size - b->start < b->used ? b->size - b->start : b->used;
    return b->data + b->start;
}

void backlog_consume(struct backlog *b, size_t len)
{
    b->used -= len;
    b->start = b->used ? (b->start + len) % b->size : 0;
}
