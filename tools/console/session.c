/* SPDX-License-Identifier: MIT */
/* See session.h. */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "../../backends/console/serving.h"

#define RETRY_MS 200 /* for a new terminal */
#define LAST_MS  200 /* a dead guest's terminal is silent for so long */

/* Only root sees the file; Xen's daemon has none. */
bool daemon_serves(void)
{
    int fd = open(CONSOLE_RUN_DIR "/serving", O_RDONLY | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK};
    bool serves = true;
    char byte;

    if (fd < 0)
        return true;
    if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK)
        serves = false;
    if (read(fd, &byte, 1) != 1)
        serves = false;
    close(fd);
    return serves;
}

int tty_open(struct xs_handle *xs, const char *path)
{
    unsigned int len;
    char *name = daemon_serves() ? xs_read(xs, XBT_NULL, path, &len) : NULL;
    struct termios t;
    int fd = -1;

    if (name && *name)
        fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    free(name);
    if (fd >= 0 && tcgetattr(fd, &t) == 0) {
        cfmakeraw(&t);
        tcsetattr(fd, TCSANOW, &t);
    }
    return fd;
}

/* --- the user --- */

/* False: nobody reads it any more. */
static bool show(const char *text, size_t len)
{
    while (len) {
        ssize_t n = write(STDOUT_FILENO, text, len);
        struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

        if (n < 0 && errno == EAGAIN) /* the other end's doing */
            poll(&p, 1, -1);
        else if (n <= 0 && errno != EINTR)
            return false;
        if (n > 0) {
            text += n;
            len -= n;
        }
    }
    return true;
}

/* As much as the terminal takes. */
static void send_typed(struct session *s)
{
    ssize_t n = 1;

    while (s->tty >= 0 && s->typed && n > 0) {
        n = write(s->tty, s->text, s->typed);
        if (n <= 0)
            return;
        s->typed -= n;
        memmove(s->text, s->text + n, s->typed);
    }
}

/* False ends the session at once. When there is no room, what is typed is lost,
 * but for the escape character; what is no terminal waits. */
static bool take_input(struct session *s)
{
    size_t room = sizeof(s->text) - s->typed, len;
    char text[512], *end;
    ssize_t n = read(STDIN_FILENO, text,
                     room && room < sizeof(text) ? room : sizeof(text));

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        s->ending = true;
    end = s->escape ? memchr(text, s->escape, n) : NULL;
    len = end ? (size_t)(end - text) : (size_t)n;
    if (len > room)
        len = room;
    memcpy(s->text + s->typed, text, len);
    s->typed += len;
    send_typed(s);
    return !end;
}

static bool wants_input(const struct session *s)
{
    return s->input && !s->ending &&
           (s->typed < sizeof(s->text) || isatty(STDIN_FILENO));
}

/* --- the guest --- */

/* A store that has ended knows nothing: then the terminal's end is looked at,
 * see reconnect(). */
static void look_at_domain(struct session *s)
{
    char **event;
    bool lives;

    do {
        lives = xs_is_domain_introduced(s->xs, s->domid);
        event = xs_check_watch(s->xs);
        free(event);
    } while (event);
    s->store_gone = errno != EAGAIN;
    s->over = !s->store_gone && !lives;
}

static void open_store(struct session *s)
{
    if (s->xs)
        xs_close(s->xs);
    s->xs = xs_open(0);
    s->store_gone = !s->xs;
    if (s->xs)
        xs_watch(s->xs, "@releaseDomain", "released");
}

/* There is no terminal. */
static void reconnect(struct session *s)
{
    if (s->store_gone)
        open_store(s);
    if (!s->store_gone)
        look_at_domain(s);
    if (s->store_gone || s->over)
        return;
    s->tty = tty_open(s->xs, s->path);
    send_typed(s);
}

/* False: nobody reads what the guest prints. */
static bool take_output(struct session *s)
{
    char text[4096];
    ssize_t n = read(s->tty, text, sizeof(text));

    if (n > 0)
        return show(text, n);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    close(s->tty);
    s->tty = -1;
    return true;
}

static int wait_ms(const struct session *s)
{
    return s->over ? LAST_MS : s->tty < 0 ? RETRY_MS : -1;
}

/* False: the session is at its end. */
static bool turn(struct session *s)
{
    struct pollfd p[3] = {
        {.fd = s->tty, .events = POLLIN | (s->typed ? POLLOUT : 0)},
        {.fd = s->over || s->store_gone ? -1 : xs_fileno(s->xs),
         .events = POLLIN},
        {.fd = wants_input(s) ? STDIN_FILENO : -1, .events = POLLIN},
    };
    int n = poll(p, 3, wait_ms(s));

    if (n < 0)
        return errno == EINTR;
    if (n == 0 && s->over)
        return false;
    if (p[2].revents && !take_input(s))
        return false;
    if (p[0].revents & POLLOUT)
        send_typed(s);
    if ((p[0].revents & (POLLIN | POLLHUP | POLLERR)) && !take_output(s))
        return false;
    if (p[1].revents)
        look_at_domain(s);
    if (n == 0 && s->tty < 0)
        reconnect(s);
    return !(s->over && s->tty < 0) && !(s->ending && !s->typed);
}

void session_run(struct session *s)
{
    xs_watch(s->xs, "@releaseDomain", "released");
    while (turn(s))
        ;
    if (s->tty >= 0)
        close(s->tty);
    if (s->xs)
        xs_close(s->xs);
}
