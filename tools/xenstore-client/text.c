/* SPDX-License-Identifier: MIT */
/* Values may hold any bytes; on a terminal they are shown with escapes. */
#include <ctype.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

static void *allocate(size_t size)
{
    void *p = malloc(size);
    if (!p)
        err(1, "out of memory");
    return p;
}

static size_t escape(char *out, unsigned char byte)
{
    if (byte == '\\')
        return (size_t)sprintf(out, "\\\\");
    if (byte == '\n')
        return (size_t)sprintf(out, "\\n");
    if (byte == '\r')
        return (size_t)sprintf(out, "\\r");
    if (byte == '\t')
        return (size_t)sprintf(out, "\\t");
    if (byte < ' ')
        return (size_t)sprintf(out, "\\%03o", (unsigned int)byte);
    if (byte > '~')
        return (size_t)sprintf(out, "\\x%02x", (unsigned int)byte);
    *out = (char)byte;
    return 1;
}

char *text_from_value(const char *value, size_t len)
{
    char *text = allocate(4 * len + 1), *p = text;

    for (size_t i = 0; i < len; i++)
        p += escape(p, (unsigned char)value[i]);
    *p = '\0';
    return text;
}

static int digit(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Up to @max digits of @base; advances *p. */
static char number(const char **p, int base, int max)
{
    int n = 0;
    while (max-- && digit(**p) < base)
        n = n * base + digit(*(*p)++);
    return (char)n;
}

static char unescape(const char **p)
{
    char c = **p;

    if (c >= '0' && c <= '7')
        return number(p, 8, 3);
    if (c)
        ++*p;
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'x':
        return digit(**p) < 16 ? number(p, 16, 2) : c;
    default:
        return c;
    }
}

char *value_from_text(const char *text, size_t *len)
{
    char *value = allocate(strlen(text) + 1);
    size_t n = 0;

    while (*text) {
        char c = *text++;
        value[n++] = c == '\\' ? unescape(&text) : c;
    }
    *len = n;
    return value;
}

char *join_path(const char *parent, const char *name)
{
    char *path = allocate(strlen(parent) + strlen(name) + 2);
    sprintf(path, "%s/%s", parent[1] ? parent : "", name);
    return path;
}
