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

/*
 * From what it has, not from its target, which it may not have reached yet: a
 * guest that is tried again and again must not take more each time. A dom0 that
 * cannot follow gets its former target back.
 */
static bool shrink_dom0(uint64_t kb)
{
    uint64_t before;
    libxl_dominfo info;
    int64_t target;
    bool shrunk;

    libxl_dominfo_init(&info);
    if (libxl_domain_info(ctx, &info, 0) ||
        libxl_get_memory_target(ctx, 0, &before))
        return false;
    target = (int64_t)(info.current_memkb - kb);
    libxl_dominfo_dispose(&info);
    if (target <= 0)
        return false; /* the creation will say that memory is missing */
    if (target < (int64_t)before &&
        libxl_set_memory_target(ctx, 0, target, 0, 0))
        return false;
    shrunk = !libxl_wait_for_memory_target(ctx, 0, SECONDS);
    if (!shrunk && target < (int64_t)before)
        libxl_set_memory_target(ctx, 0, (int64_t)before, 0, 0);
    return shrunk;
}

void make_room(libxl_domain_config *config)
{
    uint64_t missing;
    int tries = TRIES;

    if (!dom0_may_shrink())
        return;
    do
        missing = missing_memory(config);
    while (missing && tries-- && shrink_dom0(missing));
}
