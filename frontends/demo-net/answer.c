/* SPDX-License-Identifier: MIT */
/* Answers of HTTP; see answer.h and server.h. */
#include <pv/pv.h>

#include "answer.h"
#include "disk.h"
#include "port.h"
#include "request.h"

#define TIMES_MOST 100000

static const char *reason(unsigned int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 414:
        return "URI Too Long";
    case 431:
        return "Request Header Fields Too Large";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Bad Request";
    }
}

static void put_head(struct answer *a, unsigned int status, const char *type,
                     uint64_t bytes)
{
    a->text_bytes =
        snprintf(a->text, sizeof(a->text),
                 "HTTP/1.0 %u %s\r\nServer: demo-net\r\nContent-Type: %s\r\n"
                 "Content-Length: %lu\r\nConnection: close\r\n%s\r\n",
                 status, reason(status), type, bytes,
                 status == 405 ? "Allow: GET, HEAD\r\n" : "");
}

/* A short text as the body. */
static void put_text(struct answer *a, unsigned int status, bool head,
                     const char *text)
{
    size_t n = strlen(text);

    put_head(a, status, "text/plain", n);
    if (head)
        return;
    memcpy(a->text + a->text_bytes, text, n);
    a->text_bytes += n;
}

static void put_counters(struct answer *a, const struct request *r,
                         const struct tally *t)
{
    char text[256];

    snprintf(text, sizeof(text),
             "requests %lu\nconnections %lu\nopen %u\nrefused %lu\n"
             "cut off %lu\ndisplaced %lu\nlost frames %lu\n",
             disk_requests(), t->accepted, t->open, t->refused, t->cut_off,
             t->displaced, net_lost());
    put_text(a, 200, r->head, text);
}

static void put_page(struct answer *a, const struct request *r, uint64_t times)
{
    a->page = disk_page(&a->page_bytes);
    put_head(a, 200, "text/html", times * a->page_bytes);
    a->left = r->head ? 0 : times * a->page_bytes;
    a->counts = true;
}

/* How often the path asks for the page; 0: it asks for something else. */
static int64_t times_of(const char *path)
{
    int64_t times;

    if (!strcmp(path, "/"))
        return 1;
    if (strncmp(path, "/?", 2))
        return 0;
    times = decimal(path + 2, strlen(path + 2), TIMES_MOST);
    return times < 0 ? 0 : times;
}

void answer_make(struct answer *a, unsigned int status, const struct request *r,
                 const struct tally *t)
{
    bool ok = status == 200;
    int64_t times = ok ? times_of(r->path) : 0;
    size_t bytes;

    *a = (struct answer){0};
    if (times && disk_page(&bytes))
        put_page(a, r, times);
    else if (ok && !strcmp(r->path, "/counters"))
        put_counters(a, r, t);
    else
        put_text(a, ok ? 404 : status, r->head,
                 "demo-net has / and /counters\n");
}
