/* SPDX-License-Identifier: MIT */
/*
 * The numbers of virtual disks: what a guest's frontend calls a disk depends
 * on them, so they are part of the interface.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tools/libxl/device.h"

static const struct {
    const char *name;
    int number;
} vdevs[] = {
    {"xvda", 51712},
    {"xvda1", 51713},
    {"xvdb", 51728},
    {"xvdp15", 51967},
    {"xvda16", 1 << 28 | 16},
    {"xvdq", 1 << 28 | 16 << 8},
    {"xvdz", 1 << 28 | 25 << 8},
    {"xvdaa", 1 << 28 | 26 << 8},
    {"xvdaz255", 1 << 28 | 51 << 8 | 255},
    {"hda", 768},
    {"hda1", 769},
    {"hdb", 832},
    {"hdc", 5632},
    {"hdd63", 5759},
    {"sda", 2048},
    {"sdb3", 2067},
    {"sdp15", 2303},
    {"d0", 51712},
    {"d0p0", 51712},
    {"d1p2", 51730},
    {"d536p37", 1 << 28 | 536 << 8 | 37},
    {"51712", 51712},
    {"0xca00", 51712},

    {"", -1},
    {"xvd", -1},
    {"xvd1", -1},
    {"xvdA", -1},
    {"xvda0", -1},
    {"xvda01", -1},
    {"xvda256", -1},
    {"xvda1x", -1},
    {"xvdaaaaaa", -1},
    {"hde", -1},
    {"hda64", -1},
    {"sdq", -1},
    {"sda16", -1},
    {"d", -1},
    {"d0p", -1},
    {"d0p256", -1},
    {"d1048576", -1},
    {"vda", -1},
    {"51712x", -1},
    {"99999999999", -1},
    {"-1", -1},
};

static void names_of_disks_have_the_numbers_that_frontends_expect(void **state)
{
    for (size_t i = 0; i < sizeof(vdevs) / sizeof(*vdevs); i++) {
        int n = libxl__disk_number(vdevs[i].name);

        if (n != vdevs[i].number)
            fail_msg("%s: %d, not %d", vdevs[i].name, n, vdevs[i].number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(
        names_of_disks_have_the_numbers_that_frontends_expect)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
