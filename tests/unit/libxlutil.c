/* SPDX-License-Identifier: MIT */
/*
 * libxlutil: configuration texts, disk specifications and vif rates, each
 * with what must come out of it, the messages included. The result is printed
 * in the language itself, so that what was understood can be read here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libxlutil.h"
#include "../../tools/libxlutil/include/libxlutil_unused.h"

struct report {
    FILE *f;
    char *text;
    size_t size;
};

static void report_open(struct report *r)
{
    r->f = open_memstream(&r->text, &r->size);
    assert_non_null(r->f);
}

static void report_check(struct report *r, const char *input,
                         const char *expected)
{
    fclose(r->f);
    if (strcmp(r->text, expected))
        fail_msg("%s\nreported: %s\nexpected: %s", input, r->text, expected);
    free(r->text);
}

static void print_value(FILE *out, const XLU_Config *cfg, XLU_ConfigValue *v)
{
    XLU_ConfigList *list;
    char *s;

    if (xlu_cfg_value_type(v) == XLU_STRING) {
        assert_int_equal(xlu_cfg_value_get_string(cfg, v, &s, 0), 0);
        fprintf(out, "<%s>", s);
        return;
    }
    assert_int_equal(xlu_cfg_value_get_list(cfg, v, &list, 0), 0);
    fprintf(out, "[");
    for (int i = 0; (v = xlu_cfg_get_listitem2(list, i)); i++)
        print_value(out, cfg, v);
    fprintf(out, "]");
}

/* The value of 'a', which every text sets. */
static void print_a(FILE *out, const XLU_Config *cfg)
{
    XLU_ConfigList *list;
    XLU_ConfigValue *v;
    const char *s;

    if (!xlu_cfg_get_string(cfg, "a", &s, 1)) {
        fprintf(out, "<%s>", s);
    } else if (!xlu_cfg_get_list(cfg, "a", &list, NULL, 1)) {
        fprintf(out, "[");
        for (int i = 0; (v = xlu_cfg_get_listitem2(list, i)); i++)
            print_value(out, cfg, v);
        fprintf(out, "]");
    }
}

static const struct {
    const char *text, *a, *report;
} configs[] = {
    {"a=1", "<1>", ""},
    {"a = 0x1F\n", "<0x1F>", ""},
    {"\n# comment\n\ta = 'x' # more\n", "<x>", ""},
    {"a='it \"is\"'; b=2", "<it \"is\">", ""},
    {"a=\"\\x41\\102\\t\\\"\\\\\"", "<AB\t\"\\>", ""},
    {"a='\xc3\xa9'", "<\xc3\xa9>", ""},
    {"a=[]", "[]", ""},
    {"a=['x', 2,]", "[<x><2>]", ""},
    {"a = [ 'x',\n  # one more\n  \"y\"\n]\nb=1", "[<x><y>]", ""},
    {"a=[['x',['y']],'z']", "[[<x>[<y>]]<z>]", ""},
    {"a=1\na=2", "<2>", ""},
    {"a='x'\na+='y'", "<xy>", ""},
    {"a=['x']\na+=['y']\na+=['z']", "[<x><y><z>]", ""},
    {"a+='x'", "<x>", ""},
    {"a=1\r\nb=2\r\n", "<1>", ""},
    {"", "", ""},

    {"a=", NULL,
     "f:1: syntax error: a value (\"string\", number or [list]) expected at "
     "the end of the file\n"},
    {"\na=yes\n", NULL,
     "f:2: syntax error: a value (\"string\", number or [list]) expected near "
     "'yes'\n"},
    {"a 1", NULL, "f:1: syntax error: '=' or '+=' expected near '1'\n"},
    {"a='x\nb=1", NULL,
     "f:1: syntax error: a value (\"string\", number or [list]) expected near "
     "''x'\n"},
    {"a='\\q'", NULL,
     "f:1: syntax error: a value (\"string\", number or [list]) expected near "
     "''\\q''\n"},
    {"a='x\\0y'", NULL,
     "f:1: syntax error: a value (\"string\", number or [list]) expected near "
     "''x\\0y''\n"},
    {"a=[1,\n2\n", NULL,
     "f:3: syntax error: ',' or ']' expected at the end of the file\n"},
    {"a=[1 2]", NULL, "f:1: syntax error: ',' or ']' expected near '2]'\n"},
    {"a=1 2", NULL,
     "f:1: syntax error: the end of the line expected near "
     "'2'\n"},
    {"a=1\n]", NULL,
     "f:2: syntax error: the name of a setting expected near ']'\n"},
    {"a=1\na+=[2]", NULL,
     "f:2: cannot add a list to 'a', which is a string (line 1)\n"},
    {"a=[[[[[[[[[[[[[[[[[[[[[", NULL,
     "f:1: syntax error: less deeply nested list expected near '[[[[['\n"},
};

static void a_configuration_is_read_or_refused_with_its_line(void **state)
{
    for (size_t i = 0; i < sizeof(configs) / sizeof(*configs); i++) {
        struct report report, out;
        XLU_Config *cfg;
        int e;

        report_open(&report);
        report_open(&out);
        cfg = xlu_cfg_init(report.f, "f");
        e = xlu_cfg_readdata(cfg, configs[i].text, strlen(configs[i].text));
        if (!e)
            print_a(out.f, cfg);
        if (!!e != !configs[i].a)
            fail_msg("%s: error %d", configs[i].text, e);
        xlu_cfg_destroy(cfg);
        report_check(&report, configs[i].text, configs[i].report);
        report_check(&out, configs[i].text, configs[i].a ? configs[i].a : "");
    }
}

static void values_of_another_type_are_refused_by_name(void **state)
{
    static const char text[] = "n=12\nx='0x10'\nword='w'\nlist=[1]\nneg=-1";
    static const char fine[] = "n=12\nx='0x10'\nword='w'\nlist=[1]\nb=0\nq=1";
    struct report report;
    XLU_Config *cfg;
    libxl_defbool b = {0};
    const char *s;
    char *r = NULL;
    long l = 7;

    report_open(&report);
    cfg = xlu_cfg_init(report.f, "f");
    assert_int_not_equal(xlu_cfg_readdata(cfg, text, sizeof(text) - 1), 0);
    xlu_cfg_destroy(cfg);
    report_check(&report, text,
                 "f:5: syntax error: a value (\"string\", number or [list]) "
                 "expected near '-1'\n");

    report_open(&report);
    cfg = xlu_cfg_init(report.f, "f");
    assert_int_equal(xlu_cfg_readdata(cfg, fine, sizeof(fine) - 1), 0);
    assert_int_equal(xlu_cfg_get_long(cfg, "nothing", &l, 0), 3 /* ESRCH */);
    assert_int_equal(l, 7);
    assert_int_equal(xlu_cfg_get_long(cfg, "n", &l, 0), 0);
    assert_int_equal(l, 12);
    assert_int_equal(xlu_cfg_get_long(cfg, "x", &l, 0), 0);
    assert_int_equal(l, 16);
    assert_int_not_equal(xlu_cfg_get_long(cfg, "word", &l, 0), 0);
    assert_int_not_equal(xlu_cfg_get_bounded_long(cfg, "n", 0, 11, &l, 0), 0);
    assert_int_not_equal(xlu_cfg_get_string(cfg, "list", &s, 0), 0);
    assert_int_not_equal(xlu_cfg_get_list(cfg, "n", NULL, NULL, 0), 0);
    assert_int_equal(xlu_cfg_get_defbool(cfg, "b", &b, 0), 0);
    assert_int_equal(b.val, -1);
    assert_int_equal(xlu_cfg_replace_string(cfg, "word", &r, 0), 0);
    assert_string_equal(r, "w");
    free(r);
    xlu_cfg_report_unused(cfg);
    xlu_cfg_destroy(cfg);
    report_check(&report, fine,
                 "f:3: 'word' = 'w' is not a number\n"
                 "f:1: 'n' = '12' is too large\n"
                 "f:4: 'list' is a list but should be a single value\n"
                 "f:1: 'n' is a single value but should be a list\n"
                 "f:6: warning: unknown key 'q' ignored\n");
}

#define RAW_RW "\"format\":\"raw\",\"readwrite\":1"

static const struct {
    const char *spec, *json; /* json NULL: refused, with the report */
    const char *report;
} disks[] = {
    {"/dev/vg/x,raw,xvda,rw",
     "{\"pdev_path\":\"/dev/vg/x\",\"vdev\":\"xvda\"," RAW_RW "}", ""},
    {"/x,,xvda", "{\"pdev_path\":\"/x\",\"vdev\":\"xvda\"," RAW_RW "}", ""},
    {"/x, raw, xvda1, r",
     "{\"pdev_path\":\"/x\",\"vdev\":\"xvda1\",\"format\":\"raw\"}", ""},
    {"format=raw,vdev=xvda,access=rw,target=/a,b,c",
     "{\"pdev_path\":\"/a,b,c\",\"vdev\":\"xvda\"," RAW_RW "}", ""},
    {"phy:/dev/x,xvda,w",
     "{\"pdev_path\":\"/dev/x\",\"vdev\":\"xvda\"," RAW_RW "}", ""},
    {"file:/a/b.img,xvda1,w",
     "{\"pdev_path\":\"/a/b.img\",\"vdev\":\"xvda1\"," RAW_RW "}", ""},
    {"tap:aio:/x,xvda,w", "{\"pdev_path\":\"/x\",\"vdev\":\"xvda\"," RAW_RW "}",
     ""},
    {"tap2:vhd:/x,xvda,r",
     "{\"pdev_path\":\"/x\",\"vdev\":\"xvda\",\"format\":\"vhd\"}", ""},
    {"drbd:res,xvda,w",
     "{\"pdev_path\":\"res\",\"vdev\":\"xvda\",\"format\":\"raw\","
     "\"script\":\"block-drbd\",\"readwrite\":1}",
     ""},
    {"/x,raw,hda:cdrom,r",
     "{\"pdev_path\":\"/x\",\"vdev\":\"hda\",\"format\":\"raw\","
     "\"removable\":1,\"is_cdrom\":1}",
     ""},
    {",,hdc,,cdrom",
     "{\"pdev_path\":\"\",\"vdev\":\"hdc\",\"format\":\"empty\","
     "\"removable\":1,\"is_cdrom\":1}",
     ""},
    {"/x,raw,xvda,rw,no-discard,backend=dd,script=s",
     "{\"backend_domname\":\"dd\",\"pdev_path\":\"/x\",\"vdev\":\"xvda\","
     "\"format\":\"raw\",\"script\":\"s\",\"readwrite\":1,"
     "\"discard_enable\":\"False\"}",
     ""},
    {"format=qcow2,vdev=xvda,access=rw,target=/a,b",
     "{\"pdev_path\":\"/a,b\",\"vdev\":\"xvda\",\"format\":\"qcow2\","
     "\"readwrite\":1}",
     ""},
    {"vdev=xvda,target=nbd:unix:/run/s:exportname=x",
     "{\"pdev_path\":\"unix:/run/s:exportname=x\",\"vdev\":\"xvda\","
     "\"format\":\"raw\",\"script\":\"block-nbd\",\"readwrite\":1}",
     ""},
    {"vdev=xvda,target=nbd+unix:///x?socket=/run/s",
     "{\"pdev_path\":\"nbd+unix:///x?socket=/run/s\",\"vdev\":\"xvda\","
     "\"format\":\"raw\",\"readwrite\":1}",
     ""},
    {"/x,raw", NULL, "f: disk specification '/x,raw': no vdev given\n"},
    {"vdev=xvda", NULL, "f: disk specification 'vdev=xvda': no target given\n"},
    {"/x,zip,xvda", NULL,
     "f: disk specification '/x,zip,xvda': unknown format 'zip'\n"},
    {"/x,raw,xvda,q", NULL,
     "f: disk specification '/x,raw,xvda,q': unknown access (r, ro, w, rw) "
     "'q'\n"},
    {"/x,raw,xvda,w,y", NULL,
     "f: disk specification '/x,raw,xvda,w,y': too many parameters, at "
     "'y'\n"},
    {"foo=bar,raw,xvda", NULL,
     "f: disk specification 'foo=bar,raw,xvda': unknown key 'foo'\n"},
    {"/x,raw,xvda,vdev=xvdb", NULL,
     "f: disk specification '/x,raw,xvda,vdev=xvdb': given twice, with "
     "different values: 'vdev'\n"},
};

/* Without the white space of the printer, none of which is in the values. */
static char *compact(char *json)
{
    char *to = json;

    for (char *from = json; *from; from++)
        if (*from != ' ' && *from != '\n')
            *to++ = *from;
    *to = 0;
    return json;
}

static void a_disk_specification_is_read_or_refused_with_a_reason(void **state)
{
    for (size_t i = 0; i < sizeof(disks) / sizeof(*disks); i++) {
        struct report report;
        libxl_device_disk disk;
        XLU_Config *cfg;
        char *json;
        int e;

        report_open(&report);
        cfg = xlu_cfg_init(report.f, "f");
        libxl_device_disk_init(&disk);
        e = xlu_disk_parse(cfg, 1, &disks[i].spec, &disk);
        if (!!e != !disks[i].json)
            fail_msg("%s: error %d", disks[i].spec, e);
        if (!e) {
            json = compact(libxl_device_disk_to_json(NULL, &disk));
            assert_string_equal(json, disks[i].json);
            free(json);
        }
        libxl_device_disk_dispose(&disk);
        xlu_cfg_destroy(cfg);
        report_check(&report, disks[i].spec, disks[i].report);
    }
}

static const struct {
    const char *rate;
    int error;
    uint64_t bytes;
    uint32_t us;
} rates[] = {
    {"10Mb/s", 0, 62500, 50000},
    {"1MB/s@20ms", 0, 20000, 20000},
    {"1GB/s@1s", 0, 1000000000, 1000000},
    {"100Kb/s", 0, 625, 50000},
    {"8b/s@1s", 0, 1, 1000000},
    {"1b/s", 22, 0, 0},
    {"10mb/s", 22, 0, 0},
    {"10Mb", 22, 0, 0},
    {"", 22, 0, 0},
    {"10Mb/s@", 22, 0, 0},
    {"10Mb/s@0s", 75, 0, 0},
    {"1MB/s@5000s", 75, 0, 0},
    {"99999999999GB/s", 75, 0, 0},
    {"99999999999999999999b/s", 22, 0, 0},
};

static void a_vif_rate_is_read_or_refused(void **state)
{
    for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
        FILE *null = fopen("/dev/null", "w");
        XLU_Config *cfg = xlu_cfg_init(null, "f");
        libxl_device_nic nic;
        int e;

        libxl_device_nic_init(&nic);
        e = xlu_vif_parse_rate(cfg, rates[i].rate, &nic);
        if (e != rates[i].error)
            fail_msg("%s: error %d", rates[i].rate, e);
        if (!e) {
            assert_int_equal(nic.rate_bytes_per_interval, rates[i].bytes);
            assert_int_equal(nic.rate_interval_usecs, rates[i].us);
        }
        xlu_cfg_destroy(cfg);
        fclose(null);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_is_read_or_refused_with_its_line),
        cmocka_unit_test(values_of_another_type_are_refused_by_name),
        cmocka_unit_test(a_disk_specification_is_read_or_refused_with_a_reason),
        cmocka_unit_test(a_vif_rate_is_read_or_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
