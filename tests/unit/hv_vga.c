/* SPDX-License-Identifier: MIT */
/*
 * Text on the VGA screen (xen-lite/drivers/vga.c): what it shows, and that no
 * CPU that prints draws it once dom0 runs.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include "../../xen-lite/drivers/vga.c"
#include <cmocka.h>

static uint16_t card[ROWS * COLUMNS];
static struct console_driver *driver;
static struct timer *armed;
bool console_synchronous = true;

void console_register(struct console_driver *drv)
{
    driver = drv;
}

void set_fixmap(unsigned int idx, mfn_t mfn, unsigned long flags)
{
}

uint8_t inb(uint16_t port)
{
    return 0xc; /* text mode */
}

void outb(uint16_t port, uint8_t v)
{
}

s_time_t get_s_time(void)
{
    return 0;
}

void init_timer(struct timer *t, void (*fn)(void *), void *data,
                unsigned int cpu)
{
    *t = (struct timer){.fn = fn, .data = data, .cpu = cpu};
}

void set_timer(struct timer *t, s_time_t expires)
{
    armed = t;
}

static void print(const char *s)
{
    assert_int_equal(driver->write(s, strlen(s)), strlen(s));
}

static void print_lines(unsigned int first, unsigned int last)
{
    char line[32];

    for (; first <= last; first++) {
        snprintf(line, sizeof(line), "line %u\n", first);
        print(line);
    }
}

/* A row without the blanks at its end. */
static const char *seen(unsigned int r)
{
    static char line[COLUMNS + 1];
    unsigned int n = COLUMNS;

    while (n && (card[r * COLUMNS + n - 1] & 0xff) == ' ')
        n--;
    line[n] = 0;
    while (n--)
        line[n] = card[r * COLUMNS + n];
    return line;
}

static void the_screen_shows_the_last_lines(void **state)
{
    char wide[COLUMNS + 3];

    vga_init("vga,keep");
    screen = (void *)card;
    print_lines(1, 3);
    assert_string_equal(seen(0), "line 1");
    assert_string_equal(seen(2), "line 3");
    assert_string_equal(seen(3), "");
    print_lines(4, 100);
    assert_string_equal(seen(0), "line 77");
    assert_string_equal(seen(ROWS - 2), "line 100");
    assert_string_equal(seen(ROWS - 1), "");
    memset(wide, 'w', sizeof(wide));
    wide[COLUMNS + 2] = 0;
    print(wide);
    assert_int_equal(strlen(seen(ROWS - 2)), COLUMNS);
    assert_string_equal(seen(ROWS - 1), "ww");
}

static void who_prints_does_not_draw(void **state)
{
    console_synchronous = false;
    vga_end_boot();
    print_lines(1, 200);
    assert_string_equal(seen(ROWS - 1), "ww");
    assert_non_null(armed);
    armed->fn(armed->data);
    assert_string_equal(seen(0), "line 177");
    assert_string_equal(seen(ROWS - 2), "line 200");
    memset(card, 0, sizeof(card)); /* nothing new, nothing drawn */
    armed->fn(armed->data);
    assert_int_equal(card[0], 0);
}

static void a_panic_is_shown_at_once(void **state)
{
    console_synchronous = true;
    print("panic\n");
    assert_string_equal(seen(ROWS - 2), "panic");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_screen_shows_the_last_lines),
        cmocka_unit_test(who_prints_does_not_draw),
        cmocka_unit_test(a_panic_is_shown_at_once),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
