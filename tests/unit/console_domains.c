/* SPDX-License-Identifier: MIT */
/*
 * Which consoles there are, as domains come and go: also where a number is used
 * again while the store is away, and nobody tells that the former domain of
 * that number has ended.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../backends/console/consoles.c"

/* One domain, of number 5. */
static struct domain_state domain; /* frame 0: there is none */
static bool introduced_there, away, somebody_reads;
static uint64_t refreshed, kept; /* frames; kept: by the keeper, 0: nothing */
static unsigned int made;
static char dropped[16];

/* --- what the daemon has beside its set of consoles ------------------------
 */

int errand_domain(unsigned int domid, struct domain_state *d)
{
    *d = domain;
    return domain.frame ? 0 : -ESRCH;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                    unsigned int *n)
{
    char **names = calloc(1, sizeof(char *) + 2);

    if (away) {
        free(names);
        return NULL;
    }
    names[0] = strcpy((char *)(names + 1), "5");
    *n = 1;
    return names;
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
    return !away && introduced_there;
}

bool store_lost(const struct store_client *c)
{
    return away;
}

struct console *console_new(const struct console_services *with,
                            unsigned int domid, uint64_t frame)
{
    struct console *c = calloc(1, sizeof(*c));

    c->domid = domid;
    kept = c->frame = frame;
    made++;
    return c;
}

void console_free(struct console *c)
{
    kept = 0;
    free(c);
}

bool console_is_strange(const struct console *c)
{
    return domain.frame && domain.frame != c->frame;
}

void console_refresh(struct console *c)
{
    refreshed = c->frame;
}

bool console_domain_gone(struct console *c)
{
    c->gone = true;
    return !somebody_reads;
}

/* NULL without descriptors. */
struct console *console_adopt(const struct console_services *with,
                              unsigned int domid, const int *fds, int n)
{
    return n ? console_new(with, domid, 77) : NULL;
}

void keep_drop(struct keep *k, const char *name)
{
    snprintf(dropped, sizeof(dropped), "%s", name);
}

void console_resume(struct console *c)
{
}

void console_keep(struct console *c)
{
}

bool hypervisor_log_open(void)
{
    return false;
}

void hypervisor_log_adopt(const int *fds, int n)
{
}

void hypervisor_log_start(const struct console_services *with)
{
}

void hypervisor_log_reopen(void)
{
}

void hypervisor_log_keep(struct keep *k)
{
}

void log_file_reopen(struct log_file *l)
{
}

void serving_announce(void)
{
}

int store_client_open(struct store_client *c, struct event_loop *l)
{
    return 0;
}

int store_client_watch(struct store_client *c, const char *path,
                       const char *token)
{
    return 0;
}

void store_client_unwatch(struct store_client *c, const char *path,
                          const char *token)
{
}

void store_client_take(struct store_client *c, int fd)
{
}

int errand_store(void)
{
    return -ENOENT;
}

int errand_keeper(void)
{
    return -ENOENT;
}

void errand_ready(void)
{
}

void keep_open(struct keep *k, struct event_loop *l,
               void (*found)(const char *name, const int *fds, int n))
{
}

int ports_open(struct ports *p, struct event_loop *l)
{
    return 0;
}

int grants_open(struct grants *g, uint32_t domid)
{
    return 0;
}

int signals_watch(struct signal_watch *w, struct event_loop *l)
{
    return 0;
}

/* --- what happens --------------------------------------------------------- */

static void happens(const char *token)
{
    store_event(&store, "", token);
    store_settled(&store);
}

static void a_second_passes(void)
{
    event_timer_cancel(&loop, &look);
    on_look(&look);
}

/* Of this frame, the only one. */
static void is_served(uint64_t frame)
{
    struct console *c = find(5);

    assert_non_null(c);
    assert_int_equal(c->frame, frame);
    remove_gone(0, true); /* as two seconds later */
    assert_ptr_equal(consoles, c);
    assert_null(c->next);
    assert_int_equal(kept, frame);
}

static int begin(void **state)
{
    static const struct console_options options;

    away = somebody_reads = false;
    refreshed = made = 0;
    domain = (struct domain_state){.frame = 77};
    introduced_there = true;
    if (consoles_open(&options))
        return -1;
    happens("introduced");
    return made == 1 ? 0 : -1;
}

static int end(void **state)
{
    domain.frame = 0;
    introduced_there = false;
    happens("released");
    remove_gone(0, true);
    event_timer_cancel(&loop, &look);
    event_timer_cancel(&loop, &linger);
    event_loop_destroy(&loop);
    return consoles != NULL;
}

/* --- tests ---------------------------------------------------------------- */

static void a_domain_that_stays_is_left_alone(void **state)
{
    happens("5");
    assert_int_equal(refreshed, 77);
    happens("released");
    away = true;
    a_second_passes();
    away = false;
    happens("introduced");
    is_served(77);
    assert_int_equal(made, 1);
}

static void a_domain_that_ends_is_gone(void **state)
{
    introduced_there = false;
    happens("released");
    is_served(77); /* the store may be a new one */
    domain.over = true;
    a_second_passes();
    assert_null(consoles);
    introduced_there = true;
    happens("introduced"); /* the store does not know yet */
    assert_null(consoles);
}

/* As long as the store is away the hypervisor decides. */
static void a_number_of_another_is_seen_without_a_store(void **state)
{
    away = true;
    domain.frame = 78;
    a_second_passes();
    assert_null(consoles);
    away = false;
    happens("introduced");
    is_served(78);
}

/* Not even the second that a look takes. */
static void a_number_of_another_is_seen_with_the_store(void **state)
{
    somebody_reads = true; /* the last words of the former */
    domain.frame = 78;
    happens("5"); /* as each watch says when the store is back */
    assert_int_equal(refreshed, 0);
    is_served(78);
    domain.frame = 79;
    happens("introduced");
    a_second_passes();
    is_served(79);
    assert_int_equal(made, 3);
}

static void is_adopted(const char *name, bool expected)
{
    int fd = dup(STDERR_FILENO), before = made;

    *dropped = 0;
    adopt(name, &fd, 1);
    assert_int_equal(made, before + expected);
    assert_string_equal(dropped, expected ? "" : name);
    if (expected)
        close(fd);
    else
        assert_int_equal(close(fd), -1);
}

/* One that was taken over may have left a host's terminals there. */
static void of_a_former_daemon_each_domain_has_one(void **state)
{
    introduced_there = false;
    domain.over = true;
    a_second_passes();
    domain.over = false;
    is_adopted("5", true);
    is_adopted("5", false);
    is_adopted("05", false);
    is_adopted("5x", false);
    is_adopted("word", false);
    adopt("6", NULL, 0); /* nonsense */
    assert_string_equal(dropped, "6");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_domain_that_stays_is_left_alone),
        TEST(a_domain_that_ends_is_gone),
        TEST(a_number_of_another_is_seen_without_a_store),
        TEST(a_number_of_another_is_seen_with_the_store),
        TEST(of_a_former_daemon_each_domain_has_one),
    };

    return cmocka_run_group_tests_name("console domains", tests, NULL, NULL);
}
