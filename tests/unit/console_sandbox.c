/* SPDX-License-Identifier: MIT */
/*
 * What a guest could try that has taken the process over that serves consoles,
 * by system calls. Its errands: console_parent.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include <base/macros.h>
#include <daemon/privileges.h>

#include "../../backends/console/log_file.h"
#include "../../backends/console/sandbox.h"
#include "prison.h"

static const struct prison prison = {sandbox_enter, PRIVILEGES_UID_CONSOLES};

static void what_no_daemon_needs_is_refused(void **state)
{
    prison_refuses(&prison);
}

/* None does any harm, should it pass: there is no such descriptor. */

static long makes_a_pipe_large(void)
{
    return fcntl(-1, F_SETPIPE_SZ, 1 << 20);
}

static long makes_a_terminal_its_own(void)
{
    return ioctl(-1, TIOCSCTTY, 1);
}

static long changes_a_terminal(void)
{
    return ioctl(-1, TCSETS, NULL);
}

static long opens_the_other_end(void)
{
    return ioctl(-1, TIOCGPTPEER, O_RDWR);
}

static long makes_memory_that_is_nobodys(void)
{
    return memfd_create("much", 0);
}

static long locks_for_others(void)
{
    struct flock lock = {.l_type = F_UNLCK};

    return fcntl(-1, F_OFD_SETLK, &lock);
}

static void what_consoles_do_not_need_is_refused(void **state)
{
    static long (*const calls[])(void) = {
        makes_a_pipe_large, makes_a_terminal_its_own,
        changes_a_terminal, opens_the_other_end,
        locks_for_others,   makes_memory_that_is_nobodys};

    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        if (prison_call(&prison, false, calls[i]) == EPERM)
            fail_msg("call %zu is refused without a filter, too", i);
        if (prison_call(&prison, true, calls[i]) != EPERM)
            fail_msg("call %zu is not refused", i);
    }
}

/* These pass, and there is no such descriptor. */

static long looks_what_waits(void)
{
    return ioctl(-1, FIONREAD, NULL);
}

static long asks_for_a_name(void)
{
    return ioctl(-1, (int)TIOCGPTN, NULL);
}

/* Of a memory file. */
static long seals(void)
{
    return fcntl(-1, F_ADD_SEALS, F_SEAL_GROW);
}

static long moves_text(void)
{
    return splice(-1, NULL, -1, NULL, 1, SPLICE_F_NONBLOCK);
}

static void what_consoles_need_passes(void **state)
{
    static long (*const calls[])(void) = {looks_what_waits, asks_for_a_name,
                                          moves_text, seals};

    prison_lets_serve(&prison);
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
        assert_int_equal(prison_call(&prison, true, calls[i]), EBADF);
}

/* As a log; SIGXFSZ does not end it. */
static int log_file;

static long writes_without_end(void)
{
    static const char text[1 << 20];

    for (int i = 0; i < 100; i++)
        if (write(log_file, text, sizeof(text)) <= 0)
            return i == LOG_FILE_MOST / (1 << 20) + 1 ? -1 : 0;
    return 0;
}

static void files_have_an_end(void **state)
{
    log_file = memfd_create("log", 0);
    assert_int_equal(prison_call(&prison, true, writes_without_end), EFBIG);
    close(log_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_daemon_needs_is_refused),
        cmocka_unit_test(what_consoles_do_not_need_is_refused),
        cmocka_unit_test(what_consoles_need_passes),
        cmocka_unit_test(files_have_an_end),
    };

    return cmocka_run_group_tests_name("console sandbox", tests, NULL, NULL);
}
