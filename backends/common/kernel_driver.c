/* SPDX-License-Identifier: MIT */
/*
 * A backend driver of the kernel shows in sysfs by the kind that it serves.
 */
#include "kernel_driver.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *kernel_driver_name(const char *kind)
{
    if (!strcmp(kind, "vbd"))
        return "xen-blkback";
    return strcmp(kind, "vif") ? NULL : "xen-netback";
}

const char *kernel_driver(const char *kind)
{
    char path[64];

    snprintf(path, sizeof(path), "/sys/bus/xen-backend/drivers/%s", kind);
    return access(path, F_OK) ? NULL : kernel_driver_name(kind);
}
