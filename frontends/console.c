/* SPDX-License-Identifier: MIT */
/* Console by console_io, a ring, or through dom0, and TAP on it. */
#include <pv/domu.h>

#include "console_ring.h"

static unsigned int checks;
static bool plan_printed;

void console_write(const char *s, size_t n)
{
    if (is_served()) {
        domu_console_write(s, n);
        return;
    }
    if (console_ring_write(s, n))
        return;
    while (n) {
        size_t piece = n < 256 ? n : 256;

        HC3(console_io, CONSOLEIO_write, piece, s);
        s += piece;
        n -= piece;
    }
}

void vprintf(const char *fmt, va_list ap)
{
    char buf[512];
    int n = vsnprintf(buf, sizeof(buf), fmt, ap);

    console_write(buf, n < (int)sizeof(buf) ? n : (int)sizeof(buf) - 1);
}

void printf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
}

/* The whole line in one call: other writers cannot cut it. */
static void result(bool good, const char *suffix, const char *fmt, va_list ap)
{
    char text[300];

    vsnprintf(text, sizeof(text), fmt, ap);
    checks++;
    printf("%sok %u - %s%s\n", good ? "" : "not ", checks, text, suffix);
}

void ok(bool good, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    result(good, "", fmt, ap);
    va_end(ap);
}

void is(long got, long want, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    result(got == want, "", fmt, ap);
    va_end(ap);
    if (got != want)
        diag("got %ld (0x%lx), expected %ld (0x%lx)", got, got, want, want);
}

void skip(const char *why, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    result(true, " # SKIP", fmt, ap);
    va_end(ap);
    diag("skipped: %s", why);
}

void diag(const char *fmt, ...)
{
    char text[300];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    printf("# %s\n", text);
}

void done_testing(void)
{
    if (!plan_printed)
        printf("1..%u\n", checks);
    plan_printed = true;
}

void shutdown(unsigned int reason)
{
    struct sched_shutdown s = {.reason = reason};

    console_ring_drain();
    for (;;)
        HC2(sched_op, SCHEDOP_shutdown, &s);
}
