/* SPDX-License-Identifier: MIT */
/* One line of text for each message, which the parent writes (log_files.h). */
#include "trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "errand.h"

#define PIECE 4096 /* bytes that the parent gets at once */

static FILE *trace;
static char trace_name[4096];
bool trace_enabled;

const char *trace_path(void)
{
    return *trace_name ? trace_name : NULL;
}

int trace_reopen(void)
{
    bool enabled = trace_enabled || !trace;
    char path[sizeof(trace_name)];
    int rc;

    snprintf(path, sizeof(path), "%s", trace_name);
    rc = *path ? trace_open(path) : 0;
    trace_enabled = trace && enabled;
    return rc;
}

static ssize_t give(void *cookie, const char *data, size_t len)
{
    static char text[PIECE + 1];

    (void)cookie;
    for (size_t at = 0; at < len; at += PIECE) {
        size_t n = len - at < PIECE ? len - at : PIECE;

        memcpy(text, data + at, n);
        text[n] = '\0';
        errand_trace_add(text);
    }
    return (ssize_t)len;
}

int trace_open(const char *path)
{
    static char buffer[PIECE];
    int rc;

    if (trace)
        fclose(trace);
    trace = NULL;
    snprintf(trace_name, sizeof(trace_name), "%s", path ? path : "");
    rc = errand_trace(path);
    if (path && !rc) {
        trace = fopencookie(NULL, "w", (cookie_io_functions_t){.write = give});
        rc = trace ? 0 : ENOMEM;
    }
    trace_enabled = trace != NULL;
    if (trace)
        setvbuf(trace, buffer, _IOLBF, sizeof(buffer));
    return rc;
}

static void time_stamp(void)
{
    time_t now = time(NULL);
    struct tm tm;
    char text[32] = "";

    if (localtime_r(&now, &tm))
        strftime(text, sizeof(text), "%Y%m%d %H:%M:%S", &tm);
    fputs(text, trace);
}

void trace_message(const char *direction, const char *who, const char *type,
                   uint32_t tx_id, const void *data, size_t len)
{
    const char *p = data;

    if (!trace)
        return;
    time_stamp();
    fprintf(trace, " %s %s %s tx %u (", direction, who, type,
            (unsigned int)tx_id);
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '\0')
            fputs(i + 1 < len ? " " : "", trace);
        else if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
            fprintf(trace, "\\%03o", (unsigned int)(unsigned char)p[i]);
        else
            fputc(p[i], trace);
    }
    fputs(")\n", trace);
}

void trace_note(const char *format, ...)
{
    va_list ap;

    if (!trace)
        return;
    time_stamp();
    fputc(' ', trace);
    va_start(ap, format);
    vfprintf(trace, format, ap);
    va_end(ap);
    fputc('\n', trace);
}

bool trace_is_open(void)
{
    return trace != NULL;
}

int trace_report(const char *path, const char *text)
{
    return errand_report(path, text);
}
