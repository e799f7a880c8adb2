/* SPDX-License-Identifier: MIT */
/*
 * A domain's configuration file into libxl's structure. Keys come in four
 * kinds: those that are used, those that mean nothing for a PV guest (in
 * silence, for the files people have), those that ask for something that is
 * not here (an error: the guest would lack it), and the rest, which get a
 * warning, since other programs keep notes of their own in these files.
 */
#include <limits.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <xen-lite.h>

#include "xl.h"

/* Name of the configuration in messages; xl parses one at a time. */
static const char *source;

static void complain(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
static void complain(const char *fmt, ...)
{
    va_list al;

    fprintf(stderr, "%s: ", source);
    va_start(al, fmt);
    vfprintf(stderr, fmt, al);
    va_end(al);
    fputc('\n', stderr);
}

#define PVGRUB64 "/usr/lib/grub-xen/grub-x86_64-xen.bin"

static const char *const meaningless[] = {
    "acpi",
    "acpi_firmware",
    "acpi_laptop_slate",
    "acpi_s3",
    "acpi_s4",
    "altp2m",
    "altp2mhvm",
    "apic",
    "bios",
    "bios_path_override",
    "boot",
    "device_model",
    "device_model_args",
    "device_model_args_hvm",
    "device_model_args_pv",
    "device_model_override",
    "device_model_stubdomain_override",
    "device_model_version",
    "dm_restrict",
    "e820_host",
    "gfx_passthru",
    "hap",
    "hdtype",
    "hpet",
    "hvm_pirq",
    "init_seclabel",
    "keymap",
    "mmio_hole",
    "ms_vm_genid",
    "nested_hvm",
    "nestedhvm",
    "nographic",
    "nomigrate",
    "nx",
    "oos",
    "opengl",
    "pae",
    "passthrough",
    "rdm",
    "rdm_mem_boundary",
    "sdl",
    "seclabel",
    "serial",
    "shadow_memory",
    "smbios_firmware",
    "soundhw",
    "spice",
    "spiceagent_mouse",
    "spicehost",
    "spiceport",
    "stdvga",
    "suppress_spurious_page_faults",
    "system_firmware",
    "timer_mode",
    "usb",
    "usbdevice",
    "vendor_device",
    "vga",
    "videoram",
    "viridian",
    "vkb_device",
    "vnc",
    "vncconsole",
    "vncdisplay",
    "vnclisten",
    "vncpasswd",
    "vncunused",
    "vpt_align",
    "xen_extended_power_mgmt",
    "xen_platform_pci",
    "xend_suspend_evtchn_compat",
    "bootloader_args",
    "driver_domain",
    "vpmu",
};

static const char *const not_here[] = {
    "bootloader", "channel", "cpuid",  "device_tree", "dtdev",
    "iomem",      "ioports", "irqs",   "p9",          "pci",
    "pvcalls",    "usbctrl", "usbdev", "vdispl",      "vfb",
    "virtio",     "vkb",     "vnuma",  "vsnd",        "vtpm",
};

/* --- the text --- */

static char *read_text(const char *file, size_t *len)
{
    FILE *out, *in = strcmp(file, "-") ? fopen(file, "re") : stdin;
    char buf[4096], *text = NULL;
    struct stat st;
    size_t n;
    bool bad;

    if (!in || fstat(fileno(in), &st) ||
        (S_ISDIR(st.st_mode) && (errno = EISDIR))) {
        fprintf(stderr, "cannot read config file %s: %s\n", file,
                strerror(errno));
        if (in)
            fclose(in);
        return NULL;
    }
    out = open_memstream(&text, len);
    while (out && (n = fread(buf, 1, sizeof(buf), in)) > 0)
        fwrite(buf, 1, n, out);
    bad = !out || ferror(in) || ferror(out);
    if (out && fclose(out))
        bad = true;
    if (in != stdin)
        fclose(in);
    if (bad) {
        fprintf(stderr, "cannot read config file %s\n", file);
        free(text);
        return NULL;
    }
    return text;
}

char *read_config_text(const char *file, char **overrides, int n, int *len)
{
    char *text = NULL, *all = NULL;
    size_t size = 0, all_size;
    FILE *out;

    if (file) {
        text = read_text(file, &size);
        if (!text)
            return NULL;
    }
    out = open_memstream(&all, &all_size);
    if (out) {
        fwrite(text, 1, size, out);
        for (int i = 0; i < n; i++)
            fprintf(out, "\n%s", overrides[i]);
        fputc('\n', out);
        fclose(out);
    }
    free(text);
    if (all_size > INT_MAX) {
        fprintf(stderr, "config file %s is too large\n", file);
        free(all);
        return NULL;
    }
    *len = all_size;
    return all;
}

/* --- keys of simple kinds --- */

static int get_string(XLU_Config *cfg, const char *key, char **value)
{
    int e = xlu_cfg_replace_string(cfg, key, value, 0);

    return e && e != ESRCH ? -1 : 0;
}

/* *value stays as it is when the key is not set. */
static int get_number(XLU_Config *cfg, const char *key, long min, long max,
                      long *value)
{
    int e = xlu_cfg_get_bounded_long(cfg, key, min, max, value, 0);

    return e && e != ESRCH ? -1 : 0;
}

static int get_action(XLU_Config *cfg, const char *key,
                      libxl_action_on_shutdown *value)
{
    const char *s;
    char name[32], *p;
    int e = xlu_cfg_get_string(cfg, key, &s, 0);

    if (e)
        return e == ESRCH ? 0 : -1;
    snprintf(name, sizeof(name), "%s", s);
    for (p = name; *p; p++)
        if (*p == '-')
            *p = '_';
    /* "rename-restart" is the other way round in libxl's words. */
    if (!strcmp(name, "rename_restart"))
        *value = LIBXL_ACTION_ON_SHUTDOWN_RESTART_RENAME;
    else if (libxl_action_on_shutdown_from_string(name, value)) {
        complain("%s: '%s' is not an action (destroy, restart, "
                 "rename-restart, preserve)",
                 key, s);
        return -1;
    }
    return 0;
}

static int check_kind(XLU_Config *cfg)
{
    const char *type;
    libxl_domain_type t = LIBXL_DOMAIN_TYPE_PV;

    if (!xlu_cfg_get_string(cfg, "type", &type, 0) &&
        (libxl_domain_type_from_string(type, &t) ||
         t == LIBXL_DOMAIN_TYPE_INVALID)) {
        complain("type: '%s' is not a type of domain", type);
        return -1;
    }
    if (!xlu_cfg_get_string(cfg, "builder", &type, 0) && !strcmp(type, "hvm"))
        t = LIBXL_DOMAIN_TYPE_HVM;
    if (t == LIBXL_DOMAIN_TYPE_PV)
        return 0;
    complain("type: %s domains are not supported by xen-lite, only pv",
             libxl_domain_type_to_string(t));
    return -1;
}

static int check_not_here(XLU_Config *cfg)
{
    const char *s;
    int n;

    for (size_t i = 0; i < ARRAY_SIZE(not_here); i++) {
        bool string = !xlu_cfg_get_string(cfg, not_here[i], &s, 1) && *s;
        bool list = !xlu_cfg_get_list(cfg, not_here[i], NULL, &n, 1) && n;

        if (!string && !list)
            continue;
        complain("%s= is not supported by xen-lite", not_here[i]);
        return -1;
    }
    for (size_t i = 0; i < ARRAY_SIZE(meaningless); i++)
        xlu_cfg_get_string(cfg, meaningless[i], &s, 1);
    return 0;
}

/* --- create_info --- */

static int parse_identity(XLU_Config *cfg, libxl_domain_create_info *c)
{
    const char *s;

    c->type = LIBXL_DOMAIN_TYPE_PV;
    if (get_string(cfg, "name", &c->name))
        return -1;
    if (!c->name) {
        complain("name= is missing");
        return -1;
    }
    if (xlu_cfg_get_string(cfg, "uuid", &s, 0))
        libxl_uuid_generate(&c->uuid);
    else if (libxl_uuid_from_string(&c->uuid, s)) {
        complain("uuid: '%s' is not a UUID", s);
        return -1;
    }
    if (!xlu_cfg_get_string(cfg, "pool", &s, 0) &&
        libxl_cpupool_qualifier_to_cpupoolid(ctx, s, &c->poolid, NULL)) {
        complain("pool: there is no CPU pool '%s'", s);
        return -1;
    }
    libxl_defbool_set(&c->run_hotplug_scripts, xl_conf.run_hotplug_scripts);
    return 0;
}

/* --- build_info --- */

static int parse_memory(XLU_Config *cfg, libxl_domain_build_info *b)
{
    long memory = 0, maxmem = 0;

    if (get_number(cfg, "memory", 1, LONG_MAX >> 10, &memory) ||
        get_number(cfg, "maxmem", 1, LONG_MAX >> 10, &maxmem))
        return -1;
    if (memory) {
        b->max_memkb = memory * 1024;
        b->target_memkb = b->max_memkb;
    }
    if (maxmem)
        b->max_memkb = maxmem * 1024;
    return 0;
}

static int parse_vcpus(XLU_Config *cfg, libxl_domain_build_info *b)
{
    long vcpus = 1, max = 0;

    if (get_number(cfg, "vcpus", 1, XEN_LITE_MAX_VCPUS, &vcpus))
        return -1;
    max = vcpus;
    if (get_number(cfg, "maxvcpus", 1, XEN_LITE_MAX_VCPUS, &max))
        return -1;
    if (max < vcpus) {
        complain("vcpus: %ld is more than maxvcpus, %ld", vcpus, max);
        return -1;
    }
    b->max_vcpus = max;
    if (libxl_bitmap_alloc(ctx, &b->avail_vcpus, max))
        return -1;
    for (long i = 0; i < vcpus; i++)
        libxl_bitmap_set(&b->avail_vcpus, i);
    return 0;
}

/* One set for all vcpus, or a list with one for each. */
static int parse_affinity(XLU_Config *cfg, const char *key, int vcpus, int *num,
                          libxl_bitmap **maps)
{
    XLU_ConfigList *list = NULL;
    const char *all = NULL, *spec;
    int n = 0, e, cpus;

    e = xlu_cfg_get_list(cfg, key, &list, &n, 1);
    if (e == EINVAL)
        e = xlu_cfg_get_string(cfg, key, &all, 0);
    if (e)
        return e == ESRCH ? 0 : -1;
    if (all)
        n = vcpus;
    cpus = libxl_get_max_cpus(ctx);
    if (cpus <= 0)
        return -1;
    if (n > vcpus) {
        complain("%s: %d sets for %d vcpus", key, n, vcpus);
        return -1;
    }
    *maps = calloc(n, sizeof(**maps));
    if (!*maps)
        return -1;
    for (*num = 0; *num < n; (*num)++) {
        spec = all ? all : xlu_cfg_get_listitem(list, *num);
        libxl_bitmap_init(&(*maps)[*num]);
        if (!spec || parse_cpus(source, key, spec, cpus, &(*maps)[*num])) {
            ++*num; /* what exists of it is disposed of with the rest */
            return -1;
        }
    }
    return 0;
}

static int parse_kernel(XLU_Config *cfg, libxl_domain_build_info *b)
{
    char *root = NULL, *extra = NULL, *firmware = NULL;
    int r = -1;

    if (get_string(cfg, "kernel", &b->kernel) ||
        get_string(cfg, "ramdisk", &b->ramdisk) ||
        get_string(cfg, "cmdline", &b->cmdline) ||
        get_string(cfg, "root", &root) || get_string(cfg, "extra", &extra) ||
        get_string(cfg, "firmware", &firmware))
        goto out;
    if (b->cmdline && (root || extra))
        complain("warning: root= and extra= are ignored, because "
                 "cmdline= is set");
    else if (!b->cmdline && (root || extra) &&
             asprintf(&b->cmdline, "%s%s%s%s", root ? "root=" : "",
                      root ? root : "", root && extra ? " " : "",
                      extra ? extra : "") < 0)
        goto out;
    if (firmware && !b->kernel) {
        if (strcmp(firmware, "pvgrub64")) {
            complain("firmware: '%s' is not supported, only pvgrub64",
                     firmware);
            goto out;
        }
        b->kernel = strdup(PVGRUB64);
    }
    if (!b->kernel) {
        complain("kernel= is missing");
        goto out;
    }
    r = 0;
out:
    free(root);
    free(extra);
    free(firmware);
    return r;
}

static int parse_tsc_mode(XLU_Config *cfg, libxl_domain_build_info *b)
{
    const char *s;

    if (xlu_cfg_get_string(cfg, "tsc_mode", &s, 1))
        return 0;
    if (strlen(s) == 1 && *s >= '0' && *s <= '3') {
        b->tsc_mode = *s - '0';
        return 0;
    }
    if (!libxl_tsc_mode_from_string(s, &b->tsc_mode))
        return 0;
    complain("tsc_mode: '%s' is not a mode", s);
    return -1;
}

static int parse_wall_clock(XLU_Config *cfg, libxl_domain_build_info *b)
{
    long offset = 0;

    xlu_cfg_get_defbool(cfg, "localtime", &b->localtime, 0);
    if (get_number(cfg, "rtc_timeoffset", INT32_MIN, INT32_MAX, &offset))
        return -1;
    b->rtc_timeoffset = offset; /* libxl's type is unsigned: two's complement */
    return 0;
}

static int parse_limits(XLU_Config *cfg, libxl_domain_build_info *b)
{
    long grants = xl_conf.max_grant_frames;
    long maptrack = xl_conf.max_maptrack_frames;
    long version = xl_conf.max_grant_version;
    long channels = 0, weight = -1, cap = -1;

    if (get_number(cfg, "max_grant_frames", 0, INT_MAX, &grants) ||
        get_number(cfg, "max_maptrack_frames", 0, INT_MAX, &maptrack) ||
        get_number(cfg, "max_grant_version", 1, 2, &version) ||
        get_number(cfg, "max_event_channels", 1, INT_MAX, &channels) ||
        get_number(cfg, "cpu_weight", 1, 65535, &weight) ||
        get_number(cfg, "cap", 0, 65535, &cap))
        return -1;
    if (grants >= 0)
        b->max_grant_frames = grants;
    if (maptrack >= 0)
        b->max_maptrack_frames = maptrack;
    b->max_grant_version = version;
    b->event_channels = channels;
    b->sched_params.weight = weight;
    b->sched_params.cap = cap;
    b->claim_mode = xl_conf.claim_mode;
    libxl_defbool_setdefault(&b->claim_mode, true);
    return 0;
}

static int parse_build(XLU_Config *cfg, libxl_domain_build_info *b)
{
    libxl_domain_build_info_init_type(b, LIBXL_DOMAIN_TYPE_PV);
    if (parse_memory(cfg, b) || parse_vcpus(cfg, b) || parse_kernel(cfg, b) ||
        parse_tsc_mode(cfg, b) || parse_wall_clock(cfg, b) ||
        parse_limits(cfg, b))
        return -1;
    xlu_cfg_get_defbool(cfg, "msr_relaxed", &b->arch_x86.msr_relaxed, 0);
    if (parse_affinity(cfg, "cpus", b->max_vcpus, &b->num_vcpu_hard_affinity,
                       &b->vcpu_hard_affinity) ||
        parse_affinity(cfg, "cpus_soft", b->max_vcpus,
                       &b->num_vcpu_soft_affinity, &b->vcpu_soft_affinity))
        return -1;
    return 0;
}

/* --- devices --- */

/* A list of specifications under 'key'; 0 of them when it is not set. */
static int get_specs(XLU_Config *cfg, const char *key, XLU_ConfigList **list,
                     int *n)
{
    int e = xlu_cfg_get_list(cfg, key, list, n, 0);

    if (e == ESRCH)
        *n = 0;
    return e && e != ESRCH ? -1 : 0;
}

static int parse_disks(XLU_Config *cfg, libxl_domain_config *config)
{
    XLU_ConfigList *list;
    const char *spec;
    int n;

    if (get_specs(cfg, "disk", &list, &n))
        return -1;
    config->disks = calloc(n, sizeof(*config->disks));
    for (int i = 0; i < n; i++) {
        libxl_device_disk_init(&config->disks[i]);
        config->num_disks = i + 1;
        spec = xlu_cfg_get_listitem(list, i);
        if (!spec) {
            complain("disk: element %d is not a string", i + 1);
            return -1;
        }
        if (xlu_disk_parse(cfg, 1, &spec, &config->disks[i]))
            return -1;
    }
    return 0;
}

static int parse_vifs(XLU_Config *cfg, libxl_domain_config *config)
{
    XLU_ConfigList *list;
    const char *spec;
    int n;

    if (get_specs(cfg, "vif", &list, &n))
        return -1;
    config->nics = calloc(n, sizeof(*config->nics));
    for (int i = 0; i < n; i++) {
        libxl_device_nic_init(&config->nics[i]);
        config->nics[i].devid = i;
        config->num_nics = i + 1;
        spec = xlu_cfg_get_listitem(list, i);
        if (!spec) {
            complain("vif: element %d is not a string", i + 1);
            return -1;
        }
        if (parse_vif(cfg, source, spec, &config->nics[i]))
            return -1;
    }
    return 0;
}

static int parse_actions(XLU_Config *cfg, libxl_domain_config *c)
{
    c->on_poweroff = LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
    c->on_reboot = LIBXL_ACTION_ON_SHUTDOWN_RESTART;
    c->on_watchdog = LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
    c->on_crash = LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
    c->on_soft_reset = LIBXL_ACTION_ON_SHUTDOWN_SOFT_RESET;
    return get_action(cfg, "on_poweroff", &c->on_poweroff) ||
                   get_action(cfg, "on_reboot", &c->on_reboot) ||
                   get_action(cfg, "on_watchdog", &c->on_watchdog) ||
                   get_action(cfg, "on_crash", &c->on_crash) ||
                   get_action(cfg, "on_soft_reset", &c->on_soft_reset)
               ? -1
               : 0;
}

int parse_config(const char *name, const char *text, int len,
                 libxl_domain_config *config)
{
    XLU_Config *cfg = xlu_cfg_init(stderr, name);
    int r = -1;

    source = name;
    if (!cfg || xlu_cfg_readdata(cfg, text, len))
        goto out;
    if (check_kind(cfg) || check_not_here(cfg) ||
        parse_identity(cfg, &config->c_info) ||
        parse_build(cfg, &config->b_info) || parse_disks(cfg, config) ||
        parse_vifs(cfg, config) || parse_actions(cfg, config))
        goto out;
    xlu_cfg_report_unused(cfg);
    r = 0;
out:
    xlu_cfg_destroy(cfg);
    return r;
}
