/* SPDX-License-Identifier: MIT */
/*
 * Formatted output into a buffer: %c %s %d %i %u %x %X %o %p %%, with flags
 * "-", "0", "+", " ", "#", width, precision and the sizes hh h l ll z.
 * Everything else is copied as it stands, so that a mistake is seen.
 */
#include <hv/lib.h>

struct out {
    char *buf;
    size_t size, len; /* len counts what would have been written */
};

static void put(struct out *o, char c)
{
    if (o->len + 1 < o->size)
        o->buf[o->len] = c;
    o->len++;
}

static void pad(struct out *o, char c, int n)
{
    while (n-- > 0)
        put(o, c);
}

struct spec {
    bool left, zero, plus, space, alt, upper, negative;
    int width, precision, base; /* precision < 0: none given */
};

static void put_number(struct out *o, const struct spec *sp, uint64_t v)
{
    const char *digits = sp->upper ? "0123456789ABCDEF" : "0123456789abcdef";
    const char *prefix = "";
    char buf[24];
    int n = 0, zeros, blanks;

    if (sp->negative)
        prefix = "-";
    else if (sp->plus)
        prefix = "+";
    else if (sp->space)
        prefix = " ";
    else if (sp->alt && v)
        prefix = sp->base == 16 ? "0x" : sp->base == 8 ? "0" : "";

    for (; v; v /= sp->base)
        buf[n++] = digits[v % sp->base];
    if (!n && sp->precision)
        buf[n++] = '0';

    zeros = sp->precision - n;
    blanks = sp->width - n - (int)strlen(prefix) - MAX(zeros, 0);
    if (sp->zero && !sp->left && sp->precision < 0) {
        zeros = blanks;
        blanks = 0;
    }
    if (!sp->left)
        pad(o, ' ', blanks);
    while (*prefix)
        put(o, *prefix++);
    pad(o, '0', zeros);
    while (n)
        put(o, buf[--n]);
    if (sp->left)
        pad(o, ' ', blanks);
}

static void put_string(struct out *o, const struct spec *sp, const char *s)
{
    size_t n;

    if (!s)
        s = "(null)";
    n = sp->precision < 0 ? strlen(s) : strnlen(s, sp->precision);
    if (!sp->left)
        pad(o, ' ', sp->width - (int)n);
    for (size_t i = 0; i < n; i++)
        put(o, s[i]);
    if (sp->left)
        pad(o, ' ', sp->width - (int)n);
}

static const char *parse_flags(struct spec *sp, const char *f)
{
    for (;; f++) {
        switch (*f) {
        case '-':
            sp->left = true;
            break;
        case '0':
            sp->zero = true;
            break;
        case '+':
            sp->plus = true;
            break;
        case ' ':
            sp->space = true;
            break;
        case '#':
            sp->alt = true;
            break;
        default:
            return f;
        }
    }
}

static int parse_count(const char **f, va_list *ap)
{
    int n = 0;

    if (**f == '*') {
        (*f)++;
        return va_arg(*ap, int);
    }
    for (; **f >= '0' && **f <= '9'; (*f)++)
        n = n * 10 + **f - '0';
    return n;
}

/* The argument of an integer conversion; size < 0 counts h's, > 0 l's. */
static uint64_t int_arg(struct spec *sp, int size, bool is_signed, va_list *ap)
{
    uint64_t v =
        size > 0 ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned int);

    if (!is_signed)
        return size == -1 ? (uint16_t)v : size <= -2 ? (uint8_t)v : v;
    if (size <= 0)
        v = size == -1 ? (int16_t)v : size <= -2 ? (int8_t)v : (int32_t)v;
    sp->negative = (int64_t)v < 0;
    return sp->negative ? -v : v;
}

/* One conversion; f stands behind the '%'. Returns what follows it. */
static const char *convert(struct out *o, const char *f, va_list *ap)
{
    const char *start = f;
    struct spec sp = {.precision = -1, .base = 10};
    int size = 0;

    f = parse_flags(&sp, f);
    sp.width = parse_count(&f, ap);
    if (sp.width < 0) {
        sp.left = true;
        sp.width = -sp.width;
    }
    if (*f == '.') {
        f++;
        sp.precision = parse_count(&f, ap);
    }
    for (;; f++) {
        if (*f == 'l' || *f == 'z')
            size++;
        else if (*f == 'h')
            size--;
        else
            break;
    }
    switch (*f) {
    case 'c':
        pad(o, ' ', sp.left ? 0 : sp.width - 1);
        put(o, (char)va_arg(*ap, int));
        pad(o, ' ', sp.left ? sp.width - 1 : 0);
        return f + 1;
    case 's':
        put_string(o, &sp, va_arg(*ap, const char *));
        return f + 1;
    case 'd':
    case 'i':
        put_number(o, &sp, int_arg(&sp, size, true, ap));
        return f + 1;
    case 'p':
        sp.precision = 16;
        size = 1;
        sp.base = 16;
        break;
    case 'X':
        sp.upper = true;
        sp.base = 16;
        break;
    case 'x':
        sp.base = 16;
        break;
    case 'o':
        sp.base = 8;
        break;
    case 'u':
        break;
    case '%':
        put(o, '%');
        return f + 1;
    default:
        put(o, '%');
        return start;
    }
    sp.plus = sp.space = false;
    put_number(o, &sp, int_arg(&sp, size, false, ap));
    return f + 1;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
    struct out o = {buf, size, 0};
    va_list ap;

    va_copy(ap, args);
    while (*fmt) {
        if (*fmt == '%')
            fmt = convert(&o, fmt + 1, &ap);
        else
            put(&o, *fmt++);
    }
    va_end(ap);
    if (size)
        buf[MIN(o.len, size - 1)] = '\0';
    return o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(buf, size, fmt, ap);
    va_end(ap);
    return n;
}
