/* SPDX-License-Identifier: MIT */
/* See target.h. */
#include "target.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <daemon/log.h>

#include <base/macros.h>

/* Seconds, the most there are: more than a century. */
#define FOREVER  "4294967295"
#define NBD_PORT "10809"

bool target_is_uri(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

    return n > 1 && islower((unsigned char)name[0]) && name[n] == ':';
}

bool target_is_at_socket(const char *name)
{
    size_t n = strcspn(name, ":");
    static const char suffix[] = "+unix";

    return !strncmp(name, "nbd:unix:", 9) ||
           (target_is_uri(name) && n >= strlen(suffix) &&
            !strncmp(name + n - strlen(suffix), suffix, strlen(suffix)));
}

static bool is_raw(const struct target *t)
{
    return !t->format || !strcmp(t->format, "raw");
}

static bool is_nbd(const char *name)
{
    return !strncmp(name, "nbd:", 4) || !strncmp(name, "nbd+tcp:", 8) ||
           !strncmp(name, "nbd+unix:", 9);
}

bool target_needs_server(const struct target *t)
{
    return !is_raw(t) || target_is_uri(t->name);
}

bool target_has_cache(const struct target *t)
{
    return !is_raw(t) || (target_is_uri(t->name) && !is_nbd(t->name));
}

/* QEMU's name, or NULL: nothing that it serves. */
static const char *driver(const struct target *t)
{
    static const struct {
        const char *format, *driver;
    } formats[] = {
        {"raw", "raw"}, {"qcow", "qcow"}, {"qcow2", "qcow2"},
        {"vhd", "vpc"}, {"qed", "qed"},
    };

    for (size_t i = 0; t->format && i < ARRAY_SIZE(formats); i++)
        if (!strcmp(t->format, formats[i].format))
            return formats[i].driver;
    return t->format ? NULL : "raw";
}

/* --- options: KEY=VALUE with commas between; those of a value are doubled ---
 */

struct options {
    char *text;
    size_t size, used;
    bool full;
};

static void put(struct options *o, char c)
{
    if (o->used + 1 < o->size)
        o->text[o->used++] = c;
    else
        o->full = true;
    o->text[o->used] = 0;
}

static void option(struct options *o, const char *key, const char *value,
                   size_t length)
{
    if (o->used)
        put(o, ',');
    while (*key)
        put(o, *key++);
    put(o, '=');
    for (size_t i = 0; i < length; i++) {
        if (value[i] == ',')
            put(o, ',');
        put(o, value[i]);
    }
}

static void option_is(struct options *o, const char *key, const char *value)
{
    option(o, key, value, strlen(value));
}

/* --- where an NBD server is --- */

/* A part of a name: not ended by a zero. */
struct part {
    const char *at;
    size_t length;
};

struct nbd_place {
    struct part path, host, port, export;
};

static struct part part_of(const char *from, const char *to)
{
    return (struct part){from, to - from};
}

static struct part all_of(const char *text)
{
    return part_of(text, text + strlen(text));
}

/* HOST:PORT or HOST, where HOST may stand in brackets. */
static bool parse_host(struct nbd_place *p, struct part s)
{
    const char *end = s.at + s.length, *at = s.at, *colon;

    if (s.length && *at == '[') {
        const char *bracket = memchr(at, ']', s.length);

        if (!bracket)
            return false;
        p->host = part_of(at + 1, bracket);
        at = bracket + 1;
        colon = at < end && *at == ':' ? at : NULL;
        if (!colon && at < end)
            return false;
    } else {
        colon = memchr(at, ':', s.length);
        p->host = part_of(at, colon ? colon : end);
    }
    p->port = colon ? part_of(colon + 1, end) : all_of(NBD_PORT);
    return p->host.length && p->port.length;
}

/* A service's name would be a second one of the same export; so would a number
 * that is too large, of which the lower half counts. */
static bool is_port(struct part p)
{
    unsigned int port = 0;

    for (size_t i = 0; i < p.length; i++) {
        if (!isdigit((unsigned char)p.at[i]) || port > 65535)
            return false;
        port = port * 10 + (p.at[i] - '0');
    }
    return port && port <= 65535;
}

/* nbd:unix:PATH or nbd:HOST:PORT, both with :exportname=NAME or without. */
static bool parse_plain(struct nbd_place *p, const char *s)
{
    const char *name = strstr(s, ":exportname="), *end = name;

    if (name)
        p->export = all_of(name + strlen(":exportname="));
    else
        end = s + strlen(s);
    if (strncmp(s, "unix:", 5))
        return parse_host(p, part_of(s, end));
    p->path = part_of(s + 5, end);
    return p->path.length;
}

/* What stands behind //: HOST[:PORT][/EXPORT], or /[EXPORT]?socket=PATH. */
static bool parse_uri(struct nbd_place *p, const char *s, bool is_unix)
{
    static const char key[] = "?socket=";
    size_t n = strcspn(s, "/?");
    const char *slash = s + n, *query = s + strcspn(s, "?");

    if (*slash == '/')
        p->export = part_of(slash + 1, query);
    if (!is_unix)
        return !*query && parse_host(p, part_of(s, slash));
    if (n || strncmp(query, key, strlen(key)))
        return false;
    p->path = all_of(query + strlen(key));
    return p->path.length && !memchr(p->path.at, '&', p->path.length);
}

static bool parse_nbd(struct nbd_place *p, const char *name)
{
    static const struct {
        const char *scheme;
        bool is_unix;
    } uris[] = {
        {"nbd://", false}, {"nbd+tcp://", false}, {"nbd+unix://", true}};

    *p = (struct nbd_place){.export = {"", 0}};
    for (size_t i = 0; i < ARRAY_SIZE(uris); i++) {
        size_t n = strlen(uris[i].scheme);

        if (!strncmp(name, uris[i].scheme, n))
            return parse_uri(p, name + n, uris[i].is_unix);
    }
    return parse_plain(p, name + strlen("nbd:"));
}

static void put_nbd(struct options *o, const struct nbd_place *p)
{
    option_is(o, "file.driver", "nbd");
    if (p->path.length) {
        option_is(o, "file.server.type", "unix");
        option(o, "file.server.path", p->path.at, p->path.length);
    } else {
        option_is(o, "file.server.type", "inet");
        option(o, "file.server.host", p->host.at, p->host.length);
        option(o, "file.server.port", p->port.at, p->port.length);
    }
    option(o, "file.export", p->export.at, p->export.length);
    option_is(o, "file.reconnect-delay", FOREVER);
}

/* --- all kinds --- */

static void put_file(struct options *o, const struct target *t)
{
    option_is(o, "file.driver", t->device ? "host_device" : "file");
    option_is(o, "file.filename", t->name);
    option_is(o, "file.locking", "off");
}

int target_arguments(const struct target *t, char *text, size_t size,
                     const char *argv[4])
{
    struct options o = {.text = text, .size = size};
    const char *format = driver(t);
    struct nbd_place place;

    if (!format)
        return log_reason(-EINVAL, "format %s is nothing that qemu-nbd serves",
                          t->format);
    if (target_is_uri(t->name) && !is_nbd(t->name)) {
        const char *all[4] = {"-f", format, t->name, NULL};

        memcpy(argv, all, sizeof(all));
        return 0;
    }
    option_is(&o, "driver", format);
    if (!target_is_uri(t->name))
        put_file(&o, t);
    else if (!parse_nbd(&place, t->name) || strchr(t->name, '%'))
        return log_reason(
            -EINVAL, "%s: not nbd:HOST:PORT, nbd:unix:PATH or a URI of NBD",
            t->name);
    else if (!place.path.length && !is_port(place.port))
        return log_reason(
            -EINVAL, "%s: the port must be a number from 1 to 65535", t->name);
    else
        put_nbd(&o, &place);
    if (o.full)
        return log_reason(-ENAMETOOLONG, "%s: the name is too long", t->name);
    argv[0] = "--image-opts";
    argv[1] = text;
    argv[2] = NULL;
    return 0;
}
