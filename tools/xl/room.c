/* SPDX-License-Identifier: MIT */
/*
 * Memory for a new guest. Where dom0 was given all there is, it returns what is
 * missing; its share was fixed if the hypervisor's command line has dom0_mem=.
 */
#include "xl.h"
#include "commands.h"

#define SECONDS 10 /* for a dom0 that stands still */
#define TRIES   3

static bool dom0_may_shrink(void)
{
    const libxl_version_info *version;

    if (xl_conf.autoballoon >= 0)
        return xl_conf.autoballoon;
    version = libxl_get_version_info(ctx);
    return version && !strstr(version->commandline, "dom0_mem=");
}

/* KiB; 0 also if it cannot be told. */
static uint64_t missing_memory(libxl_domain_config *config)
{
    uint64_t need, free;

    if (libxl_domain_need_memory(ctx, config, INVALID_DOMID, &need) ||
        libxl_get_free_memory(ctx, &free) || free >= need)
        return 0;
    return need - free;
}

void make_room(libxl_domain_config *config)
{
    uint64_t missing;

    if (!dom0_may_shrink())
        return;
    for (int tries = TRIES; tries; tries--) {
        missing = missing_memory(config);
        if (!missing ||
            libxl_set_memory_target(ctx, 0, -(int64_t)missing, 1, 0) ||
            libxl_wait_for_memory_target(ctx, 0, SECONDS))
            return;
    }
}
