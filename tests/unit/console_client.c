/* SPDX-License-Identifier: MIT */
/*
 * A session of xenconsole, in a child process, between two pipes that are the
 * user and a pseudo terminal that is the guest's. The store is played: it has
 * the terminal's name, and it knows whether the domain lives.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../backends/console/terminal.h"
#include "../../tools/console/session.h"

#define ESCAPE 0x1d

/* --- the store, shared with the child --- */

static struct store {
    volatile bool lives, away;
    char name[64]; /* of the terminal; "": none */
} * store;

static int quiet; /* a descriptor that is never readable */

struct xs_handle *xs_open(unsigned long flags)
{
    return store->away ? NULL : (struct xs_handle *)store;
}

void xs_close(struct xs_handle *xs)
{
}

int xs_fileno(struct xs_handle *xs)
{
    return quiet;
}

bool xs_watch(struct xs_handle *xs, const char *path, const char *token)
{
    return true;
}

char **xs_check_watch(struct xs_handle *xs)
{
    errno = store->away ? EPIPE : EAGAIN;
    return NULL;
}

bool xs_is_domain_introduced(struct xs_handle *xs, unsigned int domid)
{
    return store->lives && !store->away;
}

void *xs_read(struct xs_handle *xs, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    return store->away || !store->name[0] ? NULL : strdup(store->name);
}

/* --- the guest's end, and the user's --- */

static int master = -1, slave = -1, keyboard, screen;
static pid_t client;

static void new_terminal(void)
{
    assert_int_equal(terminal_open(&master, &slave), 0);
    assert_int_equal(terminal_name(master, store->name, sizeof(store->name)),
                     0);
}

/* As the death of all who have it open does. */
static void lose_terminal(void)
{
    store->name[0] = 0;
    close(slave);
    close(master);
}

static void run_client(int in, int out)
{
    static struct session s;

    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    close(keyboard);
    close(screen);
    close(master);
    close(slave);
    s.xs = xs_open(0);
    s.path = "/tty";
    s.domid = 3;
    s.escape = ESCAPE;
    s.input = true;
    s.tty = tty_open(s.xs, s.path);
    session_run(&s);
    _exit(42);
}

static int start(int in, int out)
{
    store->lives = true;
    store->away = false;
    new_terminal();
    client = fork();
    if (!client)
        run_client(in, out);
    close(in);
    close(out);
    fcntl(screen, F_SETFL, O_NONBLOCK);
    return client < 0 ? -1 : 0;
}

static int setup(void **state)
{
    int in[2], out[2];

    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        return -1;
    keyboard = in[1];
    screen = out[0];
    return start(in[0], out[1]);
}

static int setup_with_real_keyboard(void **state)
{
    int in, out[2];

    if (terminal_open(&keyboard, &in) || pipe2(out, O_CLOEXEC))
        return -1;
    screen = out[0];
    return start(in, out[1]);
}

static int teardown(void **state)
{
    kill(client, SIGKILL);
    waitpid(client, NULL, 0);
    close(keyboard);
    close(screen);
    lose_terminal();
    return 0;
}

static void types(const char *text)
{
    assert_int_equal(write(keyboard, text, strlen(text)), strlen(text));
}

/* What comes from there within three seconds is this and no more. */
static void says(int fd, const char *wanted)
{
    char text[256] = "";
    size_t len = 0;

    for (int i = 0; i < 300 && len < strlen(wanted); i++) {
        ssize_t n = read(fd, text + len, sizeof(text) - 1 - len);

        if (n > 0)
            len += n;
        else
            usleep(10000);
    }
    usleep(20000);
    if (read(fd, text + len, sizeof(text) - 1 - len) > 0)
        fail_msg("too much: %s", text);
    assert_string_equal(text, wanted);
}

static void guest_prints(const char *text)
{
    assert_int_equal(write(master, text, strlen(text)), strlen(text));
}

static void ends(void)
{
    int status = 0, i;

    for (i = 0; i < 300 && waitpid(client, &status, WNOHANG) == 0; i++)
        usleep(10000);
    assert_true(i < 300);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

static bool runs(void)
{
    return waitpid(client, NULL, WNOHANG) == 0;
}

/* --- tests --- */

static void bytes_go_both_ways_until_the_escape(void **state)
{
    guest_prints("login: ");
    says(screen, "login: ");
    types("root\r");
    says(master, "root\r");
    types("bye\035not this");
    says(master, "bye");
    ends();
}

static void it_goes_on_in_a_new_terminal(void **state)
{
    guest_prints("one ");
    says(screen, "one ");
    lose_terminal();
    usleep(300000);
    types("typed while it was away ");
    types("and more");
    usleep(300000);
    assert_true(runs());
    new_terminal();
    says(master, "typed while it was away and more");
    guest_prints("two");
    says(screen, "two");
}

static void the_escape_works_without_a_terminal(void **state)
{
    lose_terminal();
    usleep(300000);
    types("\035");
    ends();
}

/* The terminal takes nothing: three seconds at most. */
static void types_patiently(const char *text, size_t len)
{
    for (int tries = 3000; len; tries--) {
        ssize_t n = write(keyboard, text, len);

        assert_true(tries > 0);
        if (n > 0) {
            text += n;
            len -= n;
        } else {
            usleep(1000);
        }
    }
}

/* More than the terminal and the client can hold. */
static void the_escape_works_when_nobody_takes_what_is_typed(void **state)
{
    static char much[200000];

    memset(much, 'x', sizeof(much));
    types_patiently(much, sizeof(much));
    assert_true(runs());
    types_patiently("\035", 1);
    ends();
}

/* The end of input: what was typed arrives first. */
static void what_was_typed_arrives_before_the_end(void **state)
{
    lose_terminal();
    types("last words");
    close(keyboard);
    keyboard = open("/dev/null", O_RDWR);
    usleep(300000);
    assert_true(runs());
    new_terminal();
    says(master, "last words");
    ends();
}

static void it_ends_with_the_domain(void **state)
{
    guest_prints("halted");
    says(screen, "halted");
    store->lives = false;
    lose_terminal();
    ends();
}

static void a_store_that_is_away_is_waited_for(void **state)
{
    store->away = true;
    lose_terminal();
    usleep(500000);
    assert_true(runs());
    new_terminal();
    usleep(300000);
    store->away = false;
    guest_prints("again");
    says(screen, "again");
    store->away = true;
    lose_terminal();
    types("\035");
    ends();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bytes_go_both_ways_until_the_escape,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(it_goes_on_in_a_new_terminal, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_escape_works_without_a_terminal,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_escape_works_when_nobody_takes_what_is_typed,
            setup_with_real_keyboard, teardown),
        cmocka_unit_test_setup_teardown(what_was_typed_arrives_before_the_end,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(it_ends_with_the_domain, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_store_that_is_away_is_waited_for,
                                        setup, teardown),
    };

    int never[2];

    signal(SIGPIPE, SIG_IGN);
    if (pipe(never))
        return 1;
    quiet = never[0];
    store = mmap(NULL, sizeof(*store), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return cmocka_run_group_tests_name("console client", tests, NULL, NULL);
}
