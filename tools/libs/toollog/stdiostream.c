/* SPDX-License-Identifier: MIT */
/*
 * The ready-made consumer: messages as lines on a stdio stream. A line is put
 * together in memory and written at once, so that lines of several processes
 * that share a log do not mix.
 *
 * Progress on a terminal overwrites itself with carriage returns; elsewhere
 * it becomes a line for every five percent, and the steps in between have
 * level detail.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xentoollog.h>

struct xentoollog_logger_stdiostream {
    xentoollog_logger vtable; /* first: callers cast */
    FILE *stream;
    xentoollog_level min_level;
    unsigned int flags;
    bool use_cr;
    size_t shown;     /* columns of the progress text now on the terminal */
    int last_percent; /* of the last progress line */
};

static struct xentoollog_logger_stdiostream *
stdiostream_of(struct xentoollog_logger *logger)
{
    return (struct xentoollog_logger_stdiostream *)logger;
}

static void erase_progress(struct xentoollog_logger_stdiostream *lg)
{
    if (lg->shown)
        fprintf(lg->stream, "\r%*s\r", (int)lg->shown, "");
    lg->shown = 0;
}

static void print_prefix(const struct xentoollog_logger_stdiostream *lg,
                         FILE *line, xentoollog_level level,
                         const char *context)
{
    if (lg->flags & XTL_STDIOSTREAM_SHOW_DATE) {
        char date[64];
        struct tm tm;
        time_t now = time(NULL);

        if (localtime_r(&now, &tm) &&
            strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S %Z", &tm))
            fprintf(line, "%s ", date);
    }
    if (lg->flags & XTL_STDIOSTREAM_SHOW_PID)
        fprintf(line, "[%lu] ", (unsigned long)getpid());
    if (context)
        fprintf(line, "%s: ", context);
    fprintf(line, "%s: ", xtl_level_to_string(level));
}

static void stdiostream_vmessage(struct xentoollog_logger *logger,
                                 xentoollog_level level, int errnoval,
                                 const char *context, const char *format,
                                 va_list al)
{
    struct xentoollog_logger_stdiostream *lg = stdiostream_of(logger);
    char *text = NULL;
    size_t length = 0;
    FILE *line;

    if (level < lg->min_level)
        return;
    erase_progress(lg);

    line = open_memstream(&text, &length);
    if (!line)
        return;
    print_prefix(lg, line, level, context);
    vfprintf(line, format, al);
    if (errnoval >= 0)
        fprintf(line, ": %s", strerror(errnoval));
    putc('\n', line);
    if (!fclose(line)) {
        fwrite(text, 1, length, lg->stream);
        fflush(lg->stream);
    }
    free(text);
}

static void progress_overwrite(struct xentoollog_logger_stdiostream *lg,
                               const char *context, const char *doing_what,
                               int percent, unsigned long done,
                               unsigned long total)
{
    int columns;

    erase_progress(lg);
    columns =
        fprintf(lg->stream, "%s%s%s: %lu/%lu  %3d%%", context ? context : "",
                context ? ": " : "", doing_what, done, total, percent);
    if (total && done == total)
        putc('\n', lg->stream);
    else if (columns > 0)
        lg->shown = columns;
    fflush(lg->stream);
}

static void stdiostream_progress(struct xentoollog_logger *logger,
                                 const char *context, const char *doing_what,
                                 int percent, unsigned long done,
                                 unsigned long total)
{
    struct xentoollog_logger_stdiostream *lg = stdiostream_of(logger);
    xentoollog_level level = XTL_PROGRESS;

    if (lg->flags & XTL_STDIOSTREAM_HIDE_PROGRESS)
        return;
    if (lg->use_cr) {
        if (lg->min_level <= XTL_PROGRESS)
            progress_overwrite(lg, context, doing_what, percent, done, total);
        return;
    }

    if (percent == lg->last_percent)
        return;
    if (percent > lg->last_percent && percent < lg->last_percent + 5)
        level = XTL_DETAIL;
    else
        lg->last_percent = percent;
    xtl_log(logger, level, -1, context, "%s: %lu/%lu  %3d%%", doing_what, done,
            total, percent);
}

static void stdiostream_destroy(struct xentoollog_logger *logger)
{
    struct xentoollog_logger_stdiostream *lg = stdiostream_of(logger);

    erase_progress(lg);
    free(lg);
}

void xtl_stdiostream_set_minlevel(xentoollog_logger_stdiostream *lg,
                                  xentoollog_level min_level)
{
    lg->min_level = min_level;
}

void xtl_stdiostream_adjust_flags(xentoollog_logger_stdiostream *lg,
                                  unsigned int set_flags,
                                  unsigned int clear_flags)
{
    unsigned int flags = (lg->flags & ~clear_flags) | set_flags;

    if ((flags & XTL_STDIOSTREAM_HIDE_PROGRESS) &&
        !(lg->flags & XTL_STDIOSTREAM_HIDE_PROGRESS))
        erase_progress(lg);
    lg->flags = flags;
}

xentoollog_logger_stdiostream *
xtl_createlogger_stdiostream(FILE *f, xentoollog_level min_level,
                             unsigned int flags)
{
    xentoollog_logger_stdiostream consumer = {
        .stream = f,
        .min_level = min_level,
        .flags = flags,
    };

    if (flags & XTL_STDIOSTREAM_PROGRESS_USE_CR)
        consumer.use_cr = true;
    else if (!(flags & XTL_STDIOSTREAM_PROGRESS_NO_CR))
        consumer.use_cr = isatty(fileno(f)) > 0;

    return XTL_NEW_LOGGER(stdiostream, consumer);
}
