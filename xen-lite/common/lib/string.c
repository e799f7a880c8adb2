/* SPDX-License-Identifier: MIT */
/*
 * The C string functions that a freestanding program must bring along. Copies
 * use the string instructions: no vector registers here, and every CPU of the
 * last decade runs them at cache-line speed. The compiler may call memcpy(),
 * memmove(), memset() and memcmp() on its own account.
 */
#include <hv/lib.h>

void *memcpy(void *d, const void *s, size_t n)
{
    void *to = d;
    size_t words = n / 8;

    n &= 7;
    asm volatile("rep movsq\n\tmov %3, %2\n\trep movsb"
                 : "+D"(to), "+S"(s), "+c"(words)
                 : "r"(n)
                 : "memory");
    return d;
}

void *memmove(void *d, const void *s, size_t n)
{
    if ((uintptr_t)d - (uintptr_t)s >= n)
        return memcpy(d, s, n);
    /* d lies inside the source: from the last byte down. */
    const char *from = (const char *)s + n - 1;
    char *to = (char *)d + n - 1;
    asm volatile("std\n\trep movsb\n\tcld"
                 : "+D"(to), "+S"(from), "+c"(n)
                 :
                 : "memory");
    return d;
}

void *memset(void *d, int c, size_t n)
{
    void *to = d;
    size_t words = n / 8;

    n &= 7;
    asm volatile("rep stosq\n\tmov %2, %1\n\trep stosb"
                 : "+D"(to), "+c"(words)
                 : "r"(n), "a"((uint8_t)c * 0x0101010101010101UL)
                 : "memory");
    return d;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *p = a, *q = b;

    for (; n; n--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

void *memchr(const void *s, int c, size_t n)
{
    const uint8_t *p = s;

    for (; n; n--, p++)
        if (*p == (uint8_t)c)
            return (void *)p;
    return NULL;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

size_t strnlen(const char *s, size_t n)
{
    size_t len = 0;

    while (len < n && s[len])
        len++;
    return len;
}

/* Always terminates d; returns the length that s has. */
size_t strlcpy(char *d, const char *s, size_t n)
{
    size_t len = strlen(s);

    if (n) {
        size_t copied = MIN(len, n - 1);
        memcpy(d, s, copied);
        d[copied] = '\0';
    }
    return len;
}

int strcmp(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++)
        ;
    return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n && *a && *a == *b; n--, a++, b++)
        ;
    return n ? (uint8_t)*a - (uint8_t)*b : 0;
}

char *strchr(const char *s, int c)
{
    for (; *s != (char)c; s++)
        if (!*s)
            return NULL;
    return (char *)s;
}

char *strstr(const char *s, const char *t)
{
    size_t n = strlen(t);

    for (;; s++) {
        if (!strncmp(s, t, n))
            return (char *)s;
        if (!*s)
            return NULL;
    }
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

/* base 0 guesses from a 0x or 0 prefix. *end is set to the first character
 * that is no digit; no overflow check, as everywhere in the field. */
unsigned long simple_strtoul(const char *s, const char **end, int base)
{
    unsigned long v = 0;
    bool hex = s[0] == '0' && (s[1] | 0x20) == 'x' && digit_value(s[2]) < 16;

    if (!base)
        base = hex ? 16 : s[0] == '0' ? 8 : 10;
    if (base == 16 && hex)
        s += 2;
    for (; digit_value(*s) < base; s++)
        v = v * base + digit_value(*s);
    if (end)
        *end = s;
    return v;
}
