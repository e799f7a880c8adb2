/* SPDX-License-Identifier: MIT */
/* xl create: when dom0 gives memory away for a guest, how much, how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../tools/xl/xl.h"

libxl_ctx *ctx;
struct xl_conf xl_conf;

/* --- a host, KiB; dom0 returns so much, the hypervisor takes of it --- */

static libxl_version_info version;
static uint64_t host_free, guest_needs;
static int64_t dom0_has, dom0_target, dom0_gives, taken;
static int targets;

const libxl_version_info *libxl_get_version_info(libxl_ctx *c)
{
    return &version;
}

int libxl_domain_need_memory(libxl_ctx *c, libxl_domain_config *config,
                             uint32_t domid, uint64_t *need)
{
    *need = guest_needs;
    return 0;
}

int libxl_get_free_memory(libxl_ctx *c, uint64_t *free)
{
    *free = host_free;
    return 0;
}

int libxl_set_memory_target(libxl_ctx *c, uint32_t domid, int64_t kb,
                            int relative, int enforce)
{
    assert_int_equal(domid, 0);
    assert_false(relative);
    assert_true(kb > 0); /* which is an error of its own */
    targets++;
    dom0_target = kb;
    return 0;
}

int libxl_get_memory_target(libxl_ctx *c, uint32_t domid, uint64_t *kb)
{
    *kb = dom0_target;
    return 0;
}

int libxl_domain_info(libxl_ctx *c, libxl_dominfo *info, uint32_t domid)
{
    info->current_memkb = dom0_has;
    return 0;
}

int libxl_wait_for_memory_target(libxl_ctx *c, uint32_t domid, int seconds)
{
    int64_t given = dom0_has - dom0_target;

    if (given > dom0_gives)
        given = dom0_gives;
    dom0_has -= given;
    dom0_gives -= given;
    host_free += given - taken;
    taken = 0;
    return dom0_has <= dom0_target ? 0 : ERROR_FAIL;
}

/* --- the tests --- */

static void make_room_on(const char *command_line, int autoballoon,
                         int64_t gives)
{
    libxl_domain_config config;

    version.commandline = (char *)command_line;
    xl_conf.autoballoon = autoballoon;
    host_free = 100;
    guest_needs = 260;
    targets = 0;
    dom0_gives = gives;
    libxl_domain_config_init(&config);
    make_room(&config);
    libxl_domain_config_dispose(&config);
}

static int new_host(void **state)
{
    dom0_has = dom0_target = 5000;
    taken = 0;
    return 0;
}

static void dom0_gives_what_is_missing(void **state)
{
    make_room_on("console=com1", -1, 1000);
    assert_int_equal(dom0_target, 5000 - 160);
    assert_int_equal(host_free, 260);
}

static void dom0_is_asked_again_for_the_rest(void **state)
{
    taken = 60;
    make_room_on("", -1, 1000);
    assert_int_equal(host_free, 260);
    assert_int_equal(targets, 2);
}

static void a_dom0_that_cannot_follow_gets_its_target_back(void **state)
{
    make_room_on("", -1, 0);
    make_room_on("", -1, 50);
    assert_int_equal(dom0_target, 5000);
    assert_int_equal(targets, 2);
}

static void a_dom0_that_is_too_small_is_not_asked(void **state)
{
    dom0_has = dom0_target = 100;
    make_room_on("", -1, 1000);
    assert_int_equal(targets, 0);
}

static void a_dom0_that_shrinks_already_is_waited_for(void **state)
{
    dom0_target = 5000 - 200;
    make_room_on("", -1, 1000);
    assert_int_equal(targets, 0);
    assert_int_equal(host_free, 300);
}

static void a_dom0_with_fixed_memory_is_not_asked(void **state)
{
    make_room_on("console=com1 dom0_mem=1G,max:1G", -1, 1000);
    assert_int_equal(targets, 0);
    make_room_on("", 0, 1000);
    assert_int_equal(targets, 0);
    make_room_on("dom0_mem=1G", 1, 1000);
    assert_int_equal(targets, 1);
}

#define TEST(f) cmocka_unit_test_setup(f, new_host)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(dom0_gives_what_is_missing),
        TEST(dom0_is_asked_again_for_the_rest),
        TEST(a_dom0_that_cannot_follow_gets_its_target_back),
        TEST(a_dom0_that_is_too_small_is_not_asked),
        TEST(a_dom0_that_shrinks_already_is_waited_for),
        TEST(a_dom0_with_fixed_memory_is_not_asked)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
