/* SPDX-License-Identifier: MIT */
/*
 * The parts of frontends/demo-net that read what others have written: its
 * command line, requests, its disk's blocks; and its numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../frontends/demo-net/address.h"
#include "../../frontends/demo-net/disk.h"
#include "../../frontends/demo-net/random.h"
#include "../../frontends/demo-net/request.h"
#include "../../frontends/demo-net/segment.h"

/* --- addresses ------------------------------------------------------------ */

/* In memory of the line's own size, so that a look beyond it is seen. */
static bool parse(const char *line, struct address *a)
{
    size_t n = strlen(line);
    char *copy = malloc(n + 1);
    bool good;

    assert_non_null(copy);
    memcpy(copy, line, n);
    good = address_parse(copy, n, a);
    free(copy);
    return good;
}

static void gives(const char *line, uint32_t ip, uint32_t gateway,
                  uint32_t mask)
{
    struct address a;

    print_message("# %s\n", line);
    assert_true(parse(line, &a));
    assert_false(a.dhcp);
    assert_int_equal(a.ip, ip);
    assert_int_equal(a.gateway, gateway);
    assert_int_equal(a.mask, mask);
}

static void a_command_line_gives_an_address(void **state)
{
    gives("ip=10.0.0.5", 0x0a000005, 0, 0xffffff00);
    gives("ip=10.0.0.5::10.0.0.1:255.255.0.0", 0x0a000005, 0x0a000001,
          0xffff0000);
    gives("quiet ip=10.0.0.5:::255.0.0.0 x", 0x0a000005, 0, 0xff000000);
    gives("ip=10.0.0.5:1.2.3.4:10.0.0.1", 0x0a000005, 0x0a000001, 0xffffff00);
    gives("ip=10.0.0.5::10.0.0.1:255.255.255.0:host:eth0:off", 0x0a000005,
          0x0a000001, 0xffffff00);
}

static void without_an_address_dhcp_is_asked(void **state)
{
    static const char *const lines[] = {
        "", " ", "quiet", "ip=dhcp", "zip=10.0.0.5", "a ip=dhcp b"};
    struct address a;

    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        print_message("# '%s'\n", lines[i]);
        assert_true(parse(lines[i], &a));
        assert_true(a.dhcp);
    }
}

static void what_no_host_can_have_is_refused(void **state)
{
    static const char *const lines[] = {
        "ip=",
        "ip=10.0.0",
        "ip=10.0.0.",
        "ip=10.0.0.256",
        "ip=10.0.0.5.6",
        "ip=10.0.0.00005",
        "ip=10.0.0.x",
        "ip=dhcp6",
        "ip=0.0.0.0",
        "ip=127.0.0.1",
        "ip=224.0.0.1",
        "ip=255.255.255.255",
        "ip=10.0.0.0",
        "ip=10.0.0.255",
        "ip=10.0.0.5::10.0.0.256",
        "ip=10.0.0.5::224.0.0.1",
        "ip=10.0.0.5:::255.0.255.0",
        "ip=10.0.0.5:::0.0.0.0",
        "ip=10.0.0.5:::255.255.255.255",
    };
    struct address a;

    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        print_message("# %s\n", lines[i]);
        assert_false(parse(lines[i], &a));
    }
}

/* --- requests ------------------------------------------------------------- */

/* In pieces of that size; a request of the caller's. */
static unsigned int take(struct request *r, const char *text, size_t n,
                         size_t piece)
{
    unsigned int status = 0;

    memset(r, 0, sizeof(*r));
    for (size_t at = 0; !status && at < n; at += piece)
        status = request_take(r, text + at, piece < n - at ? piece : n - at);
    return status;
}

static void answers(const char *text, unsigned int want)
{
    struct request r;
    unsigned int got;

    for (size_t piece = 1; piece < 40; piece += 6) {
        got = take(&r, text, strlen(text), piece);
        if (got != want)
            fail_msg("%u instead of %u for %s", got, want, text);
    }
}

static void requests_are_understood(void **state)
{
    static const char text[] = "HEAD /a/b HTTP/1.1\r\nHost: x\r\n\r\nmore";
    struct request r;

    assert_int_equal(take(&r, text, strlen(text), 5), 200);
    assert_string_equal(r.path, "/a/b");
    assert_true(r.head);
    answers("GET / HTTP/1.0\r\n\r\n", 200);
    answers("GET / HTTP/1.0\n\n", 200);
    answers("GET / HTTP/1.1\r\nA: b\r\nC: d\r\n\r\n", 200);
}

static void half_a_request_has_no_status(void **state)
{
    answers("GET / HTTP/1.0\r\n", 0);
    answers("GET / HTTP/1.0\r\nA: b\r\n", 0);
    answers("GET /", 0);
}

static void what_is_no_request_is_refused(void **state)
{
    answers("\r\n\r\n", 400);
    answers("GET /\r\n\r\n", 400);
    answers("GET  / HTTP/1.0\r\n\r\n", 400);
    answers("GET x HTTP/1.0\r\n\r\n", 400);
    answers("GET / HTTP/1.0 x\r\n\r\n", 400);
    answers("GET /\x01 HTTP/1.0\r\n\r\n", 400);
    answers("GET / FTP/1.0\r\n\r\n", 400);
    answers("GET / HTTP/2.0\r\n\r\n", 505);
    answers("POST / HTTP/1.0\r\n\r\n", 405);
}

static void what_does_not_end_is_refused(void **state)
{
    static char text[REQUEST_MAX + 100];
    struct request r;

    memset(text, 'a', sizeof(text));
    memcpy(text, "GET /", 5);
    assert_int_equal(take(&r, text, REQUEST_LINE - 1, 7), 0);
    assert_int_equal(take(&r, text, REQUEST_LINE, 7), 414);
    memcpy(text, "GET / HTTP/1.0\r\n", 16);
    assert_int_equal(take(&r, text, REQUEST_MAX, 100), 0);
    assert_int_equal(take(&r, text, REQUEST_MAX + 1, 100), 431);
}

static void any_bytes_end_or_wait(void **state)
{
    static const char some[] = "GET / HTTP/1.0\r\nPOST\n \r/";
    struct request r;
    char text[300];

    for (unsigned int i = 0; i < 20000; i++) {
        unsigned int status;

        for (size_t k = 0; k < sizeof(text); k++)
            text[k] = random() % 8 ? some[random() % sizeof(some)] : random();
        status = take(&r, text, sizeof(text), 1 + random() % 300);
        assert_true(!status || (status >= 200 && status <= 505));
        if (status == 200)
            assert_in_range(strlen(r.path), 1, REQUEST_LINE);
    }
}

/* --- blocks and numbers --------------------------------------------------- */

static int64_t number_in(const char *text)
{
    static char block[DISK_BLOCK];

    memset(block, 'x', sizeof(block));
    memcpy(block, text, strlen(text));
    return disk_number(block, "page", 1000);
}

static void a_block_has_a_number_or_none(void **state)
{
    assert_int_equal(number_in("page 0\n"), 0);
    assert_int_equal(number_in("page 1000\nx"), 1000);
    assert_int_equal(number_in("page 1001\n"), -1);
    assert_int_equal(number_in("page 7"), -1);
    assert_int_equal(number_in("page \n"), -1);
    assert_int_equal(number_in("page -1\n"), -1);
    assert_int_equal(number_in("page 0x1\n"), -1);
    assert_int_equal(number_in("page  1\n"), -1);
    assert_int_equal(number_in("pages 1\n"), -1);
    assert_int_equal(number_in("page 18446744073709551617\n"), -1);
    assert_int_equal(number_in(""), -1);
}

/* The vector of its authors for 16 bytes. */
static void sip_hash_is_that_of_its_authors(void **state)
{
    static const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

    assert_int_equal(sip_hash(key, 0x0706050403020100, 0x0f0e0d0c0b0a0908),
                     0x3f2acc7f57c29bdb);
    assert_int_not_equal(keyed_hash(1, 2), keyed_hash(2, 2));
    assert_int_equal(keyed_hash(1, 2), keyed_hash(1, 2));
}

/* --- segments ------------------------------------------------------------- */

#define MSS(n) 2, 4, (n) >> 8, (n)&0xff

static bool sound(bool syn, uint16_t window, const uint8_t *options, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    bool good;

    assert_non_null(copy);
    memcpy(copy, options, n);
    good = segment_is_sound(&(struct segment){
        .syn = syn, .window = window, .options = copy, .bytes = n});
    free(copy);
    return good;
}

#define SOUND(syn, window, ...)                                                \
    sound(syn, window, (const uint8_t[]){__VA_ARGS__},                         \
          sizeof((const uint8_t[]){__VA_ARGS__}))

/* As Linux sends them: MSS, SACK permitted, time stamps, window scale. */
static void usual_segments_are_shown(void **state)
{
    assert_true(SOUND(true, 64240, MSS(1460), 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0,
                      0, 1, 3, 3, 7));
    assert_true(SOUND(false, 0, 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8));
    assert_true(SOUND(true, 2 * SEGMENT_MIN, MSS(SEGMENT_MIN), 0, 2, 4));
    assert_true(sound(true, 64240, (const uint8_t *)"", 0));
}

static void those_that_would_cut_what_is_cut_are_not(void **state)
{
    assert_false(SOUND(false, 64240, MSS(1460)));
    assert_false(SOUND(false, 64240, 1, 1, MSS(1)));
    assert_false(SOUND(true, 64240, MSS(1)));
    assert_false(SOUND(true, 64240, MSS(SEGMENT_MIN - 1)));
    assert_false(SOUND(true, 64240, MSS(1460), MSS(2)));
    assert_false(SOUND(true, 2 * SEGMENT_MIN - 1, MSS(1460)));
    assert_false(SOUND(true, 0, 1));
}

static void nor_are_options_without_an_end(void **state)
{
    assert_false(SOUND(false, 64240, 8));
    assert_false(SOUND(false, 64240, 8, 0, 1));
    assert_false(SOUND(false, 64240, 8, 1, 1));
    assert_false(SOUND(false, 64240, 8, 4, 1));
    assert_false(SOUND(true, 64240, 2, 3, 5));
    assert_false(SOUND(true, 64240, 2, 4, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_line_gives_an_address),
        cmocka_unit_test(without_an_address_dhcp_is_asked),
        cmocka_unit_test(what_no_host_can_have_is_refused),
        cmocka_unit_test(requests_are_understood),
        cmocka_unit_test(half_a_request_has_no_status),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(what_does_not_end_is_refused),
        cmocka_unit_test(any_bytes_end_or_wait),
        cmocka_unit_test(a_block_has_a_number_or_none),
        cmocka_unit_test(sip_hash_is_that_of_its_authors),
        cmocka_unit_test(usual_segments_are_shown),
        cmocka_unit_test(those_that_would_cut_what_is_cut_are_not),
        cmocka_unit_test(nor_are_options_without_an_end),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    srandom(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
