/* SPDX-License-Identifier: MIT */
/*
 * Log lines are put together in one buffer and leave by one write(), so lines
 * of several processes that share a file do not mix.
 */
#include <daemon/log.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xentoollog.h>

#include <daemon/clock.h>

#define BUCKET_TOKENS    10
#define BUCKET_REFILL_MS 60000

static const char *program = "backend";
static char prefix[64];
static struct log_bucket device_bucket;
static enum log_level threshold = LOG_LVL_INFO;

static const char *const level_name[] = {"error", "warning", "info", "debug"};

void log_setup(const char *name, enum log_level level)
{
    program = name;
    threshold = level;
}

void log_prefix(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(prefix, sizeof(prefix), fmt, ap);
    va_end(ap);
}

/* Guests choose some of the text that ends up here: keep the log one line per
 * event and free of control characters. */
static void make_printable(char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            *s = '?';
}

static void print_va(enum log_level level, const char *fmt, va_list ap)
{
    char text[512], line[640];
    ssize_t r;
    int n;

    vsnprintf(text, sizeof(text), fmt, ap);
    make_printable(text);
    n = snprintf(line, sizeof(line), "%s[%s] %s: %s\n", program,
                 prefix[0] ? prefix : "-", level_name[level], text);
    r = write(STDERR_FILENO, line, n);
    (void)r; /* there is no second place to complain */
}

static void print(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void print(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    print_va(level, fmt, ap);
    va_end(ap);
}

/* False: this line is one too many. */
static bool take(struct log_bucket *b)
{
    uint64_t now = now_ms();

    if (!b->refilled_ms || now - b->refilled_ms >= BUCKET_REFILL_MS) {
        if (b->dropped)
            print(LOG_LVL_WARN, "%u more lines dropped", b->dropped);
        b->refilled_ms = now;
        b->tokens = BUCKET_TOKENS;
        b->dropped = 0;
    }
    if (!b->tokens) {
        b->dropped++;
        return false;
    }
    b->tokens--;
    return true;
}

static void log_va(struct log_bucket *b, enum log_level level, const char *fmt,
                   va_list ap)
{
    if (level <= threshold && (!b || take(b)))
        print_va(level, fmt, ap);
}

void log_line(enum log_level level, const char *fmt, ...)
{
    bool limited = prefix[0] && level < LOG_LVL_DEBUG;
    va_list ap;

    va_start(ap, fmt);
    log_va(limited ? &device_bucket : NULL, level, fmt, ap);
    va_end(ap);
}

void log_guest(struct log_bucket *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_va(b, LOG_LVL_WARN, fmt, ap);
    va_end(ap);
}

struct xentoollog_logger *log_for_libraries(void)
{
    static xentoollog_logger_stdiostream *logger;

    if (!logger)
        logger = xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
    return (xentoollog_logger *)logger;
}
