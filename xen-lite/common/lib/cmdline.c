/* SPDX-License-Identifier: MIT */
/*
 * The command line: words "name", "name=value", "no-name". Each option is a
 * row that its file puts into a linker section; an unknown one is reported and
 * skipped, because a machine should boot in spite of a typing error.
 */
#include <hv/console.h>
#include <hv/lib.h>

extern const struct hv_option __options_start[], __options_end[];
char saved_cmdline[1024];

uint64_t cmdline_size(const char *s, const char **end)
{
    uint64_t n = simple_strtoul(s, end, 0);
    unsigned int shift = 10; /* bare numbers are KiB, as in Xen */

    switch (**end | 0x20) {
    case 't':
        shift = 40;
        ++*end;
        break;
    case 'g':
        shift = 30;
        ++*end;
        break;
    case 'm':
        shift = 20;
        ++*end;
        break;
    case 'k':
        ++*end;
        break;
    case 'b':
        shift = 0;
        ++*end;
        break;
    }
    return n << shift;
}

static bool parse_bool(const char *s, bool *v)
{
    static const char *const yes[] = {"",   "1",    "y",     "yes",
                                      "on", "true", "enable"};
    static const char *const no[] = {"0", "n", "no", "off", "false", "disable"};

    for (unsigned int i = 0; i < ARRAY_SIZE(yes); i++)
        if (!strcmp(s, yes[i])) {
            *v = true;
            return true;
        }
    for (unsigned int i = 0; i < ARRAY_SIZE(no); i++)
        if (!strcmp(s, no[i])) {
            *v = false;
            return true;
        }
    return false;
}

static bool __init apply(const struct hv_option *o, const char *value,
                         bool negated)
{
    const char *end = value;
    bool flag;

    switch (o->type) {
    case OPT_BOOL:
        if (!parse_bool(value, &flag))
            return false;
        *(bool *)o->var = flag != negated;
        return true;
    case OPT_STR:
        strlcpy(o->var, value, o->len);
        return true;
    case OPT_UINT:
        *(unsigned int *)o->var = simple_strtoul(value, &end, 0);
        return end != value && !*end;
    case OPT_SIZE:
        *(uint64_t *)o->var = cmdline_size(value, &end);
        return end != value && !*end;
    case OPT_FN:
        return ((int (*)(const char *))o->var)(negated ? "0" : value) == 0;
    }
    return false;
}

static void __init parse_word(char *word)
{
    char *value = strchr(word, '=');
    bool negated = false;

    if (value)
        *value++ = '\0';
    else
        value = word + strlen(word);
    for (int pass = 0; pass < 2; pass++) {
        for (const struct hv_option *o = __options_start; o < __options_end;
             o++) {
            if (strcmp(o->name, word))
                continue;
            if (!apply(o, value, negated))
                printk(XENLOG_WARNING "option %s: bad value '%s'\n", word,
                       value);
            return;
        }
        if (strncmp(word, "no-", 3))
            break;
        word += 3;
        negated = true;
    }
    printk(XENLOG_WARNING "unknown option '%s' ignored\n", word);
}

void __init cmdline_parse(const char *cmdline)
{
    static char buf[sizeof(saved_cmdline)] __initdata;
    char *p = buf;

    strlcpy(saved_cmdline, cmdline, sizeof(saved_cmdline));
    strlcpy(buf, cmdline, sizeof(buf));
    for (;;) {
        char *word;

        while (*p == ' ' || *p == '\t')
            p++;
        if (!*p || !strcmp(p, "--"))
            return;
        word = p;
        while (*p && *p != ' ' && *p != '\t')
            p++;
        if (*p)
            *p++ = '\0';
        parse_word(word);
    }
}
