/* SPDX-License-Identifier: MIT */
/*
 * Who makes a guest's interface, with a kernel that is played: who keeps it
 * does for a new device alone, and not when the hotplug script renames it at
 * that instant; a process does later, and knows whether there was one.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../backends/net/tap.h"

static char there[IFNAMSIZ]; /* the one that there is; "": none */
static unsigned int the_index, made;
static bool renamed_now; /* when it has just been found */

unsigned int __wrap_if_nametoindex(const char *name);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

unsigned int __wrap_if_nametoindex(const char *name)
{
    unsigned int index = *there && !strcmp(name, there) ? the_index : 0;

    if (index && renamed_now)
        strcpy(there, "lan");
    renamed_now = false;
    return index;
}

int __wrap_open(const char *path, int flags, ...)
{
    assert_string_equal(path, "/dev/net/tun");
    return eventfd(0, EFD_CLOEXEC);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list ap;
    const struct ifreq *r;

    va_start(ap, request);
    r = va_arg(ap, const struct ifreq *);
    va_end(ap);
    if (request == TUNSETIFF && strcmp(r->ifr_name, there)) {
        strcpy(there, r->ifr_name);
        the_index++;
        made++;
    }
    return 0;
}

static int each_begins(void **state)
{
    the_index = 7;
    made = 0;
    renamed_now = false;
    strcpy(there, "vif3.0");
    return 0;
}

static void keeps(const char *renamed)
{
    int fd = tap_keep(3, 0, renamed, false);

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(made, 0);
}

static void interface_is_kept_by_either_name(void **state)
{
    keeps(NULL);
    keeps("lan");
    strcpy(there, "lan");
    keeps("lan");
}

static void who_keeps_one_in_use_makes_none(void **state)
{
    strcpy(there, "lan"); /* which the store does not say yet */
    assert_int_equal(tap_keep(3, 0, NULL, false), -ENODEV);
    assert_int_equal(made, 0);
    there[0] = 0;
    assert_int_equal(tap_keep(3, 0, "lan", false), -ENODEV);
    assert_int_equal(made, 0);
}

static void that_of_a_new_device_is_made(void **state)
{
    int fd;

    there[0] = 0;
    fd = tap_keep(3, 0, NULL, true);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(made, 1);
    assert_string_equal(there, "vif3.0");
}

/* One that is made in its place is not kept, either. */
static void interface_renamed_at_that_instant_is_kept_later(void **state)
{
    renamed_now = true;
    assert_int_equal(tap_keep(3, 0, NULL, false), -ENODEV);
}

static void process_knows_whether_there_was_one(void **state)
{
    struct tap t;

    assert_int_equal(tap_open(&t, 3, 0, 2, NULL, true), 0);
    assert_false(t.made);
    tap_close(&t);
    there[0] = 0;
    assert_int_equal(tap_open(&t, 3, 0, 2, "lan", true), 0);
    assert_true(t.made);
    assert_string_equal(t.name, "vif3.0");
    tap_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(interface_is_kept_by_either_name, each_begins),
        cmocka_unit_test_setup(who_keeps_one_in_use_makes_none, each_begins),
        cmocka_unit_test_setup(that_of_a_new_device_is_made, each_begins),
        cmocka_unit_test_setup(interface_renamed_at_that_instant_is_kept_later,
                               each_begins),
        cmocka_unit_test_setup(process_knows_whether_there_was_one,
                               each_begins),
    };

    return cmocka_run_group_tests_name("net_tap", tests, NULL, NULL);
}
