/* SPDX-License-Identifier: MIT */
/*
 * /etc/xen/xl.conf: defaults for what xl does. Keys of Xen's xl that mean
 * nothing here (output_format, domid_policy, ...) are accepted in silence,
 * so that an existing file keeps working.
 */
#include "xl.h"

struct xl_conf xl_conf = {
    .run_hotplug_scripts = true,
    .autoballoon = -1,
    .max_grant_frames = -1,
    .max_maptrack_frames = -1,
    .max_grant_version = -1,
};

static void ignore(XLU_Config *cfg)
{
    static const char *const keys[] = {"output_format",
                                       "blkdev_start",
                                       "vm.cpumask",
                                       "vm.hvm.cpumask",
                                       "vm.pv.cpumask",
                                       "domid_policy",
                                       "colo.default.proxyscript",
                                       "remus.default.netbufscript",
                                       "bootloader_restrict"};
    const char *s;

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        xlu_cfg_get_string(cfg, keys[i], &s, 1);
}

/* A number, or one of three words. */
static int parse_autoballoon(XLU_Config *cfg)
{
    static const char *const words[] = {"auto", "off", "on"};
    const char *s;
    long l;

    if (!xlu_cfg_get_long(cfg, "autoballoon", &l, 1)) {
        xl_conf.autoballoon = !!l;
        return 0;
    }
    if (xlu_cfg_get_string(cfg, "autoballoon", &s, 1))
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (!strcmp(s, words[i])) {
            xl_conf.autoballoon = (int)i - 1;
            return 0;
        }
    fprintf(stderr, "autoballoon is auto, on or off, not '%s'\n", s);
    return -1;
}

/* xen-backendd acts on these, and has nobody to tell of a mistake but its log.
 */
static int check_drivers(XLU_Config *cfg)
{
    static const char *const keys[] = {"vbd.default.driver",
                                       "vif.default.driver"};
    const char *s;

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (xlu_cfg_get_string(cfg, keys[i], &s, 0) || !strcmp(s, "kernel") ||
            !strcmp(s, "process"))
            continue;
        fprintf(stderr, "%s is kernel or process, not '%s'\n", keys[i], s);
        return -1;
    }
    return 0;
}

static int parse(XLU_Config *cfg)
{
    static const struct {
        const char *key;
        char **value;
    } strings[] = {
        {"lockfile", &xl_conf.lockfile},
        {"vif.default.script", &xl_conf.default_vifscript},
        {"vifscript", &xl_conf.default_vifscript},
        {"vif.default.bridge", &xl_conf.default_bridge},
        {"defaultbridge", &xl_conf.default_bridge},
        {"vif.default.gatewaydev", &xl_conf.default_gatewaydev},
        {"vif.default.backend", &xl_conf.default_vifbackend},
    };
    static const struct {
        const char *key;
        long *value;
    } numbers[] = {
        {"max_grant_frames", &xl_conf.max_grant_frames},
        {"max_maptrack_frames", &xl_conf.max_maptrack_frames},
        {"max_grant_version", &xl_conf.max_grant_version},
    };
    long l;
    int e;

    for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
        e = xlu_cfg_replace_string(cfg, strings[i].key, strings[i].value, 0);
        if (e && e != ESRCH)
            return -1;
    }
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        e = xlu_cfg_get_bounded_long(cfg, numbers[i].key, 0, INT32_MAX,
                                     numbers[i].value, 0);
        if (e && e != ESRCH)
            return -1;
    }
    if (!xlu_cfg_get_long(cfg, "run_hotplug_scripts", &l, 0))
        xl_conf.run_hotplug_scripts = l;
    xlu_cfg_get_defbool(cfg, "claim_mode", &xl_conf.claim_mode, 0);
    return parse_autoballoon(cfg) ? -1 : check_drivers(cfg);
}

int read_xl_conf(const char *file)
{
    XLU_Config *cfg;
    int r = -1;

    if (access(file, F_OK))
        return 0;
    cfg = xlu_cfg_init(stderr, file);
    if (cfg && !xlu_cfg_readfile(cfg, file))
        r = parse(cfg);
    if (!r) {
        ignore(cfg);
        xlu_cfg_report_unused(cfg);
    }
    xlu_cfg_destroy(cfg);
    return r;
}
