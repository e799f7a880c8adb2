/* SPDX-License-Identifier: MIT */
/* How the pure steps say no: errno for programs, a sentence for people. */
#include <stdarg.h>
#include <stdio.h>

#include "private.h"

int refuse(struct why *why, int errnoval, const char *format, ...)
{
    va_list al;

    va_start(al, format);
    vsnprintf(why->text, sizeof(why->text), format, al);
    va_end(al);
    errno = errnoval;
    return -1;
}
