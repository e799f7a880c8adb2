/* SPDX-License-Identifier: MIT */
/*
 * What qemu-nbd is told of a medium that is more than a file or a device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <base/macros.h>
#include <daemon/log.h>

#include "../../backends/block/target.h"

static void expect_arguments(const struct target *t, const char *expected)
{
    const char *argv[4];
    char text[512], said[640] = "";

    if (target_arguments(t, text, sizeof(text), argv)) {
        snprintf(said, sizeof(said), "%s", log_take_reason(0));
    } else {
        for (unsigned int i = 0; argv[i]; i++)
            snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s%s",
                     i ? " " : "", argv[i]);
    }
    assert_string_equal(said, expected);
}

static void nbd_is(const char *name, const char *options)
{
    char all[640];

    snprintf(all, sizeof(all),
             "--image-opts driver=raw,file.driver=nbd,%s"
             ",file.reconnect-delay=4294967295",
             options);
    expect_arguments(&(struct target){.name = name}, all);
}

static void nbd_is_not(const char *name)
{
    char all[640];

    snprintf(all, sizeof(all),
             "%s: not nbd:HOST:PORT, nbd:unix:PATH or a URI of NBD", name);
    expect_arguments(&(struct target){.name = name}, all);
}

static void an_image_is_named_by_its_path_and_its_format(void **state)
{
    struct target t = {.name = "/a,b:c", .format = "qcow2"};

    expect_arguments(&t, "--image-opts driver=qcow2,file.driver=file,"
                         "file.filename=/a,,b:c,file.locking=off");
    t = (struct target){"/dev/x", "vhd", true};
    expect_arguments(&t, "--image-opts driver=vpc,file.driver=host_device,"
                         "file.filename=/dev/x,file.locking=off");
    t = (struct target){.name = "/x", .format = "empty"};
    expect_arguments(&t, "format empty is nothing that qemu-nbd serves");
    t = (struct target){.name = "rbd:pool/x"};
    expect_arguments(&t, "-f raw rbd:pool/x");
}

static void an_nbd_server_is_named_in_all_ways_that_qemu_knows(void **state)
{
#define INET(h, p, e)                                                          \
    "file.server.type=inet,file.server.host=" h ",file.server.port=" p         \
    ",file.export=" e
#define UNIX(p, e) "file.server.type=unix,file.server.path=" p ",file.export=" e
    nbd_is("nbd:host:77", INET("host", "77", ""));
    nbd_is("nbd:[::1]:77:exportname=a:b", INET("::1", "77", "a:b"));
    nbd_is("nbd:unix:/run/s", UNIX("/run/s", ""));
    nbd_is("nbd:unix:/run/s,1:exportname=x", UNIX("/run/s,,1", "x"));
    nbd_is("nbd://host", INET("host", "10809", ""));
    nbd_is("nbd://host:77/a/b", INET("host", "77", "a/b"));
    nbd_is("nbd+tcp://[fe80::1]/x", INET("fe80::1", "10809", "x"));
    nbd_is("nbd+unix:///x?socket=/run/s", UNIX("/run/s", "x"));
    nbd_is("nbd+unix://?socket=/run/s", UNIX("/run/s", ""));
    nbd_is_not("nbd:");
    nbd_is_not("nbd:unix:");
    nbd_is_not("nbd://");
    nbd_is_not("nbd://[::1");
    nbd_is_not("nbd://host/x?tls=1");
    nbd_is_not("nbd+unix:///x");
    nbd_is_not("nbd+unix:///x?socket=/run/s&a=b");
    nbd_is_not("nbd://a%20b/x");
}

/* Else an export would have two names, and one guest's disk another's. */
static void a_port_is_a_number(void **state)
{
    static const char *const none[] = {
        "nbd:h:nbd", "nbd://h:nbd/x",  "nbd:[::1]:0x2a",  "nbd:h:+7",
        "nbd:h: 7",  "nbd:h:0",        "nbd:h:76345",     "nbd:h:7,8",
        "nbd:h:7:8", "nbd+tcp://h:-1", "nbd:h:4294978105"};
    char said[200];

    for (unsigned int i = 0; i < ARRAY_SIZE(none); i++) {
        snprintf(said, sizeof(said),
                 "%s: the port must be a number from 1 to 65535", none[i]);
        expect_arguments(&(struct target){.name = none[i]}, said);
    }
    nbd_is("nbd:h:65535", INET("h", "65535", ""));
    nbd_is("nbd:h:00010809", INET("h", "00010809", ""));
}

static bool keeps(const char *name, const char *format)
{
    return target_has_cache(&(struct target){.name = name, .format = format});
}

static void what_has_a_scheme_is_no_path(void **state)
{
    assert_true(target_is_uri("nbd:host:1"));
    assert_true(target_is_uri("nbd+unix:///x"));
    assert_false(target_is_uri("/a:b"));
    assert_false(target_is_uri("mapper/a:b"));
    assert_false(target_is_uri(":x"));
    assert_false(target_is_uri(""));
    assert_true(keeps("/x", "qcow2"));
    assert_true(keeps("nbd:host:1", "qcow2"));
    assert_true(keeps("rbd:pool/x", NULL));
    assert_true(keeps("gluster://host/x", "raw"));
    assert_false(keeps("nbd:host:1", NULL));
    assert_false(keeps("nbd+unix:///x", "raw"));
    assert_false(keeps("/x", "raw"));
    assert_true(target_is_at_socket("nbd:unix:/run/s"));
    assert_true(target_is_at_socket("nbd+unix:///x?socket=/run/s"));
    assert_true(target_is_at_socket("gluster+unix:///x?socket=/run/s"));
    assert_false(target_is_at_socket("nbd:host:1"));
    assert_false(target_is_at_socket("nbd://host/a+unix:"));
    assert_false(target_is_at_socket("/x+unix:/y"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_named_by_its_path_and_its_format),
        cmocka_unit_test(an_nbd_server_is_named_in_all_ways_that_qemu_knows),
        cmocka_unit_test(a_port_is_a_number),
        cmocka_unit_test(what_has_a_scheme_is_no_path),
    };

    return cmocka_run_group_tests_name("block_target", tests, NULL, NULL);
}
