/* SPDX-License-Identifier: MIT */
/*
 * Which addresses are a guest's, and that no copy goes elsewhere (uaccess.h and
 * usercopy.c, which this file includes).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <asm/processor.h>
#define stac() ((void)0)
#define clac() ((void)0)
#include "../../xen-lite/arch/x86/usercopy.c"

const struct ex_table_entry __ex_table_start[1], __ex_table_end[1];

#define LOW_LAST (GUEST_LOW_END - 1)
#define HV_FIRST 0xffff800000000000UL
#define HV_LAST  (HYPERVISOR_VIRT_END - 1)

static void test_ranges(void **state)
{
    assert_true(guest_range_ok(0, 1));
    assert_true(guest_range_ok(LOW_LAST, 1));
    assert_true(guest_range_ok(0, GUEST_LOW_END));
    assert_true(guest_range_ok(HYPERVISOR_VIRT_END, 8));
    assert_true(guest_range_ok(-8UL, 8));
    assert_false(guest_range_ok(HV_FIRST, 1));
    assert_false(guest_range_ok(HV_LAST, 1));
    assert_false(guest_range_ok(HV_LAST, 2));
    assert_false(guest_range_ok(LOW_LAST, 2));
    /* It begins or ends in the guest's part, but leads through ours. */
    assert_false(guest_range_ok(0x1000, HV_FIRST));
    assert_false(guest_range_ok(0x1000, HYPERVISOR_VIRT_END));
    assert_false(guest_range_ok(HV_FIRST, -HV_FIRST + 0x1000));
    assert_false(guest_range_ok(0x1000, -1UL));
}

static void test_copies(void **state)
{
    static const uint64_t outside[] = {HV_FIRST, HV_LAST, 0xffff830000000000UL};
    char buf[8] = "1234567";

    for (unsigned int i = 0; i < ARRAY_SIZE(outside); i++) {
        assert_int_equal(copy_to_guest_raw(outside[i], buf, 8), 8);
        assert_int_equal(clear_guest_raw(outside[i], 8), 8);
        assert_int_equal(copy_to_guest_raw(outside[i], buf, 0), 0);
    }
    assert_string_equal(buf, "1234567");
    assert_int_equal(copy_from_guest_raw(buf, HV_FIRST, 8), 8);
    for (unsigned int i = 0; i < 8; i++)
        assert_int_equal(buf[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"No range of a guest touches the hypervisor's", test_ranges, NULL,
         NULL, NULL},
        {"No copy, and no zeros, go to the hypervisor's range", test_copies,
         NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
