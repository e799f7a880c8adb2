/* SPDX-License-Identifier: MIT */
/* The few C library functions that a tiny guest needs. */
#include <pv/pv.h>

void *memset(void *d, int c, size_t n)
{
    void *r = d;

    asm volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
    return r;
}

void *memcpy(void *d, const void *s, size_t n)
{
    void *r = d;

    asm volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n)::"memory");
    return r;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a, *y = b;

    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++)
        if (*a != *b || !*a)
            return (uint8_t)*a - (uint8_t)*b;
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, ~0UL);
}

static char *number(char *end, uint64_t v, unsigned int base)
{
    do
        *--end = "0123456789abcdef"[v % base];
    while ((v /= base));
    return end;
}

/* %c %s %d %u %x %p with l, field width and 0: what a test prints. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
    size_t n = 0;

#define PUT(ch)                                                                \
    do {                                                                       \
        if (n + 1 < size)                                                      \
            buf[n] = (ch);                                                     \
        n++;                                                                   \
    } while (0)
    for (; *fmt; fmt++) {
        char tmp[32], *end = tmp + sizeof(tmp) - 1, pad = ' ';
        const char *s = NULL;
        unsigned int width = 0;
        bool is_long = false;
        size_t len;

        if (*fmt != '%') {
            PUT(*fmt);
            continue;
        }
        *end = '\0';
        if (*++fmt == '0')
            pad = *fmt++;
        while (*fmt >= '0' && *fmt <= '9')
            width = width * 10 + *fmt++ - '0';
        while (*fmt == 'l' || *fmt == 'z') {
            is_long = true;
            fmt++;
        }
        switch (*fmt) {
        case 'c':
            *--end = va_arg(ap, int);
            s = end;
            break;
        case 's':
            s = va_arg(ap, const char *);
            break;
        case 'd': {
            long v = is_long ? va_arg(ap, long) : va_arg(ap, int);

            s = end = number(end, v < 0 ? -(uint64_t)v : (uint64_t)v, 10);
            if (v < 0) {
                *--end = '-';
                s = end;
            }
            break;
        }
        case 'u':
            s = number(
                end, is_long ? va_arg(ap, uint64_t) : va_arg(ap, unsigned int),
                10);
            break;
        case 'p':
            is_long = true;
            __attribute__((fallthrough));
        case 'x':
            s = number(
                end, is_long ? va_arg(ap, uint64_t) : va_arg(ap, unsigned int),
                16);
            break;
        default:
            PUT(*fmt);
            continue;
        }
        len = strlen(s);
        for (; width > len; width--)
            PUT(pad);
        while (*s) {
            PUT(*s);
            s++;
        }
    }
    if (size)
        buf[n < size ? n : size - 1] = '\0';
    return n;
#undef PUT
}
