/* SPDX-License-Identifier: MIT */
/* See errand.h. */
#include "errand.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <daemon/fd_message.h>

#include "errand_wire.h"

static int parent = -1;

void errand_begin(int fd)
{
    parent = fd;
}

/* A text that is too long for any use is cut, and refused there. */
static size_t add(char *to, size_t used, const char *text)
{
    size_t room = ERRAND_TEXT - used, len = text ? strlen(text) + 1 : 0;

    if (len > room)
        len = room;
    memcpy(to + used, text ? text : "", len);
    return used + len;
}

/* Up to two texts, either may be NULL. */
static void send_errand(enum errand_what what, uint32_t number,
                        const char *first, const char *second, int fd)
{
    static struct errand e;
    size_t used = add(e.text, 0, first);

    used = add(e.text, used, second);
    e.what = what;
    e.number = number;
    if (fd_message_send(parent, &e, offsetof(struct errand, text) + used, &fd,
                        fd >= 0, 0))
        _exit(1);
}

/* *fd: that came, or -1. */
static struct errand_answer *answered(int *fd)
{
    static struct errand_answer a;
    int n = 1;

    *fd = -1;
    if (fd_message_receive(parent, &a, sizeof(a), fd, &n) != sizeof(a))
        _exit(1);
    return &a;
}

static int result(void)
{
    int fd, rc = answered(&fd)->rc;

    if (fd >= 0)
        close(fd);
    return rc;
}

static int descriptor(void)
{
    int fd, rc = answered(&fd)->rc;

    if (!rc)
        return fd < 0 ? -EIO : fd;
    if (fd >= 0)
        close(fd);
    return -rc;
}

int errand_open(const char *path, enum file_use use)
{
    send_errand(ERRAND_OPEN, use, path, NULL, -1);
    return descriptor();
}

int errand_listen(const char *path)
{
    send_errand(ERRAND_LISTEN, 0, path, NULL, -1);
    return descriptor();
}

int errand_rename(const char *from, const char *to)
{
    send_errand(ERRAND_RENAME, 0, from, to, -1);
    return result();
}

int errand_remove(const char *path)
{
    send_errand(ERRAND_REMOVE, 0, path, NULL, -1);
    return result();
}

int errand_cut(const char *path, uint32_t size)
{
    send_errand(ERRAND_CUT, size, path, NULL, -1);
    return result();
}

int errand_domain(uint16_t domid, struct xen_domain_info *info)
{
    const struct errand_answer *a;
    int fd;

    send_errand(ERRAND_DOMAIN, domid, NULL, NULL, -1);
    a = answered(&fd);
    if (fd >= 0)
        close(fd);
    *info = a->info;
    return a->rc;
}

void errand_say(enum log_level level, const char *text)
{
    send_errand(ERRAND_SAY, level, text, NULL, -1);
}

void errand_ready(void)
{
    send_errand(ERRAND_READY, 0, NULL, NULL, -1);
}

const char *errand_program(const char *program, const char *arguments)
{
    static char why[sizeof(((struct errand_answer *)0)->text)];
    const struct errand_answer *a;
    int fd;

    send_errand(ERRAND_PROGRAM, arguments ? 2 : 1, program, arguments, -1);
    a = answered(&fd);
    if (fd >= 0)
        close(fd);
    memcpy(why, a->text, sizeof(why));
    why[sizeof(why) - 1] = '\0';
    return *why ? why : NULL;
}

int errand_hand(unsigned int index, int fd)
{
    send_errand(ERRAND_HAND, index, NULL, NULL, fd);
    return result();
}

int errand_go(void)
{
    send_errand(ERRAND_GO, 0, NULL, NULL, -1);
    return result();
}
