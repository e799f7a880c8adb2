/* SPDX-License-Identifier: MIT */
/*
 * Log lines are put together in one buffer and leave by one write(), so lines
 * of several processes that share a file do not mix.
 */
#include <daemon/log.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <xentoollog.h>

#include <daemon/clock.h>

#define BUCKET_TOKENS    10
#define BUCKET_REFILL_MS 60000

static const char *program = "backend";
static const char *file_path;
static bool use_syslog;
static void (*say_elsewhere)(enum log_level level, const char *text);
static char prefix[64]; /* in brackets; empty: none */
static struct log_bucket device_bucket;
static enum log_level threshold = LOG_LVL_INFO;

static const struct {
    const char *name;
    int priority;
} levels[] = {
    [LOG_LVL_ERROR] = {"error", LOG_ERR},
    [LOG_LVL_WARN] = {"warning", LOG_WARNING},
    [LOG_LVL_INFO] = {"info", LOG_INFO},
    [LOG_LVL_DEBUG] = {"debug", LOG_DEBUG},
};

void log_setup(const char *name, enum log_level level)
{
    program = name;
    threshold = level;
}

void log_prefix(const char *fmt, ...)
{
    char text[sizeof(prefix) - 2];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    snprintf(prefix, sizeof(prefix), "[%s]", text);
}

int log_to_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640), rc;

    if (fd < 0) {
        rc = -errno;
        log_warning("cannot open %s: %s", path, strerror(errno));
        return rc;
    }
    file_path = path;
    dup2(fd, STDERR_FILENO);
    close(fd);
    return 0;
}

void log_reopen(void)
{
    if (file_path)
        log_to_file(file_path);
}

void log_to_syslog(void)
{
    openlog(program, LOG_PID, LOG_DAEMON);
    use_syslog = true;
}

void log_to(void (*say)(enum log_level level, const char *text))
{
    say_elsewhere = say;
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
    if (say_elsewhere) {
        say_elsewhere(level, text);
        return;
    }
    if (use_syslog) {
        syslog(levels[level].priority, "%s", text);
        return;
    }
    n = snprintf(line, sizeof(line), "%s%s %s: %s\n", program, prefix,
                 levels[level].name, text);
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

static char reason[256];
static bool have_reason;

int log_reason(int rc, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(reason, sizeof(reason), fmt, ap);
    va_end(ap);
    have_reason = true;
    return rc;
}

const char *log_take_reason(int rc)
{
    bool had = have_reason;

    have_reason = false;
    return had ? reason : strerror(-rc);
}

struct xentoollog_logger *log_for_libraries(void)
{
    static xentoollog_logger_stdiostream *logger;

    if (!logger)
        logger = xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
    return (xentoollog_logger *)logger;
}
