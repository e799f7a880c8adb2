/* SPDX-License-Identifier: MIT */
/*
 * The rate of a vif: "<n>{,K,M,G}{b,B}/s[@<interval>{us,ms,s}]", b for bits
 * and B for bytes. The backend is told how many bytes may pass in each
 * interval, 50 ms unless said otherwise.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>

#include "internal.h"

#define DEFAULT_INTERVAL_US 50000

static int bad(XLU_Config *cfg, const char *rate, int e, const char *why)
{
    xlu__report(cfg, 0, "vif rate '%s': %s", rate, why);
    return e;
}

/* A decimal number and the unit after it; NULL when there is no number. */
static const char *number(const char *s, uint64_t *v)
{
    *v = 0;
    if (!isdigit((unsigned char)*s))
        return NULL;
    for (; isdigit((unsigned char)*s); s++)
        if (__builtin_mul_overflow(*v, 10, v) ||
            __builtin_add_overflow(*v, *s - '0', v))
            return NULL;
    return s;
}

static int parse_interval(XLU_Config *cfg, const char *rate, const char *s,
                          uint32_t *us)
{
    uint64_t v, scale;
    const char *unit = number(s, &v);

    if (!unit)
        return bad(cfg, rate, EINVAL, "the interval is not a number");
    if (!strcmp(unit, "us"))
        scale = 1;
    else if (!strcmp(unit, "ms"))
        scale = 1000;
    else if (!strcmp(unit, "s"))
        scale = 1000000;
    else
        return bad(cfg, rate, EINVAL, "the interval needs us, ms or s");
    if (!v || __builtin_mul_overflow(v, scale, &v) || v > UINT32_MAX)
        return bad(cfg, rate, EOVERFLOW, "the interval is out of range");
    *us = v;
    return 0;
}

int xlu_vif_parse_rate(XLU_Config *cfg, const char *rate, libxl_device_nic *nic)
{
    static const char scales[] = "KMG";
    uint32_t interval = DEFAULT_INTERVAL_US;
    uint64_t bits;
    const char *s = number(rate, &bits), *scale;
    bool ok = s;
    int e;

    scale = ok && *s ? strchr(scales, *s) : NULL;
    if (scale) {
        for (const char *k = scales; k <= scale; k++)
            if (__builtin_mul_overflow(bits, 1000, &bits))
                return bad(cfg, rate, EOVERFLOW, "too large");
        s++;
    }
    if (!ok || (*s != 'b' && *s != 'B') || strncmp(s + 1, "/s", 2) ||
        (s[3] && s[3] != '@'))
        return bad(cfg, rate, EINVAL, "not like 10Mb/s or 1MB/s@20ms");
    if (*s == 'B' && __builtin_mul_overflow(bits, 8, &bits))
        return bad(cfg, rate, EOVERFLOW, "too large");
    if (s[3]) {
        e = parse_interval(cfg, rate, s + 4, &interval);
        if (e)
            return e;
    }
    if (bits / 8 > UINT64_MAX / interval)
        return bad(cfg, rate, EOVERFLOW, "too large");
    nic->rate_bytes_per_interval = bits / 8 * interval / 1000000;
    nic->rate_interval_usecs = interval;
    if (!nic->rate_bytes_per_interval)
        return bad(cfg, rate, EINVAL, "less than one byte per interval");
    return 0;
}
