/* SPDX-License-Identifier: MIT */
/* How the pure steps say no: a number for programs, a sentence for people. */
#include <stdarg.h>

#include "pure.h"

int vsnprintf(char *text, size_t size, const char *format, va_list args);

int refuse(struct why *why, int error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
    why->error = error;
    return -1;
}
