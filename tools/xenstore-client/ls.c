/* SPDX-License-Identifier: MIT */
/*
 * ls: the tree with values, one node per line, a blank per level. Lines are
 * cut to the width of the terminal; permissions, if wanted, stand in a column
 * of their own with dots leading to it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client.h"

#define DEFAULT_WIDTH 80
#define PERMS_COLUMN  60
/* Width of the text around a shortened value: = "..." and blanks. */
#define DECORATION 8

static int width;

static void find_width(void)
{
    struct winsize size;

    width = DEFAULT_WIDTH;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
        size.ws_col > 2)
        width = size.ws_col - 2;
}

static void print_perms(struct context *c, const char *path)
{
    static const char letters[] = "nrwb";
    unsigned int count;
    struct xs_permissions *p =
        xs_get_permissions(c->xs, XBT_NULL, path, &count);

    if (!p) {
        complain(c, "the permissions of %s were not read", path);
        return;
    }
    fputs("  (", c->out);
    for (unsigned int i = 0; i < count; i++)
        fprintf(c->out, "%s%c%u", i ? "," : "", letters[p[i].perms & 3],
                p[i].id);
    fputc(')', c->out);
    free(p);
}

static void lead_to_perms(struct context *c, int column)
{
    fputc(' ', c->out);
    if (c->flat)
        return;
    for (column++; column < PERMS_COLUMN && column < width; column++)
        fputc(column & 1 ? '.' : ' ', c->out);
}

/* The value behind a name that ends in @column. */
static void print_value(struct context *c, const char *path, int column)
{
    unsigned int len;
    char *text, *value = xs_read(c->xs, XBT_NULL, path, &len);

    if (!value) {
        fputc(':', c->out);
        return;
    }
    text = text_from_value(value, len);
    if (!c->flat && column + (int)len + DECORATION > width) {
        int room = width - DECORATION - column;
        fprintf(c->out, " = \"%.*s\\...\"", room > 0 ? room : 0, text);
    } else {
        column += fprintf(c->out, " = \"%s\"", text);
        if (c->prefix)
            lead_to_perms(c, column);
    }
    free(text);
    free(value);
}

static int list(struct context *c, const char *path, int depth)
{
    unsigned int count;
    char **names = xs_directory(c->xs, XBT_NULL, path, &count);

    if (!names) {
        /* It may have gone while we were on the way. */
        if (depth && errno == ENOENT)
            return 0;
        return complain(c, "xs_directory (%s): %s", path, strerror(errno));
    }
    for (unsigned int i = 0; i < count; i++) {
        char *below = join_path(path, names[i]);
        int column = 0;

        if (c->flat)
            fputs(below, c->out);
        else
            column = fprintf(c->out, "%*s%s", depth, "", names[i]);
        print_value(c, below, column);
        if (c->prefix)
            print_perms(c, below);
        fputc('\n', c->out);
        if (list(c, below, depth + 1)) {
            free(below);
            free(names);
            return 1;
        }
        free(below);
    }
    free(names);
    return 0;
}

int command_ls(struct context *c, int argc, char **argv)
{
    int status;

    find_width();
    status = argc ? 0 : list(c, "/", 0);

    for (int i = 0; i < argc && !status; i++)
        status = list(c, argv[i], 0);
    return status;
}
