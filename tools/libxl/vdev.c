/* SPDX-License-Identifier: MIT */
/*
 * Names of virtual disks and their numbers. The number is what the guest's
 * frontend gets; it encodes a Linux device of old (sd, hd: major and minor)
 * or a Xen one (xvd), the latter in an extended form for high disks and
 * partitions. dNpM says disk and partition by number.
 */
#include <ctype.h>

#include "device.h"

#define XVD_MAJOR    202
#define XVD_EXTENDED (1 << 28)

/* a..z, aa..zz, ...: 0 and up; -1: not lower-case letters, or too many. */
static int letters(const char **s)
{
    int n = 0, count = 0;

    for (; islower((unsigned char)**s); (*s)++, count++) {
        if (count == 5)
            return -1;
        n = n * 26 + (**s - 'a' + 1);
    }
    return n - 1;
}

/* Digits without a leading zero; absent: 0. -1: not a number. */
static int partition(const char *s)
{
    uint32_t n;

    if (!*s)
        return 0;
    return *s == '0' || libxl__parse_uint(s, 255, &n) ? -1 : (int)n;
}

static int xvd_number(int disk, int part)
{
    if (disk < 16 && part < 16)
        return XVD_MAJOR << 8 | disk << 4 | part;
    return disk < 1 << 20 ? XVD_EXTENDED | disk << 8 | part : -1;
}

static int number_dp(const char *s)
{
    char *p;
    unsigned long disk, part = 0;

    if (!isdigit((unsigned char)*s))
        return -1;
    disk = strtoul(s, &p, 10);
    if (*p == 'p' && isdigit((unsigned char)p[1]))
        part = strtoul(p + 1, &p, 10);
    return *p || disk >= 1 << 20 || part > 255 ? -1 : xvd_number(disk, part);
}

int libxl__disk_number(const char *vdev)
{
    const char *s = vdev;
    int disk, part;
    char *end;

    if (isdigit((unsigned char)*vdev)) { /* a number already */
        unsigned long n = strtoul(vdev, &end, 0);

        return *end || n >= 1 << 29 ? -1 : (int)n;
    }
    if (*vdev == 'd' && isdigit((unsigned char)vdev[1]))
        return number_dp(vdev + 1);
    if (!strncmp(vdev, "xvd", 3))
        s += 3;
    else if (!strncmp(vdev, "hd", 2) || !strncmp(vdev, "sd", 2))
        s += 2;
    else
        return -1;
    disk = letters(&s);
    part = partition(s);
    if (disk < 0 || part < 0)
        return -1;
    switch (*vdev) {
    case 'x':
        return xvd_number(disk, part);
    case 's':
        return disk < 16 && part < 16 ? 8 << 8 | disk << 4 | part : -1;
    default:
        return disk < 4 && part < 64
                   ? (disk < 2 ? 3 : 22) << 8 | (disk & 1) << 6 | part
                   : -1;
    }
}
