/* SPDX-License-Identifier: MIT */
/* read, write, rm, exists, list. */
#include <stdlib.h>
#include <string.h>

#include "client.h"

int command_read(struct context *c, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        unsigned int len;
        char *text, *value = xs_read(c->xs, c->t, argv[i], &len);

        if (!value)
            return complain(c, "%s was not read", argv[i]);
        if (c->prefix)
            fprintf(c->out, "%s: ", argv[i]);
        if (c->raw) {
            fwrite(value, len, 1, c->out);
        } else {
            text = text_from_value(value, len);
            fprintf(c->out, "%s\n", text);
            free(text);
        }
        free(value);
    }
    return 0;
}

int command_write(struct context *c, int argc, char **argv)
{
    for (int i = 0; i < argc; i += 2) {
        size_t len = strlen(argv[i + 1]);
        char *value = c->raw ? argv[i + 1] : value_from_text(argv[i + 1], &len);
        bool ok = xs_write(c->xs, c->t, argv[i], value, (unsigned int)len);

        if (!c->raw)
            free(value);
        if (!ok)
            return complain(c, "%s was not written", argv[i]);
    }
    return 0;
}

static bool is_empty(struct context *c, const char *path)
{
    unsigned int len, count = 1;
    char *value, **names;
    bool empty;

    value = xs_read(c->xs, c->t, path, &len);
    names = xs_directory(c->xs, c->t, path, &count);
    empty = value && names && len == 0 && count == 0;
    free(value);
    free(names);
    return empty;
}

/* Removes parents that have nothing in them any more. */
static int tidy_up(struct context *c, char *path)
{
    char *slash;

    while ((slash = strrchr(path, '/')) && slash != path) {
        *slash = '\0';
        if (!is_empty(c, path))
            break;
        if (!xs_rm(c->xs, c->t, path))
            return complain(c, "%s was not removed", path);
    }
    return 0;
}

int command_rm(struct context *c, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        char *path;
        int status = 0;

        /* Removing succeeds if there is nothing to remove. */
        if (!xs_rm(c->xs, c->t, argv[i]))
            return complain(c, "%s was not removed", argv[i]);
        path = c->tidy ? strdup(argv[i]) : NULL;
        if (path)
            status = tidy_up(c, path);
        free(path);
        if (status)
            return status;
    }
    return 0;
}

int command_exists(struct context *c, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        char *value = xs_read(c->xs, c->t, argv[i], NULL);
        if (!value)
            return 1;
        free(value);
    }
    return 0;
}

int command_list(struct context *c, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        unsigned int count;
        char **names = xs_directory(c->xs, c->t, argv[i], &count);

        if (!names)
            return complain(c, "the children of %s were not read", argv[i]);
        for (unsigned int j = 0; j < count; j++) {
            if (c->prefix)
                fprintf(c->out, "%s/", argv[i]);
            fprintf(c->out, "%s\n", names[j]);
        }
        free(names);
    }
    return 0;
}
