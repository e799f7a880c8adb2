/* SPDX-License-Identifier: MIT */
/*
 * Sets of processors in words: "all", "0-3,6", "all,^2" (not that one); and
 * sizes of memory.
 */
#include <ctype.h>

#include "xl.h"

/* "n" or "n-m" up to a comma; NULL: neither. */
static const char *parse_range(const char *s, int cpus, int *from, int *to)
{
    char *end;

    if (!isdigit((unsigned char)*s))
        return NULL;
    *from = *to = strtoul(s, &end, 10);
    if (*end == '-' && isdigit((unsigned char)end[1]))
        *to = strtoul(end + 1, &end, 10);
    if ((*end && *end != ',') || *from > *to || *from < 0 || *to >= cpus)
        return NULL;
    return end;
}

int parse_cpus(const char *where, const char *what, const char *spec, int cpus,
               libxl_bitmap *map)
{
    const char *s = spec;

    if (libxl_bitmap_alloc(ctx, map, cpus))
        return -1;
    while (s) {
        bool not = *s == '^';
        int from = 0, to = cpus - 1;

        if (not )
            s++;
        if (!strncmp(s, "all", 3) && (!s[3] || s[3] == ','))
            s += 3;
        else
            s = parse_range(s, cpus, &from, &to);
        if (!s || (*s == ',' && !s[1])) {
            fprintf(
                stderr,
                "%s: %s: '%s' is not a set of this host's CPUs (0-%d): all, n, "
                "n-m, ^n, separated by commas\n",
                where, what, spec, cpus - 1);
            return -1;
        }
        for (int i = from; i <= to; i++) {
            if (not )
                libxl_bitmap_reset(map, i);
            else
                libxl_bitmap_set(map, i);
        }
        s = *s ? s + 1 : NULL;
    }
    if (libxl_bitmap_is_empty(map)) {
        fprintf(stderr, "%s: %s: '%s' leaves no CPU\n", where, what, spec);
        return -1;
    }
    return 0;
}

void print_cpumap(FILE *out, const libxl_bitmap *map, int cpus)
{
    bool first = true, all = true;
    int i, start;

    for (i = 0; i < cpus; i++)
        all = all && libxl_bitmap_test(map, i);
    if (all) {
        fprintf(out, "all");
        return;
    }
    for (i = 0; i < cpus; i++) {
        if (!libxl_bitmap_test(map, i))
            continue;
        for (start = i; i + 1 < cpus && libxl_bitmap_test(map, i + 1); i++)
            ;
        fprintf(out, "%s%d", first ? "" : ",", start);
        if (i > start)
            fprintf(out, "-%d", i);
        first = false;
    }
    if (first)
        fprintf(out, "none");
}

int64_t parse_mem_kb(const char *s)
{
    static const struct {
        char unit;
        int shift; /* from the unit to bytes */
    } units[] = {{'b', 0}, {'k', 10}, {'m', 20}, {'g', 30}, {'t', 40}};
    int shift = 20;
    int64_t v;
    char *end;

    errno = 0;
    v = strtoll(s, &end, 10);
    if (errno || end == s || v < 0)
        return -1;
    if (*end) {
        size_t i = 0;

        while (i < ARRAY_SIZE(units) && (*end | 0x20) != units[i].unit)
            i++;
        if (i == ARRAY_SIZE(units) || end[1])
            return -1;
        shift = units[i].shift;
    }
    if (v > INT64_MAX >> shift)
        return -1;
    return (v << shift) >> 10;
}
