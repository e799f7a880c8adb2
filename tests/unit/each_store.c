/* SPDX-License-Identifier: MIT */
/*
 * See each_store.h. The processor's trap flag stops after each instruction;
 * the kernel clears it for the handler, and sets it again on the way back.
 */
#include "each_store.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define TRAP_FLAG "0x100"

static const struct watched *watched;
static uint8_t *seen; /* the content at the step before, all of it in a row */
static unsigned int every, stores, copies, failures;
static void (*then)(void);

void step_prepare(char **argv)
{
    if (!getenv("GLIBC_TUNABLES")) {
        setenv("GLIBC_TUNABLES", "glibc.cpu.x86_rep_movsb_threshold=10000000",
               1);
        execv("/proc/self/exe", argv);
    }
}

/* True: it differs from what was seen; it is seen then. */
static bool changed(void)
{
    bool any = false;
    uint8_t *at = seen;

    for (const struct watched *p = watched; p->addr; at += p++->len)
        if (memcmp(at, p->addr, p->len)) {
            memcpy(at, p->addr, p->len);
            any = true;
        }
    return any;
}

static void copy_process(void)
{
    int status;
    pid_t pid = fork();

    if (!pid) {
        setenv("CMOCKA_TEST_ABORT", "1", 1); /* it has no caller to return to */
        then();
        _exit(0);
    }
    copies++;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
        failures++;
}

static void on_step(int signal)
{
    if (changed() && ++stores % every == 0)
        copy_process();
}

__attribute__((noinline)) static void step_through(void (*function)(void))
{
    __asm__ __volatile__("pushfq; orq $" TRAP_FLAG ", (%%rsp); popfq" ::
                             : "memory", "cc");
    function();
    __asm__ __volatile__("pushfq; andq $~" TRAP_FLAG ", (%%rsp); popfq" ::
                             : "memory", "cc");
}

unsigned int after_each_store(const struct watched *list, unsigned int n,
                              void (*function)(void), void (*after)(void))
{
    struct sigaction step = {.sa_handler = on_step, .sa_flags = SA_NODEFER},
                     old;
    size_t bytes = 0;

    for (const struct watched *p = list; p->addr; p++)
        bytes += p->len;
    seen = malloc(bytes);
    watched = list;
    every = n;
    then = after;
    copies = failures = 0;
    changed();
    sigaction(SIGTRAP, &step, &old);
    step_through(function);
    sigaction(SIGTRAP, &old, NULL);
    free(seen);
    assert_int_equal(failures, 0);
    return copies;
}
