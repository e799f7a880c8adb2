/* SPDX-License-Identifier: MIT */
/* Requests of HTTP; see request.h. */
#include <string.h>

#include "request.h"

/* The line up to its next blank, which becomes a NUL; *at moves behind it. */
static const char *next_word(char **at)
{
    char *word = *at, *end = word;

    while (*end && *end != ' ')
        end++;
    *at = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

/* Three words with one blank in between. */
static unsigned int judge_line(struct request *r)
{
    char *at = r->line;
    const char *method = next_word(&at), *protocol;

    r->path = next_word(&at);
    protocol = next_word(&at);
    r->head = !strcmp(method, "HEAD");
    if (!*method || r->path[0] != '/' || !*protocol || *at)
        return 400;
    if (strncmp(protocol, "HTTP/1.", 7))
        return strncmp(protocol, "HTTP/", 5) ? 400 : 505;
    return r->head || !strcmp(method, "GET") ? 200 : 405;
}

/* Control characters, a NUL among them, are in no first line. */
static unsigned int take_of_line(struct request *r, char c)
{
    if (c == '\n') {
        if (r->length && r->line[r->length - 1] == '\r')
            r->length--;
        r->line[r->length] = '\0';
        r->in_headers = r->blank = true;
        return 0;
    }
    if ((unsigned char)c < ' ' && c != '\r')
        return 400;
    if (r->length == REQUEST_LINE - 1)
        return 414;
    r->line[r->length++] = c;
    return 0;
}

static unsigned int take_of_headers(struct request *r, char c)
{
    if (c == '\n' && r->blank)
        return judge_line(r);
    if (c != '\r')
        r->blank = c == '\n';
    return 0;
}

unsigned int request_take(struct request *r, const char *data, size_t n)
{
    unsigned int status = 0;

    for (size_t i = 0; !status && i < n; i++) {
        if (r->bytes++ == REQUEST_MAX)
            return 431;
        status = r->in_headers ? take_of_headers(r, data[i])
                               : take_of_line(r, data[i]);
    }
    return status;
}

int64_t decimal(const char *s, size_t n, int64_t max)
{
    int64_t value = 0;

    if (!n || n > 18)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        value = value * 10 + s[i] - '0';
    }
    return value <= max ? value : -1;
}
