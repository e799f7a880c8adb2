/* SPDX-License-Identifier: MIT */
/*
 * The producer side of libxentoollog: what libraries call to say something.
 * A logger is three function pointers that the program supplies; these
 * functions only dispatch to it and work out percentages.
 */
#include <errno.h>

#include <xentoollog.h>

const char *xtl_level_to_string(xentoollog_level level)
{
    static const char *const names[XTL_NUM_LEVELS] = {
        [XTL_NONE] = "(no level)",   [XTL_DEBUG] = "debug",
        [XTL_VERBOSE] = "verbose",   [XTL_DETAIL] = "detail",
        [XTL_PROGRESS] = "progress", [XTL_INFO] = "info",
        [XTL_NOTICE] = "notice",     [XTL_WARN] = "warning",
        [XTL_ERROR] = "error",       [XTL_CRITICAL] = "critical",
    };

    return (unsigned int)level < XTL_NUM_LEVELS ? names[level] : "unknown";
}

/* Logging never disturbs errno: callers log first and report it afterwards. */
void xtl_logv(struct xentoollog_logger *logger, xentoollog_level level,
              int errnoval, const char *context, const char *format, va_list al)
{
    int saved = errno;

    logger->vmessage(logger, level, errnoval, context, format, al);
    errno = saved;
}

void xtl_log(struct xentoollog_logger *logger, xentoollog_level level,
             int errnoval, const char *context, const char *format, ...)
{
    va_list al;

    va_start(al, format);
    xtl_logv(logger, level, errnoval, context, format, al);
    va_end(al);
}

void xtl_progress(struct xentoollog_logger *logger, const char *context,
                  const char *doing_what, unsigned long done,
                  unsigned long total)
{
    int percent = 0;
    int saved = errno;

    if (!logger->progress)
        return;
    if (total)
        percent = (int)((unsigned __int128)done * 100 / total);
    logger->progress(logger, context, doing_what, percent, done, total);
    errno = saved;
}

void xtl_logger_destroy(struct xentoollog_logger *logger)
{
    if (logger)
        logger->destroy(logger);
}
