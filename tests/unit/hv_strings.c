/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own string functions and formatted output, under other
 * names, against the C library's.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define vsnprintf hv_vsnprintf
#define snprintf  hv_snprintf
#define memcpy    hv_memcpy
#define memmove   hv_memmove
#define memset    hv_memset
#define memcmp    hv_memcmp
#define memchr    hv_memchr
#define strlen    hv_strlen
#define strnlen   hv_strnlen
#define strlcpy   hv_strlcpy
#define strcmp    hv_strcmp
#define strncmp   hv_strncmp
#define strchr    hv_strchr
#define strstr    hv_strstr
#include "../../xen-lite/common/lib/string.c"
#include "../../xen-lite/common/lib/vsprintf.c"
#undef vsnprintf
#undef snprintf
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strstr
#include <cmocka.h>

static uint32_t rnd(uint32_t n)
{
    return (uint32_t)random() % n;
}

/* Same text and result for whole and cut buffers. */
static void __attribute__((format(printf, 1, 2))) same(const char *fmt, ...)
{
    char want[256], got[256];

    for (size_t size = 0; size < sizeof(want); size += 1 + size / 3) {
        va_list ap, again;
        int a, b;

        va_start(ap, fmt);
        va_copy(again, ap);
        a = vsnprintf(want, size, fmt, ap);
        b = hv_vsnprintf(got, size, fmt, again);
        va_end(again);
        va_end(ap);
        assert_int_equal(a, b);
        if (size)
            assert_string_equal(want, got);
    }
}

static void conversions_print_as_in_libc(void **state)
{
    static const long values[] = {
        0,         1,         -1,         7,
        42,        -12345,    2147483647, -2147483648L,
        INT64_MAX, INT64_MIN, 0xdeadbeef};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        long v = values[i];

        same("%d|%5d|%-8d|%08d|%+d|% d", (int)v, (int)v, (int)v, (int)v, (int)v,
             (int)v);
        same("%ld|%20ld|%-24ld|%024ld|%.3ld", v, v, v, v, v);
        same("%x|%#x|%X|%08x|%-10x|%#018lx", (int)v, (int)v, (int)v, (int)v,
             (int)v, v);
        same("%u|%lu|%o|%#lo|%zu", (int)v, v, (int)v, v, (size_t)v);
        same("%hd|%hu|%hhd|%hhu|%hhx", (short)v, (unsigned short)v,
             (signed char)v, (unsigned char)v, (unsigned char)v);
        same("%*d|%-*d|%.*d|%8.3d", 7, (int)v, 9, (int)v, 4, (int)v, (int)v);
    }
    same("%s|%10s|%-10s|%.2s|%10.3s|%c|%3c|%-3c|%%", "abc", "abc", "abc", "abc",
         "abcdef", 'x', 'y', 'z');
}

static void unknown_conversions_are_shown(void **state)
{
    const char *volatile nothing = NULL;
    char got[32];

    hv_snprintf(got, sizeof(got), "%s", nothing);
    assert_string_equal(got, "(null)");
}

static void memory_functions_work_as_in_libc(void **state)
{
    unsigned char a[256], b[256];

    for (int round = 0; round < 5000; round++) {
        size_t from = rnd(128), to = rnd(128), n = rnd(128);

        for (size_t i = 0; i < sizeof(a); i++)
            a[i] = b[i] = random();
        memmove(a + to, a + from, n);
        assert_ptr_equal(hv_memmove(b + to, b + from, n), b + to);
        assert_memory_equal(a, b, sizeof(a));
        memset(a + from, (int)to, n);
        hv_memset(b + from, (int)to, n);
        assert_memory_equal(a, b, sizeof(a));
        hv_memcpy(b, a, n);
        assert_int_equal(hv_memcmp(a, b, n), 0);
        b[n] = a[n] + 1;
        assert_int_equal(hv_memcmp(a, b, n + 1) > 0, memcmp(a, b, n + 1) > 0);
        assert_ptr_equal(hv_memchr(a, a[from], sizeof(a)),
                         memchr(a, a[from], sizeof(a)));
    }
}

static void numbers_are_read_as_in_libc(void **state)
{
    const char *end;

    assert_int_equal(simple_strtoul("0x1fz", &end, 0), 0x1f);
    assert_string_equal(end, "z");
    assert_int_equal(simple_strtoul("0x", &end, 0), 0);
    assert_string_equal(end, "x");
    assert_int_equal(simple_strtoul("017", NULL, 0), 15);
    assert_int_equal(simple_strtoul("99,", &end, 10), 99);
    assert_string_equal(end, ",");
    assert_int_equal(simple_strtoul("0xff", NULL, 16), 255);
}

static void string_functions_work_as_in_libc(void **state)
{
    char buf[4];

    assert_int_equal(hv_strlcpy(buf, "abcdef", sizeof(buf)), 6);
    assert_string_equal(buf, "abc");
    assert_int_equal(hv_strnlen("abc", 2), 2);
    assert_int_equal(hv_strncmp("abc", "abd", 2), 0);
    assert_true(hv_strcmp("abc", "abd") < 0);
    assert_string_equal(hv_strstr("com1,vga", "vga"), "vga");
    assert_null(hv_strstr("com1", "com2"));
    assert_null(hv_strchr("abc", 'd'));
    assert_string_equal(hv_strchr("abc", 'b'), "bc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversions_print_as_in_libc),
        cmocka_unit_test(unknown_conversions_are_shown),
        cmocka_unit_test(memory_functions_work_as_in_libc),
        cmocka_unit_test(numbers_are_read_as_in_libc),
        cmocka_unit_test(string_functions_work_as_in_libc),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    srandom(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
