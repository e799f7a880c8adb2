/* SPDX-License-Identifier: MIT */
/* Reads ip=; see address.h. */
#include <string.h>

#include "address.h"

#define DEFAULT_MASK 0xffffff00

/* The word that begins with ip=, without that; its length, or -1: there is
 * none. */
static int find_word(const char *line, unsigned int size, const char **word)
{
    unsigned int at = 0, end;

    for (; at < size && line[at]; at = end + 1) {
        for (end = at; end < size && line[end] && line[end] != ' ';)
            end++;
        if (end - at >= 3 && !memcmp(line + at, "ip=", 3)) {
            *word = line + at + 3;
            return end - at - 3;
        }
        if (end == size || !line[end])
            break;
    }
    return -1;
}

/* The next field, up to a colon; *word moves behind that. */
static unsigned int next_field(const char **word, unsigned int *left,
                               const char **field)
{
    unsigned int n = 0;

    *field = *word;
    while (n < *left && (*word)[n] != ':')
        n++;
    *word += n < *left ? n + 1 : n;
    *left -= n < *left ? n + 1 : n;
    return n;
}

/* Four numbers and three dots, and nothing else. */
static bool parse_ip(const char *s, unsigned int n, uint32_t *ip)
{
    unsigned int at = 0;

    *ip = 0;
    for (unsigned int part = 0; part < 4; part++) {
        unsigned int value = 0, digits = 0;

        for (; at < n && s[at] >= '0' && s[at] <= '9' && digits < 4; digits++)
            value = value * 10 + s[at++] - '0';
        if (!digits || value > 255 || (part < 3 && (at == n || s[at++] != '.')))
            return false;
        *ip = *ip << 8 | value;
    }
    return at == n;
}

/* An empty field leaves what is there. */
static bool parse_field(const char **word, unsigned int *left, uint32_t *ip)
{
    const char *field;
    unsigned int n = next_field(word, left, &field);

    return !n || parse_ip(field, n, ip);
}

bool address_usable(uint32_t ip, uint32_t mask)
{
    uint32_t host = ip & ~mask, top = ip >> 24;

    if (!mask || (~mask & (~mask + 1)) || ~mask == 0)
        return false;
    if (!top || top == 127 || top >= 224)
        return false;
    return ~mask < 2 || (host && host != ~mask);
}

bool address_parse(const char *line, unsigned int size, struct address *a)
{
    const char *word, *server;
    int found = find_word(line, size, &word);
    unsigned int left = found;

    *a = (struct address){.dhcp = true, .mask = DEFAULT_MASK};
    if (found < 0 || (found == 4 && !memcmp(word, "dhcp", 4)))
        return true;
    a->dhcp = false;
    if (!parse_field(&word, &left, &a->ip))
        return false;
    next_field(&word, &left, &server);
    return parse_field(&word, &left, &a->gateway) &&
           parse_field(&word, &left, &a->mask) &&
           address_usable(a->ip, a->mask) &&
           (!a->gateway || address_usable(a->gateway, a->mask));
}
