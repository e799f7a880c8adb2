/* SPDX-License-Identifier: MIT */
/*
 * Disks, network interfaces and CD drives of domains that run.
 */
#include "xl.h"
#include "commands.h"

/* Whether a user has named a domain that there is; if not, says so. */
static bool domain_is_there(const char *id, uint32_t *domid)
{
    if (!libxl_domain_qualifier_to_domid(ctx, id, domid) &&
        !libxl_domain_info(ctx, NULL, *domid))
        return true;
    fprintf(stderr, "xl: there is no domain '%s'\n", id);
    return false;
}

/* --- lists --- */

static bool list_disks(uint32_t domid)
{
    libxl_diskinfo info;
    int n;
    libxl_device_disk *list = libxl_device_disk_list(ctx, domid, &n);
    bool listed = list;

    for (int i = 0; i < n; i++) {
        if (!libxl_device_disk_getinfo(ctx, domid, &list[i], &info))
            print_disk_line(stdout, &info);
        libxl_diskinfo_dispose(&info);
    }
    libxl_device_disk_list_free(list, n);
    return listed;
}

static bool list_nics(uint32_t domid)
{
    libxl_nicinfo info;
    int n;
    libxl_device_nic *list = libxl_device_nic_list(ctx, domid, &n);
    bool listed = list;

    for (int i = 0; i < n; i++) {
        if (!libxl_device_nic_getinfo(ctx, domid, &list[i], &info))
            print_nic_line(stdout, &info, list[i].mac);
        libxl_nicinfo_dispose(&info);
    }
    libxl_device_nic_list_free(list, n);
    return listed;
}

static int list_devices(int argc, char **argv, void (*heading)(FILE *),
                        bool (*list)(uint32_t))
{
    int status = EXIT_SUCCESS;
    uint32_t domid;

    no_options(argc, argv, 1);
    heading(stdout);
    for (int i = optind; i < argc; i++) {
        if (!domain_is_there(argv[i], &domid) || !list(domid))
            status = EXIT_FAILURE;
    }
    return status;
}

int main_block_list(int argc, char **argv)
{
    return list_devices(argc, argv, print_disk_heading, list_disks);
}

int main_network_list(int argc, char **argv)
{
    return list_devices(argc, argv, print_nic_heading, list_nics);
}

/* --- disks --- */

/* As JSON, for -N. */
static int print_json(const char *what, char *json)
{
    if (!json)
        return EXIT_FAILURE;
    printf("%s: %s\n", what, json);
    free(json);
    return EXIT_SUCCESS;
}

static int parse_disk(const char *const *specs, int n, libxl_device_disk *disk)
{
    XLU_Config *cfg = xlu_cfg_init(stderr, "command line");
    int e = cfg ? xlu_disk_parse(cfg, n, specs, disk) : ENOMEM;

    if (cfg)
        xlu_cfg_destroy(cfg);
    return e;
}

int main_block_attach(int argc, char **argv)
{
    libxl_device_disk disk;
    uint32_t domid;
    int status = EXIT_FAILURE;

    no_options(argc, argv, 2);
    domid = find_domain(argv[optind]);
    libxl_device_disk_init(&disk);
    if (!parse_disk((const char *const *)argv + optind + 1, argc - optind - 1,
                    &disk))
        status =
            dryrun_only
                ? print_json("disk", libxl_device_disk_to_json(ctx, &disk))
                : exit_status(libxl_device_disk_add(ctx, domid, &disk, NULL));
    libxl_device_disk_dispose(&disk);
    return status;
}

int main_block_detach(int argc, char **argv)
{
    static const struct option longopts[] = {{"force", 0, 0, 'f'}, {0}};
    bool force = false;
    libxl_device_disk disk;
    uint32_t domid;
    int opt, rc;

    while ((opt = next_option(argc, argv, "f", longopts, 2)) != -1)
        force |= opt == 'f';
    domid = find_domain(argv[optind]);
    rc = libxl_vdev_to_device_disk(ctx, domid, argv[optind + 1], &disk);
    if (rc == ERROR_NOTFOUND)
        fprintf(stderr, "xl block-detach: domain %s has no disk '%s'\n",
                argv[optind], argv[optind + 1]);
    else if (!rc && force)
        rc = libxl_device_disk_destroy(ctx, domid, &disk, NULL);
    else if (!rc)
        rc = libxl_device_disk_safe_remove(ctx, domid, &disk, NULL);
    libxl_device_disk_dispose(&disk);
    return exit_status(rc);
}

/* --- network interfaces --- */

/* The words as one specification, from malloc. */
static char *join(char **words, int n)
{
    size_t len = 1;
    char *text;

    for (int i = 0; i < n; i++)
        len += strlen(words[i]) + 1;
    text = calloc(1, len);
    for (int i = 0; text && i < n; i++)
        strcat(strcat(text, i ? "," : ""), words[i]);
    return text;
}

int main_network_attach(int argc, char **argv)
{
    libxl_device_nic nic;
    XLU_Config *cfg;
    char *spec;
    uint32_t domid;
    int status = EXIT_FAILURE;

    no_options(argc, argv, 1);
    domid = find_domain(argv[optind]);
    cfg = xlu_cfg_init(stderr, "command line");
    spec = join(argv + optind + 1, argc - optind - 1);
    libxl_device_nic_init(&nic);
    if (cfg && spec && !parse_vif(cfg, "command line", spec, &nic))
        status =
            dryrun_only
                ? print_json("vif", libxl_device_nic_to_json(ctx, &nic))
                : exit_status(libxl_device_nic_add(ctx, domid, &nic, NULL));
    libxl_device_nic_dispose(&nic);
    free(spec);
    if (cfg)
        xlu_cfg_destroy(cfg);
    return status;
}

/* By its address or its number, which is the whole word. */
static int find_nic(uint32_t domid, const char *word, libxl_device_nic *nic)
{
    char *end;
    long devid = strtol(word, &end, 10);

    if (strchr(word, ':'))
        return libxl_mac_to_device_nic(ctx, domid, word, nic);
    if (!*word || *end || devid < 0 || devid > INT32_MAX)
        devid = -1; /* nobody's */
    return libxl_devid_to_device_nic(ctx, domid, devid, nic);
}

int main_network_detach(int argc, char **argv)
{
    libxl_device_nic nic;
    uint32_t domid;
    int rc;

    no_options(argc, argv, 2);
    domid = find_domain(argv[optind]);
    rc = find_nic(domid, argv[optind + 1], &nic);
    if (rc == ERROR_NOTFOUND || rc == ERROR_INVAL)
        fprintf(stderr, "xl network-detach: domain %s has no interface '%s'\n",
                argv[optind], argv[optind + 1]);
    else if (!rc)
        rc = libxl_device_nic_remove(ctx, domid, &nic, NULL);
    libxl_device_nic_dispose(&nic);
    return exit_status(rc);
}

/* --- CD drives --- */

static int change_medium(uint32_t domid, const char *vdev, const char *target)
{
    libxl_device_disk disk;
    int status = EXIT_FAILURE;
    char *spec;

    if (asprintf(&spec, "vdev=%s,access=r,devtype=cdrom,target=%s", vdev,
                 target) < 0)
        return EXIT_FAILURE;
    libxl_device_disk_init(&disk);
    if (!parse_disk((const char *const *)&spec, 1, &disk))
        status = dryrun_only
                     ? print_json("disk", libxl_device_disk_to_json(ctx, &disk))
                     : exit_status(libxl_cdrom_insert(ctx, domid, &disk, NULL));
    libxl_device_disk_dispose(&disk);
    free(spec);
    return status;
}

int main_cd_insert(int argc, char **argv)
{
    no_options(argc, argv, 3);
    return change_medium(find_domain(argv[optind]), argv[optind + 1],
                         argv[optind + 2]);
}

int main_cd_eject(int argc, char **argv)
{
    no_options(argc, argv, 2);
    return change_medium(find_domain(argv[optind]), argv[optind + 1], "");
}
