/* SPDX-License-Identifier: MIT */
/*
 * The console daemon with a guest that writes anything into its ring page, by a
 * thread of its own while the daemon looks, beside a guest that is none of
 * that: what it prints arrives, and so does what is typed. A ring that cannot
 * be is ignored until the guest connects again; else its text is taken.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <cmocka.h>

#include "../unit/played_consoles.h"
#include "meddler.h"

#define LIFE 5000 /* texts of a connection, about */

static const uint64_t seeds[] = {21, 22, 23, 24, 25, 26, 27, 28};

static struct {
    struct console *console;
    struct xencons_interface *page;
    int terminal; /* as a client has it open */
} liar, honest;

static bool whole; /* the thread writes into the indices, too */
static unsigned long texts, taken, ends, typed, lines;

static void event(struct console *c)
{
    c->port.event(&c->port);
    while (c->masked) {
        assert_true(c->window.armed);
        event_timer_cancel(&played_loop, &c->window);
        c->window.fire(&c->window);
    }
}

static void serve_terminal(struct console *c)
{
    c->master.ready(&c->master, EPOLLIN | EPOLLOUT);
}

/* --- the guest that lies -------------------------------------------------- */

static void let_meddle(void)
{
    const struct meddled areas[] = {
        {liar.page->in, sizeof(liar.page->in)},
        {liar.page->out, sizeof(liar.page->out)},
        {&liar.page->in_cons, 4},
        {liar.page, whole ? PAGE_SIZE : 0},
    };

    meddle(areas, ARRAY_SIZE(areas));
}

/* Another port: a new connection, whatever was. */
static void connect_again(bool all)
{
    meddle(NULL, 0);
    memset(liar.page, 0, PAGE_SIZE);
    played_guest[1].port++;
    console_refresh(liar.console);
    assert_int_equal(liar.console->port.local, played_guest[1].port);
    assert_false(liar.console->broken);
    whole = all;
    let_meddle();
}

static void print_some(void)
{
    uint32_t n = fuzz_random() % (fuzz_once_in(10) ? 2049 : 80);

    for (uint32_t i = 0; i < n && i < 64; i++)
        liar.page->out[fuzz_random() % sizeof(liar.page->out)] = fuzz_random();
    if (!whole)
        n = n % (1 + sizeof(liar.page->out) -
                 (liar.page->out_prod - liar.page->out_cons));
    liar.page->out_prod += n;
    texts++;
    taken += n;
}

/* A client types, and looks now and then. */
static void use_terminal(void)
{
    static char text[65536];

    if (fuzz_once_in(4) && write(liar.terminal, text, fuzz_random() % 40) > 0)
        typed++;
    if (fuzz_once_in(50))
        while (read(liar.terminal, text, sizeof(text)) > 0)
            ;
}

static void absurd_index(void)
{
    uint32_t cons;

    meddle(NULL, 0);
    if (liar.console->broken)
        connect_again(false);
    meddle(NULL, 0);
    event(liar.console);
    cons = liar.page->out_cons;
    liar.page->out_prod =
        cons + 2049 + (fuzz_once_in(2) ? fuzz_random() % 8 : fuzz_random() / 2);
    event(liar.console);
    assert_true(liar.console->broken);
    liar.page->out_prod = cons + 10;
    event(liar.console);
    assert_int_equal(liar.page->out_cons, cons);
    ends++;
}

/* The kernel hands terminals' text on when it likes. */
static void await(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&p, 1, 10000), 1);
}

static void print_line(void)
{
    struct xencons_interface *p = honest.page;
    char line[32], got[64];
    ssize_t have = 0, n = snprintf(line, sizeof(line), "line %lu\n", ++lines);

    for (ssize_t i = 0; i < n; i++)
        p->out[MASK_XENCONS_IDX(p->out_prod++, p->out)] = line[i];
    event(honest.console);
    for (; have < n; have += read(honest.terminal, got + have, n - have))
        await(honest.terminal);
    assert_memory_equal(got, line, n);
    assert_int_equal(write(honest.terminal, line, n), n);
    while (p->in_prod - p->in_cons < n) {
        await(honest.console->master.fd);
        serve_terminal(honest.console);
    }
    for (ssize_t i = 0; i < n; i++)
        assert_int_equal(p->in[MASK_XENCONS_IDX(p->in_cons++, p->in)], line[i]);
}

static void live(bool all)
{
    connect_again(all);
    for (unsigned long end = texts + LIFE;
         texts < end && !liar.console->broken;) {
        print_some();
        event(liar.console);
        if (!whole && !liar.console->broken) /* by what was typed */
            assert_int_equal(liar.page->out_cons, liar.page->out_prod);
        use_terminal();
        serve_terminal(liar.console);
        if (fuzz_once_in(100))
            print_line();
    }
    if (fuzz_once_in(2))
        absurd_index();
}

static void a_guest_that_lies_harms_nobody_but_itself(void **state)
{
    unsigned long count = fuzz_count(100000) / ARRAY_SIZE(seeds), begun;

    for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
        fuzz_seed(seeds[i]);
        begun = texts;
        while (texts - begun < count)
            live(fuzz_once_in(4));
    }
    meddle(NULL, 0);
    print_message("# %lu texts of %lu bytes, %lu typed, %lu connections ended; "
                  "the other guest: %lu lines\n",
                  texts, taken, typed, ends, lines);
    assert_true(typed > 100 && ends && lines > 100);
}

static int open_console(unsigned int guest, struct console **c,
                        struct xencons_interface **page, int *terminal)
{
    *page = played_guest[guest].page;
    *c = console_new(&played_services, PLAYED_FIRST + guest, 1);
    if (!*c)
        return -1;
    *terminal = open((*c)->terminal, O_RDWR | O_NOCTTY | O_NONBLOCK);
    return *terminal < 0 ? -1 : 0;
}

static int setup(void **state)
{
    played_maps = played_binds = true;
    return played_begin() ||
           open_console(0, &honest.console, &honest.page, &honest.terminal) ||
           open_console(1, &liar.console, &liar.page, &liar.terminal);
}

static int teardown(void **state)
{
    close(honest.terminal);
    close(liar.terminal);
    console_free(honest.console);
    console_free(liar.console);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_that_lies_harms_nobody_but_itself),
    };

    return cmocka_run_group_tests_name("fuzz console", tests, setup, teardown);
}
