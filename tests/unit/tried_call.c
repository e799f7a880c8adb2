/* SPDX-License-Identifier: MIT */
/* See tried_call.h. */
#include "tried_call.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define NOT_TRIED 255

int tried_call(int (*give_up)(const void *how), const void *how,
               long (*call)(void))
{
    pid_t pid = fork();
    int status;

    if (!pid) {
        if (give_up(how))
            _exit(NOT_TRIED);
        _exit(call() < 0 ? errno : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status))
        return -WTERMSIG(status);
    assert_int_not_equal(WEXITSTATUS(status), NOT_TRIED);
    return WEXITSTATUS(status);
}
