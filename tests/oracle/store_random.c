/* SPDX-License-Identifier: MIT */
/* Requests at random: see store_compare.h. */
#include "store_compare.h"

static uint32_t random_state;

void random_start(uint32_t from)
{
    random_state = from * 2654435761u;
}

uint32_t rnd(uint32_t n)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % n;
}

static void add(struct request *r, const void *data, uint32_t len)
{
    if (len > PAYLOAD_MAX - r->len)
        len = PAYLOAD_MAX - r->len;
    memcpy(r->data + r->len, data, len);
    r->len += len;
}

void add_string(struct request *r, const char *s)
{
    add(r, s, (uint32_t)strlen(s) + 1);
}

static void add_many(struct request *r, char c, uint32_t n)
{
    while (n--)
        add(r, &c, 1);
}

static void add_path(struct request *r)
{
    static const char *const top[] = {"/",
                                      "/a",
                                      "/a/b",
                                      "/a/b/c",
                                      "/local/domain/7",
                                      "/local/domain/7/x",
                                      "/local/domain/8/x/y",
                                      "x",
                                      "x/y",
                                      "x/y/z",
                                      "data",
                                      "data/1",
                                      "/local/domain/7/data",
                                      "/tool",
                                      "/vm/1"};
    static const char *const odd[] = {"",
                                      "//",
                                      "/a/",
                                      "/a//b",
                                      "a/",
                                      "@introduceDomain",
                                      "@releaseDomain",
                                      "@other",
                                      "@",
                                      "/a b",
                                      "/\xc3\xa4",
                                      "/a:b",
                                      "/a+b",
                                      "/a.b",
                                      "/A_-@9",
                                      "..",
                                      "/local/domain/7/",
                                      "/a/b/c/d/e/f/g/h/i",
                                      "*"};

    switch (rnd(24)) {
    case 0:
    case 1:
        add(r, odd[rnd(19)], 0);
        add_string(r, odd[rnd(19)]);
        return;
    case 2:
        if (rnd(2))
            add(r, "/", 1);
        add_many(r, 'p', 1000 + rnd(2200));
        add(r, "", 1);
        return;
    default:
        add_string(r, top[rnd(15)]);
    }
}

static void add_value(struct request *r)
{
    switch (rnd(12)) {
    case 0:
        add_many(r, 'v', 2000 + rnd(100));
        break;
    case 1:
        add_many(r, 'v', rnd(4000));
        break;
    case 2:
        add(r, "a\0b", rnd(4));
        break;
    default:
        add_many(r, (char)('a' + rnd(26)), rnd(5));
    }
}

static void add_perms(struct request *r)
{
    static const char *const odd[] = {
        "",       "x7", "n",      "r-1",    "n7x",    "b ", "n99",
        "n65536", "7",  "n65535", "r40000", "w32752", "nn7"};
    uint32_t n = rnd(12) ? 1 + rnd(3) : rnd(9);

    for (uint32_t i = 0; i < n; i++) {
        char text[8];

        if (rnd(20) == 0) {
            add_string(r, odd[rnd(13)]);
            continue;
        }
        snprintf(
            text, sizeof(text), "%c%u", "nrwb" [rnd(4)],
            (const unsigned int[]) { 0, 7, 8, 7, 8, 9 }[rnd(6)]);
        add_string(r, text);
    }
}

static void add_number(struct request *r)
{
    static const char *const odd[] = {"",           "x",     "-1",    "7x",
                                      " 7",         "32752", "40000", "70000",
                                      "4294967303", "0x7",   "07",    "+7"};
    char text[16];

    if (rnd(8) == 0) {
        add_string(r, odd[rnd(12)]);
        return;
    }
    snprintf(text, sizeof(text), "%u",
             (const unsigned int[]){0, 7, 8, 9, 7, 8}[rnd(6)]);
    add_string(r, text);
}

static void add_token(struct request *r)
{
    static const char *const token[] = {"t", "u", "", "token with spaces", "1"};

    if (rnd(30) == 0)
        add_many(r, 't', 900 + rnd(300));
    add_string(r, token[rnd(5)]);
}

/* The payload that its type wants. */
static void fill(struct request *r)
{
    switch (r->type) {
    case XS_WRITE:
        add_path(r);
        add_value(r);
        break;
    case XS_SET_PERMS:
        add_path(r);
        add_perms(r);
        break;
    case XS_WATCH:
    case XS_UNWATCH:
        add_path(r);
        add_token(r);
        break;
    case XS_DIRECTORY_PART:
        add_path(r);
        add_string(r, rnd(4) ? "0" : "5");
        break;
    case XS_TRANSACTION_START:
        add(r, "", 1);
        break;
    case XS_TRANSACTION_END:
        add_string(r, rnd(12) ? (rnd(3) ? "T" : "F") : "X");
        break;
    case XS_SET_TARGET:
        add_number(r);
        add_number(r);
        break;
    case XS_RELEASE:
    case XS_RESUME:
    case XS_IS_DOMAIN_INTRODUCED:
    case XS_GET_DOMAIN_PATH:
        add_number(r);
        break;
    case XS_RESET_WATCHES:
        add(r, "", rnd(2));
        break;
    default:
        add_path(r);
    }
}

/* Cuts, prolongs or spoils a payload. */
static void spoil(struct request *r)
{
    switch (rnd(4)) {
    case 0:
        r->len = r->len ? r->len - 1 : 0;
        break;
    case 1:
        add(r, "", 1);
        break;
    case 2:
        r->len = rnd(r->len + 1);
        break;
    default:
        add_string(r, "more");
    }
}

static uint32_t some_type(void)
{
    static const uint32_t usual[] = {XS_WRITE,
                                     XS_WRITE,
                                     XS_WRITE,
                                     XS_READ,
                                     XS_DIRECTORY,
                                     XS_MKDIR,
                                     XS_RM,
                                     XS_SET_PERMS,
                                     XS_GET_PERMS,
                                     XS_WATCH,
                                     XS_TRANSACTION_START,
                                     XS_TRANSACTION_END};
    static const uint32_t others[] = {XS_UNWATCH,
                                      XS_DIRECTORY_PART,
                                      XS_GET_DOMAIN_PATH,
                                      XS_SET_TARGET,
                                      XS_RELEASE,
                                      XS_RESUME,
                                      XS_IS_DOMAIN_INTRODUCED,
                                      XS_RESET_WATCHES,
                                      10,
                                      23,
                                      100,
                                      XS_ERROR,
                                      XS_WATCH_EVENT};

    return rnd(6) ? usual[rnd(12)] : others[rnd(13)];
}

void random_request(struct request *r)
{
    r->type = some_type();
    fill(r);
    if (rnd(15) == 0)
        spoil(r);
}

int strings(const struct request *r)
{
    int n = 0;

    for (uint32_t i = 0; i < r->len; i++)
        n += !r->data[i];
    return r->len && r->data[r->len - 1] ? -1 : n;
}

bool takes_one_path(uint32_t type)
{
    return type == XS_READ || type == XS_DIRECTORY || type == XS_GET_PERMS ||
           type == XS_MKDIR || type == XS_RM;
}

bool is_number(const char *s)
{
    return *s && strspn(s, "0123456789") == strlen(s) && atol(s) < 32752;
}
