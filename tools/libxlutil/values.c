/* SPDX-License-Identifier: MIT */
/*
 * A configuration's life, and questions to it. All results are errno values:
 * ESRCH not set, EINVAL of the wrong kind (reported unless dont_warn).
 */
#include <limits.h>
#include <sys/stat.h>

#include <libxlutil_unused.h>

#include "internal.h"

/* No configuration is that large; a device or a fifo might never end. */
#define MAX_FILE (16 << 20)

void xlu__report(const XLU_Config *cfg, int line, const char *fmt, ...)
{
    va_list al;

    if (line)
        fprintf(cfg->report, "%s:%d: ", cfg->name, line);
    else
        fprintf(cfg->report, "%s: ", cfg->name);
    va_start(al, fmt);
    vfprintf(cfg->report, fmt, al);
    va_end(al);
    fputc('\n', cfg->report);
}

XLU_Config *xlu_cfg_init(FILE *report, const char *report_filename)
{
    XLU_Config *cfg = calloc(1, sizeof(*cfg));

    if (!cfg)
        return NULL;
    cfg->report = report;
    cfg->last = &cfg->settings;
    cfg->name = strdup(report_filename);
    if (!cfg->name) {
        free(cfg);
        return NULL;
    }
    return cfg;
}

void xlu__value_free(XLU_ConfigValue *value)
{
    if (!value)
        return;
    for (int i = 0; i < value->list.n; i++)
        xlu__value_free(value->list.values[i]);
    free(value->list.values);
    free(value->string);
    free(value);
}

void xlu_cfg_destroy(XLU_Config *cfg)
{
    setting *s, *next;

    if (!cfg)
        return;
    for (s = cfg->settings; s; s = next) {
        next = s->next;
        xlu__value_free(s->value);
        free(s->name);
        free(s);
    }
    free(cfg->name);
    free(cfg);
}

bool xlu__list_append(XLU_ConfigList *list, XLU_ConfigValue *value)
{
    XLU_ConfigValue **values;

    if (list->n == list->space) {
        int space = list->space ? list->space * 2 : 8;

        values = realloc(list->values, space * sizeof(*values));
        if (!values) {
            xlu__value_free(value);
            return false;
        }
        list->values = values;
        list->space = space;
    }
    list->values[list->n++] = value;
    return true;
}

int xlu_cfg_readdata(XLU_Config *cfg, const char *data, int length)
{
    return xlu__parse(cfg, data, length);
}

int xlu_cfg_readfile(XLU_Config *cfg, const char *real_filename)
{
    FILE *f = fopen(real_filename, "re");
    char *text = NULL;
    struct stat st;
    size_t len = 0;
    int e = 0;

    if (!f || fstat(fileno(f), &st))
        e = errno;
    else if (S_ISDIR(st.st_mode))
        e = EISDIR;
    if (!e && !(text = malloc(MAX_FILE + 1)))
        e = ENOMEM;
    if (!e) {
        len = fread(text, 1, MAX_FILE + 1, f);
        e = ferror(f) ? EIO : len > MAX_FILE ? EFBIG : 0;
    }
    if (e)
        fprintf(cfg->report, "%s: cannot read: %s\n", real_filename,
                strerror(e));
    else
        e = xlu__parse(cfg, text, len);
    free(text);
    if (f)
        fclose(f);
    return e;
}

static setting *find(const XLU_Config *cfg, const char *n)
{
    setting *found = NULL;

    for (setting *s = cfg->settings; s; s = s->next) {
        if (strcmp(s->name, n))
            continue;
        s->used = true; /* overridden ones too */
        found = s;
    }
    return found;
}

static int find_string(const XLU_Config *cfg, const char *n, setting **s_r,
                       int dont_warn)
{
    setting *s = find(cfg, n);

    *s_r = s;
    if (!s)
        return ESRCH;
    if (s->value->type == XLU_STRING)
        return 0;
    if (!dont_warn)
        xlu__report(cfg, s->line, "'%s' is a list but should be a single value",
                    n);
    return EINVAL;
}

int xlu_cfg_get_string(const XLU_Config *cfg, const char *n,
                       const char **value_r, int dont_warn)
{
    setting *s;
    int e = find_string(cfg, n, &s, dont_warn);

    *value_r = e ? NULL : s->value->string;
    return e;
}

int xlu_cfg_replace_string(const XLU_Config *cfg, const char *n, char **value_r,
                           int dont_warn)
{
    setting *s;
    int e = find_string(cfg, n, &s, dont_warn);
    char *copy;

    if (e)
        return e;
    copy = strdup(s->value->string);
    if (!copy)
        return ENOMEM;
    free(*value_r);
    *value_r = copy;
    return 0;
}

int xlu_cfg_get_bounded_long(const XLU_Config *cfg, const char *n, long min,
                             long max, long *value_r, int dont_warn)
{
    const char *problem = NULL;
    setting *s;
    char *end;
    long v = 0;
    int e = find_string(cfg, n, &s, dont_warn);

    if (e)
        return e;
    errno = 0;
    v = strtol(s->value->string, &end, 0);
    if (errno) {
        e = errno;
        problem = "is out of range";
    } else if (*end || end == s->value->string) {
        e = EINVAL;
        problem = "is not a number";
    } else if (v < min || v > max) {
        e = v < min ? EINVAL : ERANGE;
        problem = v < min ? "is too small" : "is too large";
    }
    if (!problem)
        *value_r = v;
    else if (!dont_warn)
        xlu__report(cfg, s->line, "'%s' = '%s' %s", n, s->value->string,
                    problem);
    return e;
}

int xlu_cfg_get_long(const XLU_Config *cfg, const char *n, long *value_r,
                     int dont_warn)
{
    return xlu_cfg_get_bounded_long(cfg, n, LONG_MIN, LONG_MAX, value_r,
                                    dont_warn);
}

int xlu_cfg_get_defbool(const XLU_Config *cfg, const char *n, libxl_defbool *b,
                        int dont_warn)
{
    long l;
    int e = xlu_cfg_get_long(cfg, n, &l, dont_warn);

    if (e)
        return e;
    libxl_defbool_set(b, !!l);
    return 0;
}

int xlu_cfg_get_list(const XLU_Config *cfg, const char *n,
                     XLU_ConfigList **list_r, int *entries_r, int dont_warn)
{
    setting *s = find(cfg, n);

    if (!s)
        return ESRCH;
    if (s->value->type != XLU_LIST) {
        if (!dont_warn)
            xlu__report(cfg, s->line,
                        "'%s' is a single value but should be a list", n);
        return EINVAL;
    }
    if (list_r)
        *list_r = &s->value->list;
    if (entries_r)
        *entries_r = s->value->list.n;
    return 0;
}

int xlu_cfg_get_list_as_string_list(const XLU_Config *cfg, const char *n,
                                    libxl_string_list *sl, int dont_warn)
{
    XLU_ConfigList *list;
    int count, e = xlu_cfg_get_list(cfg, n, &list, &count, dont_warn);
    libxl_string_list strings;

    if (e)
        return e;
    strings = calloc(count + 1, sizeof(*strings));
    for (int i = 0; strings && i < count; i++) {
        const char *s = xlu_cfg_get_listitem(list, i);

        if (!s)
            e = EINVAL;
        else if (!(strings[i] = strdup(s)))
            e = ENOMEM;
        if (e)
            break;
    }
    if (!strings)
        return ENOMEM;
    if (e)
        libxl_string_list_dispose(&strings);
    else
        *sl = strings;
    return e;
}

XLU_ConfigValue *xlu_cfg_get_listitem2(const XLU_ConfigList *list, int entry)
{
    return entry >= 0 && entry < list->n ? list->values[entry] : NULL;
}

const char *xlu_cfg_get_listitem(const XLU_ConfigList *list, int entry)
{
    XLU_ConfigValue *v = xlu_cfg_get_listitem2(list, entry);

    return v && v->type == XLU_STRING ? v->string : NULL;
}

enum XLU_ConfigValueType xlu_cfg_value_type(const XLU_ConfigValue *value)
{
    return value->type;
}

int xlu_cfg_value_get_string(const XLU_Config *cfg, XLU_ConfigValue *value,
                             char **value_r, int dont_warn)
{
    if (value->type != XLU_STRING) {
        if (!dont_warn)
            xlu__report(cfg, value->line, "a list, should be a value");
        return EINVAL;
    }
    *value_r = value->string;
    return 0;
}

int xlu_cfg_value_get_list(const XLU_Config *cfg, XLU_ConfigValue *value,
                           XLU_ConfigList **value_r, int dont_warn)
{
    if (value->type != XLU_LIST) {
        if (!dont_warn)
            xlu__report(cfg, value->line, "a value, should be a list");
        return EINVAL;
    }
    *value_r = &value->list;
    return 0;
}

void xlu_cfg_report_unused(const XLU_Config *cfg)
{
    for (setting *s = cfg->settings; s; s = s->next)
        if (!s->used)
            xlu__report(cfg, s->line, "warning: unknown key '%s' ignored",
                        s->name);
}
