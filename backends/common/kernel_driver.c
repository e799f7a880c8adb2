/* SPDX-License-Identifier: MIT */
/*
 * A backend driver of the kernel shows in sysfs by the kind that it serves.
 */
#include "kernel_driver.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *kernel_driver(const char *kind)
{
    char path[64];

    snprintf(path, sizeof(path), "/sys/bus/xen-backend/drivers/%s", kind);
    if (access(path, F_OK))
        return NULL;
    return strcmp(kind, "vif") ? "xen-blkback" : "xen-netback";
}
