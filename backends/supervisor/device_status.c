/* SPDX-License-Identifier: MIT */
/* See device_status.h. */
#include "device_status.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <daemon/pid_lock.h>

#define PATH_LEN 160

#define ERROR  "error"
#define STATUS "xen-backendd"

/* --- in the store --- */

static void write_node(struct xs_handle *xs, const char *room, const char *path,
                       const char *key, const char *value)
{
    char node[PATH_LEN];

    snprintf(node, sizeof(node), "%s/%s/%s", room, path, key);
    xs_write(xs, XBT_NULL, node, value, (unsigned int)strlen(value));
}

void device_status_publish(struct xs_handle *xs, const char *path,
                           const struct device_status *s)
{
    char number[16];

    snprintf(number, sizeof(number), "%d", (int)s->pid);
    write_node(xs, STATUS, path, "pid", number);
    snprintf(number, sizeof(number), "%u", s->restarts);
    write_node(xs, STATUS, path, "restarts", number);
    if (*s->why)
        write_node(xs, STATUS, path, "reason", s->why);
}

void device_error_write(struct xs_handle *xs, const char *path,
                        const char *text)
{
    write_node(xs, ERROR, path, "error", text);
}

void device_error_clear(struct xs_handle *xs, const char *path,
                        const char *text)
{
    char node[PATH_LEN], *said;
    unsigned int len;

    snprintf(node, sizeof(node), "%s/%s/error", ERROR, path);
    said = xs_read(xs, XBT_NULL, node, &len);
    if (said && !strcmp(said, text))
        xs_rm(xs, XBT_NULL, node);
    free(said);
}

void device_node_remove(struct xs_handle *xs, xs_transaction_t t,
                        const char *path)
{
    char node[PATH_LEN], **names, *slash;
    unsigned int n;

    snprintf(node, sizeof(node), "%s", path);
    if (!xs_rm(xs, t, node))
        return;
    while ((slash = strrchr(node, '/'))) {
        *slash = 0;
        names = xs_directory(xs, t, node, &n);
        free(names);
        if (!names || n || !xs_rm(xs, t, node))
            return;
    }
}

static void withdraw(struct xs_handle *xs, const char *room, const char *path)
{
    char node[PATH_LEN];
    xs_transaction_t t;

    snprintf(node, sizeof(node), "%s/%s", room, path);
    do {
        t = xs_transaction_start(xs);
        if (t == XBT_NULL)
            return;
        device_node_remove(xs, t, node);
    } while (!xs_transaction_end(xs, t, false) && errno == EAGAIN);
}

void device_status_withdraw(struct xs_handle *xs, const char *path)
{
    withdraw(xs, STATUS, path);
}

void device_error_withdraw(struct xs_handle *xs, const char *path)
{
    withdraw(xs, ERROR, path);
}

/* Calls itself once per level of ROOM/backend/KIND/DOMID/DEVID. */
static void walk(struct xs_handle *xs, const char *room, const char *path,
                 unsigned int levels, device_told *f, void *arg)
{
    char node[PATH_LEN], **names;
    unsigned int n = 0;

    if (!levels) {
        f(arg, path);
        return;
    }
    snprintf(node, sizeof(node), "%s/%s", room, path);
    names = xs_directory(xs, XBT_NULL, node, &n);
    for (unsigned int i = 0; names && i < n; i++) {
        snprintf(node, sizeof(node), "%s/%s", path, names[i]);
        walk(xs, room, node, levels - 1, f, arg);
    }
    free(names);
}

void device_status_each(struct xs_handle *xs, const char *kind, device_told *f,
                        void *arg)
{
    char path[PATH_LEN];

    snprintf(path, sizeof(path), "backend/%s", kind);
    walk(xs, STATUS, path, 2, f, arg);
    walk(xs, ERROR, path, 2, f, arg);
}

/* --- in a file --- */

void device_status_load(struct device_status *s, const char *dir,
                        const char *name)
{
    char path[PATH_MAX], line[sizeof(s->why) + 16];
    FILE *f;

    *s = (struct device_status){0};
    snprintf(path, sizeof(path), "%s/%s.ends", dir, name);
    f = fopen(path, "re");
    if (!f)
        return;
    if (!fgets(line, sizeof(line), f) ||
        sscanf(line, "%u %319[^\n]", &s->restarts, s->why) < 1)
        s->restarts = 0;
    else if (fgets(line, sizeof(line), f))
        sscanf(line, "%63s", s->medium.text);
    fclose(f);
}

/* All or nothing of it, whenever the supervisor is killed. */
void device_status_save(const struct device_status *s, const char *dir,
                        const char *name)
{
    char path[PATH_MAX], next[PATH_MAX + 8];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s.ends", dir, name);
    snprintf(next, sizeof(next), "%s.new", path);
    f = fopen(next, "we");
    if (!f)
        return;
    fprintf(f, "%u %s\n%s\n", s->restarts, s->why, s->medium.text);
    if (fclose(f) || rename(next, path))
        unlink(next);
}

/* --- as JSON --- */

void device_text_print(FILE *f, const char *text)
{
    fputc('"', f);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c < 0x20 || *c >= 0x7f)
            fputc('?', f);
        else
            fprintf(f, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    fputc('"', f);
}

/* null: none lives. */
static void print_holder(FILE *f, const char *path)
{
    pid_t pid;
    int fd = pid_lock_holder(path, &pid);

    if (fd < 0) {
        fputs("null", f);
        return;
    }
    fprintf(f, "%d", (int)pid);
    close(fd);
}

static void print_count(FILE *f, const char *name, const struct record_count *c)
{
    fprintf(f, ", \"%s\": { \"operations\": %llu, \"bytes\": %llu }", name,
            (unsigned long long)c->operations, (unsigned long long)c->bytes);
}

static struct record_head head_of_record(const char *dir, const char *name)
{
    struct record_head h = {0};
    char path[PATH_MAX];
    FILE *r;

    snprintf(path, sizeof(path), "%s/%s.record", dir, name);
    r = fopen(path, "re");
    if (r) {
        if (fread(&h, sizeof(h), 1, r) != 1)
            h = (struct record_head){0};
        fclose(r);
    }
    return h;
}

void device_counts_load(struct record_counts *c, const char *dir,
                        const char *name)
{
    *c = head_of_record(dir, name).counts;
}

static void print_counts(FILE *f, const char *dir, const char *name)
{
    struct record_head h = head_of_record(dir, name);

    print_count(f, "to_guest", &h.counts.to_guest);
    print_count(f, "from_guest", &h.counts.from_guest);
    fputs(", \"waits\": ", f);
    if (h.waits_for && h.waits_for < 4096)
        device_text_print(f, strerror((int)h.waits_for));
    else
        fputs("null", f);
}

/* NAME.pid, or else it is none of a device. */
static bool print_device(FILE *f, const char *dir, const char *file, bool first)
{
    char path[PATH_MAX], kind[16];
    struct device_status s;
    unsigned int domid, devid;
    int length = 0;

    sscanf(file, "%15[a-z]-%u-%u.pid%n", kind, &domid, &devid, &length);
    if (!length || file[length])
        return false;
    fprintf(f, "%s\n    { \"device\": \"backend/%s/%u/%u\", \"pid\": ",
            first ? "" : ",", kind, domid, devid);
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    print_holder(f, path);
    snprintf(path, sizeof(path), "%s-%u-%u", kind, domid, devid);
    device_status_load(&s, dir, path);
    fprintf(f, ", \"restarts\": %u, \"reason\": ", s.restarts);
    if (*s.why)
        device_text_print(f, s.why);
    else
        fputs("null", f);
    print_counts(f, dir, path);
    fputs(" }", f);
    return true;
}

int device_status_print(FILE *f, const char *dir, const char *pid_file)
{
    struct dirent **list;
    int n = scandir(dir, &list, NULL, versionsort);
    bool first = true;

    if (n < 0 && errno != ENOENT)
        return -errno;
    fputs("{\n  \"supervisor\": ", f);
    print_holder(f, pid_file);
    fputs(",\n  \"devices\": [", f);
    for (int i = 0; i < n; i++) {
        first &= !print_device(f, dir, list[i]->d_name, first);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    fputs(first ? "]\n}\n" : "\n  ]\n}\n", f);
    return ferror(f) || fflush(f) ? -EIO : 0;
}
