/* SPDX-License-Identifier: MIT */
/*
 * Disk specifications:
 *
 *   [target [, [format] [, [vdev] [, [access]]]]] {, key=value | flag}
 *
 * Elements are separated by commas; positional ones may be empty, and may be
 * mixed with key=value. "target=" is special: it takes all the rest, commas
 * included. Older files put a driver in front of the target (phy:, file:,
 * tap:aio:, ...), and configurations of Ganeti, xen-tools and people still
 * do: those prefixes are stripped, or mean a format or a script; after one of
 * them the positions are target, vdev, access.
 */
#include <ctype.h>

#include <base/macros.h>

#include "internal.h"

struct spec {
    XLU_Config *cfg;
    const char *text; /* the whole of it, for messages */
    libxl_device_disk *disk;
    enum { TARGET, FORMAT, VDEV, ACCESS, NONE } position; /* the next one */
};

static int complain(struct spec *s, const char *what, const char *value)
{
    xlu__report(s->cfg, 0, "disk specification '%s': %s%s%s%s", s->text, what,
                value ? " '" : "", value ? value : "", value ? "'" : "");
    return EINVAL;
}

static int set_string(struct spec *s, char **member, const char *name,
                      const char *value)
{
    if (*member && strcmp(*member, value))
        return complain(s, "given twice, with different values:", name);
    free(*member);
    *member = strdup(value);
    return *member ? 0 : ENOMEM;
}

static int set_format(struct spec *s, const char *v)
{
    libxl_disk_format f;

    if (libxl_disk_format_from_string(v, &f) || *v == 'u' || *v == 'e')
        return complain(s, "unknown format", v);
    if (s->disk->format != LIBXL_DISK_FORMAT_UNKNOWN && s->disk->format != f)
        return complain(s, "format given twice, again as", v);
    s->disk->format = f;
    return 0;
}

static int set_access(struct spec *s, const char *v)
{
    if (!strcmp(v, "w") || !strcmp(v, "rw"))
        s->disk->readwrite = 1;
    else if (!strcmp(v, "r") || !strcmp(v, "ro"))
        s->disk->readwrite = 0;
    else
        return complain(s, "unknown access (r, ro, w, rw)", v);
    return 0;
}

static int set_devtype(struct spec *s, const char *v)
{
    if (strcmp(v, "cdrom") && strcmp(v, "disk"))
        return complain(s, "unknown devtype (disk, cdrom)", v);
    s->disk->is_cdrom = *v == 'c';
    s->disk->removable = s->disk->is_cdrom;
    return 0;
}

/* The name in the guest; hda:cdrom is an old way to say devtype=cdrom. */
static int set_vdev(struct spec *s, const char *v)
{
    const char *colon = strchr(v, ':');
    char name[32];
    int e = 0;

    if (colon) {
        e = set_devtype(s, colon + 1);
        if (e)
            return e;
        snprintf(name, sizeof(name), "%.*s", (int)(colon - v), v);
        v = name;
    }
    return set_string(s, &s->disk->vdev, "vdev", v);
}

static int set_backendtype(struct spec *s, const char *v)
{
    libxl_disk_backend b;

    if (libxl_disk_backend_from_string(v, &b) ||
        b == LIBXL_DISK_BACKEND_UNKNOWN)
        return complain(s, "unknown backendtype", v);
    if (s->disk->backend != LIBXL_DISK_BACKEND_UNKNOWN && s->disk->backend != b)
        return complain(s, "backendtype given twice, again as", v);
    s->disk->backend = b;
    return 0;
}

static int set_backend(struct spec *s, const char *v)
{
    return set_string(s, &s->disk->backend_domname, "backend", v);
}

static int set_script(struct spec *s, const char *v)
{
    return set_string(s, &s->disk->script, "script", v);
}

static int set_specification(struct spec *s, const char *v)
{
    if (strcmp(v, "xen"))
        return complain(s, "unsupported specification (xen)", v);
    s->disk->specification = LIBXL_DISK_SPECIFICATION_XEN;
    return 0;
}

/* Prefixes that mean nothing any more, a format, or a script. */
static int strip_prefix(struct spec *s, const char **target, bool *found)
{
    static const char *const ignored[] = {"phy",  "file", "tap",
                                          "tap2", "aio",  "ioemu"};
    static const char *const formats[] = {"raw", "qcow", "qcow2", "vhd", "qed"};
    static const char *const scripts[] = {"iscsi", "nbd", "enbd", "drbd"};
    const char *colon = strchr(*target, ':');
    size_t n = colon ? (size_t)(colon - *target) : 0;
    char script[24];
    int e = 0;

    *found = false;
#define MATCHES(name) (strlen(name) == n && !memcmp(name, *target, n))
    for (size_t i = 0; n && i < ARRAY_SIZE(ignored); i++)
        *found |= MATCHES(ignored[i]);
    for (size_t i = 0; n && i < ARRAY_SIZE(formats); i++) {
        if (MATCHES(formats[i])) {
            *found = true;
            e = set_format(s, formats[i]);
        }
    }
    for (size_t i = 0; n && i < ARRAY_SIZE(scripts); i++) {
        if (MATCHES(scripts[i])) {
            *found = true;
            snprintf(script, sizeof(script), "block-%s", scripts[i]);
            e = set_script(s, script);
        }
    }
#undef MATCHES
    if (*found)
        *target = colon + 1;
    return e;
}

static int set_target(struct spec *s, const char *v)
{
    bool stripped;
    int e;

    do {
        e = strip_prefix(s, &v, &stripped);
        if (stripped)
            s->position = VDEV; /* these have no element for the format */
    } while (!e && stripped);
    return e ? e : set_string(s, &s->disk->pdev_path, "target", v);
}

static const struct {
    const char *name;
    int (*set)(struct spec *s, const char *v);
} keys[] = {
    {"format", set_format},           {"vdev", set_vdev},
    {"access", set_access},           {"devtype", set_devtype},
    {"script", set_script},           {"backend", set_backend},
    {"backendtype", set_backendtype}, {"specification", set_specification},
};

static int parse_flag(struct spec *s, const char *w, bool *is_flag)
{
    libxl_device_disk *d = s->disk;

    *is_flag = true;
    if (!strcmp(w, "cdrom"))
        return set_devtype(s, w);
    if (!strcmp(w, "removable"))
        d->removable = 1;
    else if (!strcmp(w, "discard") || !strcmp(w, "no-discard"))
        libxl_defbool_set(&d->discard_enable, *w == 'd');
    else if (!strcmp(w, "trusted") || !strcmp(w, "untrusted"))
        libxl_defbool_set(&d->trusted, *w == 't');
    else if (!strcmp(w, "direct-io-safe"))
        d->direct_io_safe = true;
    else
        *is_flag = false;
    return 0;
}

static int parse_positional(struct spec *s, const char *w)
{
    static int (*const set[])(struct spec *, const char *) = {
        set_target, set_format, set_vdev, set_access};

    int n = s->position;

    if (n == NONE)
        return complain(s, "too many parameters, at", w);
    s->position++;
    return *w || n == TARGET ? set[n](s, w) : 0;
}

static int parse_element(struct spec *s, char *w)
{
    char *equals = strchr(w, '=');
    bool is_flag;
    size_t word = strspn(w, "abcdefghijklmnopqrstuvwxyz-");
    int e;

    /* A path may contain "=", but not after a bare lower-case word. */
    if (equals && equals > w && word == (size_t)(equals - w)) {
        *equals = 0;
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
            if (!strcmp(w, keys[i].name))
                return keys[i].set(s, equals + 1);
        return complain(s, "unknown key", w);
    }
    e = parse_flag(s, w, &is_flag);
    return is_flag ? e : parse_positional(s, w);
}

static int parse_spec(struct spec *s, const char *text)
{
    char *copy = strdup(text), *at = copy, *comma;
    int e = 0;

    if (!copy)
        return ENOMEM;
    s->text = text;
    for (; !e && at; at = comma) {
        at += strspn(at, " \t\n\r");
        if (!strncmp(at, "target=", 7)) {
            e = set_target(s, at + 7);
            break;
        }
        comma = strchr(at, ',');
        if (comma)
            *comma++ = 0;
        for (char *end = at + strlen(at);
             end > at && isspace((unsigned char)end[-1]);)
            *--end = 0;
        e = parse_element(s, at);
    }
    free(copy);
    return e;
}

int xlu_disk_parse(XLU_Config *cfg, int nspecs, const char *const *specs,
                   libxl_device_disk *disk)
{
    struct spec s = {.cfg = cfg, .disk = disk, .text = ""};
    int e = 0;

    disk->readwrite = 1;
    for (int i = 0; i < nspecs && !e; i++)
        e = parse_spec(&s, specs[i]);
    if (e || !nspecs)
        return e;

    if (disk->is_cdrom) {
        disk->removable = 1;
        disk->readwrite = 0; /* whatever was asked for */
    }
    if (!disk->pdev_path || !*disk->pdev_path) {
        if (!disk->is_cdrom)
            return complain(&s, "no target given", NULL);
        disk->format = LIBXL_DISK_FORMAT_EMPTY;
    }
    if (!disk->vdev || !*disk->vdev)
        return complain(&s, "no vdev given", NULL);
    if (disk->format == LIBXL_DISK_FORMAT_UNKNOWN)
        disk->format = LIBXL_DISK_FORMAT_RAW;
    return 0;
}
