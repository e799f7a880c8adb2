/* SPDX-License-Identifier: MIT */
/*
 * libxlutil's parsed configuration: settings in file order, each a string or
 * a list whose elements are strings and lists. Numbers stay text until
 * somebody asks for one.
 *
 * Everything in here belongs to the XLU_Config, and the strings and lists that
 * are handed out do so, too: they are good until xlu_cfg_destroy().
 */
#ifndef LIBXLU_INTERNAL_H
#define LIBXLU_INTERNAL_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libxlutil.h"

/* n values, the list's own, in room for 'space'. */
struct XLU_ConfigList {
    int n, space;
    XLU_ConfigValue **values;
};

/* Of two members the one that the type names. */
struct XLU_ConfigValue {
    enum XLU_ConfigValueType type;
    int line;            /* where it begins, from 1; for messages */
    char *string;        /* XLU_STRING */
    XLU_ConfigList list; /* XLU_LIST */
};

/* name = value. 'used': somebody asked for it; what nobody did is reported. */
typedef struct setting setting;
struct setting {
    setting *next;
    char *name;
    int line; /* of the name */
    bool used;
    XLU_ConfigValue *value;
};

struct XLU_Config {
    FILE *report;      /* the caller's: where messages go */
    char *name;        /* for messages */
    setting *settings; /* the last definition of a name counts */
    setting **last;    /* where the next one is put */
};

/* "NAME:LINE: text" (line 0: without) on the report, one line. */
void xlu__report(const XLU_Config *cfg, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* With all that is in it, to any depth. */
void xlu__value_free(XLU_ConfigValue *value); /* NULL is ok */
/* Takes value over; false when memory ran out, and then it was freed. */
bool xlu__list_append(XLU_ConfigList *list, XLU_ConfigValue *value);
/*
 * Adds the settings of the text, which need not end with a NUL, to cfg. 0;
 * EINVAL with a line on the report, ENOMEM. Settings before the error may be
 * there.
 */
int xlu__parse(XLU_Config *cfg, const char *text, size_t len);

#endif
