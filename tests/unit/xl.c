/* SPDX-License-Identifier: MIT */
/*
 * xl: the bytes of its listings, its words for memory and processors, and
 * what it makes of a configuration file. Only what needs no hypervisor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tools/xl/xl.h"

libxl_ctx *ctx;
xentoollog_logger_stdiostream *logger;
bool dryrun_only, force_execution;

/* The host that the configurations are for. */
int libxl_get_max_cpus(libxl_ctx *ctx_)
{
    return 4;
}

int libxl_cpupool_qualifier_to_cpupoolid(libxl_ctx *ctx_, const char *p,
                                         uint32_t *poolid_r, int *was_name_r)
{
    *poolid_r = 3;
    return strcmp(p, "blue") ? ERROR_INVAL : 0;
}

/* --- list --- */

static char *text;
static size_t text_len;
static FILE *out;

static void open_out(void)
{
    out = open_memstream(&text, &text_len);
    assert_non_null(out);
}

static void check_out(const char *expected)
{
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void lines_of_xl_list_are_xens(void **state)
{
    libxl_dominfo i;

    libxl_dominfo_init(&i);
    i.domid = 1;
    i.current_memkb = 262144;
    i.outstanding_memkb = 0;
    i.vcpu_online = 2;
    i.blocked = true;
    i.cpu_time = 16640000000;

    open_out();
    print_list_heading(out, false);
    print_list_line(out, &i, "u", false);
    i.domid = 32751;
    i.current_memkb = 1048576;
    i.outstanding_memkb = 1024;
    i.blocked = false;
    i.shutdown = true;
    i.shutdown_reason = LIBXL_SHUTDOWN_REASON_CRASH;
    print_list_line(out, &i, "a-name-of-more-than-forty-characters-as-some-are",
                    false);
    i.shutdown_reason = LIBXL_SHUTDOWN_REASON_POWEROFF;
    i.dying = true;
    print_list_line(out, &i, "(null)", false);
    check_out(
        "Name                                        ID   Mem VCPUs\tState"
        "\tTime(s)\n"
        "u                                            1   256     2     -b----"
        "      16.6\n"
        "a-name-of-more-than-forty-characters-as-some-are 32751  1025     2"
        "     ---sc-      16.6\n"
        "(null)                                   32751  1025     2     ---s-d"
        "      16.6\n");

    open_out();
    print_list_heading(out, true);
    memset(i.uuid.uuid, 0xab, 16);
    print_list_line(out, &i, "x", true);
    check_out(
        "Name                                        ID   Mem VCPUs\tState"
        "\tTime(s)   UUID                            Reason-Code\tSecurity "
        "Label\n"
        "x                                        32751  1025     2     "
        "---s-d      16.6 abababab-abab-abab-abab-abababababab        0"
        "                -\n");
    libxl_dominfo_dispose(&i);
}

static void lines_of_xl_block_list_and_network_list_are_xens(void **state)
{
    static const libxl_mac mac = {0, 0x16, 0x3e, 0, 0, 0xa2};
    libxl_diskinfo disk = {.backend = "/local/domain/0/backend/vbd/7/51712",
                           .frontend_id = 7,
                           .devid = 51712,
                           .state = 4,
                           .evtch = 12,
                           .rref = 8};
    libxl_nicinfo nic = {.backend = "/local/domain/0/backend/vif/7/0",
                         .frontend_id = 7,
                         .state = 4,
                         .evtch = 12,
                         .rref_tx = 8,
                         .rref_rx = 9};

    open_out();
    print_disk_heading(out);
    print_disk_line(out, &disk);
    disk.devid = 5632;
    disk.evtch = disk.rref = -1;
    print_disk_line(out, &disk);
    print_nic_heading(out);
    print_nic_line(out, &nic, mac);
    check_out("Vdev  BE  handle state evt-ch ring-ref BE-path"
              "                       \n"
              "51712 0   7      4     12     8        "
              "/local/domain/0/backend/vbd/7/51712\n"
              "5632  0   7      4     -1     -1       "
              "/local/domain/0/backend/vbd/7/51712\n"
              "Idx BE Mac Addr.         handle state evt-ch   tx-/rx-ring-ref "
              "BE-path                       \n"
              "0   0  00:16:3e:00:00:a2     0     4     12     8/9           "
              "/local/domain/0/backend/vif/7/0\n");
}

/* --- words --- */

static void a_memory_size_is_read_or_refused(void **state)
{
    assert_int_equal(parse_mem_kb("256"), 262144);
    assert_int_equal(parse_mem_kb("256m"), 262144);
    assert_int_equal(parse_mem_kb("1G"), 1048576);
    assert_int_equal(parse_mem_kb("4096b"), 4);
    assert_int_equal(parse_mem_kb("12k"), 12);
    assert_int_equal(parse_mem_kb("1t"), 1 << 30);
    assert_int_equal(parse_mem_kb(""), -1);
    assert_int_equal(parse_mem_kb("x"), -1);
    assert_int_equal(parse_mem_kb("1x"), -1);
    assert_int_equal(parse_mem_kb("1mm"), -1);
    assert_int_equal(parse_mem_kb("-1"), -1);
    assert_int_equal(parse_mem_kb("99999999999999t"), -1);
}

static void a_set_of_cpus_is_read_or_refused(void **state)
{
    static const struct {
        const char *spec, *printed; /* NULL: refused */
    } sets[] = {
        {"all", "all"}, {"0-3", "all"},        {"0", "0"},
        {"1,3", "1,3"}, {"0-1,3", "0-1,3"},    {"all,^2", "0-1,3"},
        {"^2", NULL},   {"4", NULL},           {"2-1", NULL},
        {"", NULL},     {"0,", NULL},          {"a", NULL},
        {"0-", NULL},   {"99999999999", NULL},
    };
    FILE *err = stderr;

    stderr = fopen("/dev/null", "w");
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
        libxl_bitmap map;
        int r;

        libxl_bitmap_init(&map);
        r = parse_cpus("t", "cpus", sets[i].spec, 4, &map);
        if (!!r != !sets[i].printed)
            fail_msg("%s: %d", sets[i].spec, r);
        if (!r) {
            open_out();
            print_cpumap(out, &map, 4);
            check_out(sets[i].printed);
        }
        libxl_bitmap_dispose(&map);
    }
    fclose(stderr);
    stderr = err;
}

/* --- configurations --- */

#define BASE                                                                   \
    "name='g'\nuuid='12345678-1234-1234-1234-123456789abc'\n"                  \
    "kernel='/k'\n"

static const struct {
    const char *text;
    const char *part;    /* of the JSON, without white space; NULL: refused */
    const char *message; /* NULL: none */
} configs[] = {
    {BASE "memory=256\nmaxmem=384",
     "\"max_memkb\":393216,\"target_memkb\":262144", NULL},
    {BASE "vcpus=2\nmaxvcpus=3", "\"max_vcpus\":3,\"avail_vcpus\":[0,1]", NULL},
    {BASE "root='/dev/xvda'\nextra='quiet'",
     "\"cmdline\":\"root=/dev/xvdaquiet\"", NULL},
    {BASE "cmdline='a'", "\"cmdline\":\"a\"", NULL},
    {BASE "cpus='1-2'", "\"vcpu_hard_affinity\":[[1,2]]", NULL},
    {BASE "vcpus=2\ncpus=['0','3']", "\"vcpu_hard_affinity\":[[0],[3]]", NULL},
    {BASE "pool='blue'", "\"poolid\":3", NULL},
    {BASE "on_crash='rename-restart'", "\"on_crash\":\"restart_rename\"", NULL},
    {BASE "on_poweroff='preserve'", "\"on_poweroff\":\"preserve\"", NULL},
    {BASE "localtime=1\nrtc_timeoffset='-3600'",
     "\"rtc_timeoffset\":4294963696,\"localtime\":\"True\"", NULL},
    {BASE "disk=['phy:/dev/x,xvda,w']",
     "\"disks\":[{\"pdev_path\":\"/dev/x\",\"vdev\":\"xvda\"", NULL},
    {BASE "vif=['mac=00:16:3e:00:00:02,bridge=br0,rate=1MB/s','']",
     "\"nics\":[{\"devid\":0,\"mac\":\"00:16:3e:00:00:02\",\"bridge\":\"br0\","
     "\"rate_bytes_per_interval\":50000,\"rate_interval_usecs\":50000},"
     "{\"devid\":1}]",
     NULL},
    {BASE "vif=['mac=0:16:3E:0:0:2','mac=00:16:3e:00:00:2',"
          "'mac=00-16-3e-00-00-03']",
     "\"nics\":[{\"devid\":0,\"mac\":\"00:16:3e:00:00:02\"},"
     "{\"devid\":1,\"mac\":\"00:16:3e:00:00:02\"},"
     "{\"devid\":2,\"mac\":\"00:16:3e:00:00:03\"}]",
     NULL},
    {BASE "boot='c'\nvnc=0\nacpi=1\nbuilder='generic'", "\"name\":\"g\"", NULL},
    {BASE "hostname='x'", "\"name\":\"g\"",
     "f:4: warning: unknown key 'hostname' ignored\n"},

    {"kernel='/k'", NULL, "f: name= is missing\n"},
    {"name='g'", NULL, "f: kernel= is missing\n"},
    {BASE "type='hvm'", NULL,
     "f: type: hvm domains are not supported by xen-lite, only pv\n"},
    {BASE "pci=['0:1.0']", NULL, "f: pci= is not supported by xen-lite\n"},
    {BASE "memory=0", NULL, "f:4: 'memory' = '0' is too small\n"},
    {BASE "vcpus=3\nmaxvcpus=2", NULL,
     "f: vcpus: 3 is more than maxvcpus, 2\n"},
    {BASE "vcpus=20000000\ncpus='0'", NULL,
     "f:4: 'vcpus' = '20000000' is too large\n"},
    {BASE "maxvcpus=513", NULL, "f:4: 'maxvcpus' = '513' is too large\n"},
    {BASE "uuid='x'", NULL, "f: uuid: 'x' is not a UUID\n"},
    {BASE "pool='red'", NULL, "f: pool: there is no CPU pool 'red'\n"},
    {BASE "cpus=['0','1']", NULL, "f: cpus: 2 sets for 1 vcpus\n"},
    {BASE "on_crash='x'", NULL,
     "f: on_crash: 'x' is not an action (destroy, restart, rename-restart, "
     "preserve)\n"},
    {BASE "vif=['mac=1']", NULL,
     "f: vif specification 'mac=1': not a MAC address '1'\n"},
    {BASE "vif=['mac=00:16:3e:00:00:100']", NULL,
     "f: vif specification 'mac=00:16:3e:00:00:100': not a MAC address "
     "'00:16:3e:00:00:100'\n"},
    {BASE "vif=['mac=00:16:3e:00:00:']", NULL,
     "f: vif specification 'mac=00:16:3e:00:00:': not a MAC address "
     "'00:16:3e:00:00:'\n"},
    {BASE "vif=['mac=00:16:3e:00::02']", NULL,
     "f: vif specification 'mac=00:16:3e:00::02': not a MAC address "
     "'00:16:3e:00::02'\n"},
    {BASE "vif=['mac=00:16:3e:00:00:02:03']", NULL,
     "f: vif specification 'mac=00:16:3e:00:00:02:03': not a MAC address "
     "'00:16:3e:00:00:02:03'\n"},
    {BASE "vif=['colour=red']", NULL,
     "f: vif specification 'colour=red': unknown key 'colour'\n"},
    {BASE "disk='x'", NULL,
     "f:4: 'disk' is a single value but should be a list\n"},
    {BASE "disk=[['x']]", NULL, "f: disk: element 1 is not a string\n"},
    {"name=", NULL,
     "f:1: syntax error: a value (\"string\", number or [list]) expected at "
     "the end of the file\n"},
};

static char *compact(char *json)
{
    char *to = json;

    for (char *from = json; *from; from++)
        if (*from != ' ' && *from != '\n')
            *to++ = *from;
    *to = 0;
    return json;
}

static void a_configuration_is_read_or_refused_with_its_line(void **state)
{
    FILE *err = stderr;

    for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
        libxl_domain_config config;
        char *json;
        int r;

        libxl_domain_config_init(&config);
        open_out();
        stderr = out;
        r = parse_config("f", configs[i].text, strlen(configs[i].text),
                         &config);
        stderr = err;
        check_out(configs[i].message ? configs[i].message : "");
        if (!!r != !configs[i].part)
            fail_msg("%s: %d", configs[i].text, r);
        if (!r) {
            json = compact(libxl_domain_config_to_json(NULL, &config));
            if (!strstr(json, configs[i].part))
                fail_msg("%s\nis not in %s", configs[i].part, json);
            free(json);
        }
        libxl_domain_config_dispose(&config);
    }
}

/* --- xl.conf --- */

static const struct {
    const char *text, *message;
} defaults[] = {
    {"vbd.default.driver=\"kernel\"\nvif.default.driver='process'\n", ""},
    {"vif.default.driver=\"linux\"\n",
     "vif.default.driver is kernel or process, not 'linux'\n"},
};

static void a_word_for_xen_backendd_is_checked(void **state)
{
    char file[] = "/tmp/xl-conf-XXXXXX";
    int fd = mkstemp(file);
    FILE *err = stderr;

    for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(
            pwrite(fd, defaults[i].text, strlen(defaults[i].text), 0),
            strlen(defaults[i].text));
        open_out();
        stderr = out;
        assert_int_equal(read_xl_conf(file), *defaults[i].message ? -1 : 0);
        stderr = err;
        check_out(defaults[i].message);
    }
    close(fd);
    unlink(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_xl_list_are_xens),
        cmocka_unit_test(lines_of_xl_block_list_and_network_list_are_xens),
        cmocka_unit_test(a_memory_size_is_read_or_refused),
        cmocka_unit_test(a_set_of_cpus_is_read_or_refused),
        cmocka_unit_test(a_configuration_is_read_or_refused_with_its_line),
        cmocka_unit_test(a_word_for_xen_backendd_is_checked),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
