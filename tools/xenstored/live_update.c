/* SPDX-License-Identifier: MIT */
/* See live_update.h. */
#include "live_update.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenstore.h>

#include <daemon/clock.h>
#include <daemon/daemonise.h>
#include <daemon/log.h>

#include "journal.h"
#include "record.h"
#include "socket.h"
#include "state.h"

#define VARIABLE        "XENSTORED_LIVE_UPDATE" /* the file's descriptor */
#define MAX_ARGUMENTS   64
#define DEFAULT_SECONDS 60
#define RETRY_MS        20
#define VERSION_MS      5000 /* in which a program says its version */

static char **own_arguments;

/* What has been asked for. */
static struct {
    struct connection *client; /* by whom; NULL: nothing */
    struct xsd_sockmsg request;
    char *program, *arguments; /* NULL: this one's */
    bool started, force;
    uint64_t deadline;
} update;

void live_update_arguments(char **argv)
{
    own_arguments = argv;
}

bool live_update_is_new(void)
{
    return getenv(VARIABLE);
}

/* --- the command ---------------------------------------------------------- */

static void forget(void)
{
    free(update.program);
    free(update.arguments);
    memset(&update, 0, sizeof(update));
}

/* Whether it is still there: it is never looked at otherwise. */
static bool client_lives(void)
{
    struct connection *c = connections;

    while (c && (c != update.client || c->dead))
        c = c->next;
    return c;
}

/* What it says when it is asked for the version, as far as it is a number. */
static long version_of(const char *program)
{
    char text[32] = "";
    struct pollfd p = {.events = POLLIN};
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) || (pid = fork()) < 0)
        return -1;
    if (!pid) {
        dup2(ends[1], STDOUT_FILENO);
        execl(program, program, "--journal-version", NULL);
        _exit(1);
    }
    close(ends[1]);
    p.fd = ends[0];
    if (poll(&p, 1, VERSION_MS) == 1 &&
        read(ends[0], text, sizeof(text) - 1) <= 0)
        text[0] = 0;
    close(ends[0]);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return *text ? strtol(text, NULL, 10) : -1;
}

static const char *why_not(const char *program)
{
    struct stat st;

    if (*program != '/' || stat(program, &st) || !S_ISREG(st.st_mode) ||
        access(program, X_OK))
        return "That is no program, or not by its whole path.";
    if (!state_on())
        return "There is no journal, so nothing would be kept.";
    if (version_of(program) != JOURNAL_VERSION)
        return "It does not say that it can read this daemon's state.";
    return NULL;
}

static const char *set_program(struct connection *c, const char *program)
{
    const char *why;

    if (update.client && client_lives())
        return "Another live update is under way.";
    forget();
    why = why_not(program);
    if (why)
        return why;
    update.program = strdup(program);
    update.client = update.program ? c : NULL;
    return update.program ? "OK" : "There is no memory.";
}

static const char *set_arguments(const char *arguments)
{
    free(update.arguments);
    update.arguments = strdup(arguments);
    return update.arguments ? "OK" : "There is no memory.";
}

static int parse_start(const char **arg, int n, long *seconds)
{
    char *end = NULL;

    for (int i = 0; i < n; i++) {
        if (!strcmp(arg[i], "-F")) {
            update.force = true;
        } else if (!strcmp(arg[i], "-t") && i + 1 < n) {
            *seconds = strtol(arg[++i], &end, 10);
            if (end == arg[i] || *end || *seconds < 0 || *seconds > 86400)
                return EINVAL;
        } else {
            return EINVAL;
        }
    }
    return 0;
}

/* Until it is answered it counts as an answer that waits: no further request of
 * this client is served. */
static const char *start(struct request *r, const char **arg, int n)
{
    long seconds = DEFAULT_SECONDS;

    if (parse_start(arg, n, &seconds))
        return "";
    update.request = *r->hdr;
    update.deadline = now_ms() + (uint64_t)seconds * 1000;
    update.started = true;
    r->c->replies++;
    return NULL;
}

const char *live_update_command(struct request *r, const char **arg, int n)
{
    bool is_ours = update.client == r->c;

    if (r->c->domain) /* nobody could answer it */
        return "By the daemon's socket alone.";
    if (n == 2 && !strcmp(arg[0], "-f"))
        return set_program(r->c, arg[1]);
    if (n < 1 ||
        (strcmp(arg[0], "-a") && strcmp(arg[0], "-c") && strcmp(arg[0], "-s")))
        return "";
    if (!is_ours)
        return "No live update has been prepared by this connection.";
    if (!strcmp(arg[0], "-s"))
        return start(r, arg + 1, n - 1);
    if (!strcmp(arg[0], "-c"))
        return n == 2 ? set_arguments(arg[1]) : "";
    forget();
    return "OK";
}

/* --- what is left to the next program ------------------------------------- */

static void pack_client(struct pack *p, struct connection *c)
{
    uint32_t n = 0;

    pack_u32(p, (uint32_t)socket_of(c));
    pack_blob(p, c->in, c->in_used);
    pack_u32(p, c->watches.count);
    watches_reverse(&c->watches);
    for (const struct watch *w = c->watches.first; w; w = w->next) {
        pack_u16(p, w->relative);
        pack_string(p, w->path);
        pack_string(p, w->token);
    }
    watches_reverse(&c->watches);
    for (const struct message *m = c->out; m; m = m->next)
        n++;
    pack_u32(p, n);
    for (const struct message *m = c->out; m; m = m->next) {
        pack_u8(p, m->event);
        pack_blob(p, m->data, m->len);
    }
    pack_u32(p, c->out ? c->out->sent : 0);
}

static bool is_local(const struct connection *c)
{
    return !c->domain && !c->dead;
}

static void pack_all(struct pack *p)
{
    struct xsd_sockmsg h = update.request;
    uint32_t n = 0;

    h.len = 3;
    for (struct connection *c = connections; c; c = c->next)
        n += is_local(c);
    pack_u32(p, (uint32_t)socket_listener());
    pack_u32(p, n);
    for (struct connection *c = connections; c; c = c->next)
        if (is_local(c)) {
            pack_client(p, c);
            pack_u8(p, c == update.client);
        }
    pack_bytes(p, &h, sizeof(h));
    pack_bytes(p, "OK", 3);
}

/* A descriptor, or -errno. */
static int write_file(void)
{
    struct pack p = {.data = NULL};
    int fd = memfd_create("xenstored", 0), rc = fd < 0 ? -errno : 0;

    pack_all(&p);
    if (p.failed)
        rc = -ENOMEM;
    for (size_t done = 0; !rc && done < p.used;) {
        ssize_t n = write(fd, p.data + done, p.used - done);

        if (n > 0)
            done += (size_t)n;
        else
            rc = n ? -errno : -EIO;
    }
    pack_free(&p);
    if (rc && fd >= 0)
        close(fd);
    return rc ? rc : fd;
}

static void keep_open(int fd, bool over_exec)
{
    fcntl(fd, F_SETFD, over_exec ? 0 : FD_CLOEXEC);
}

static void keep_all_open(bool over_exec)
{
    keep_open(socket_listener(), over_exec);
    for (struct connection *c = connections; c; c = c->next)
        if (is_local(c))
            keep_open(socket_of(c), over_exec);
}

/* The words of @text, which is changed; with the program in front. */
static void split(char *text, char *argv[MAX_ARGUMENTS])
{
    int n = 0;

    argv[n++] = update.program;
    for (char *word = strtok(text, " \t\n"); word && n < MAX_ARGUMENTS - 1;
         word = strtok(NULL, " \t\n"))
        argv[n++] = word;
    argv[n] = NULL;
}

/* Returns if it fails: an errno value. */
static int replace(void)
{
    char number[16], *words[MAX_ARGUMENTS], *own = own_arguments[0];
    char **argv = own_arguments;
    int fd = write_file(), rc;

    if (fd < 0)
        return -fd;
    snprintf(number, sizeof(number), "%d", fd);
    if (update.arguments)
        split(update.arguments, argv = words);
    else
        argv[0] = update.program;
    log_info("going on as %s", update.program);
    keep_all_open(true);
    daemon_hand_over(true);
    setenv(VARIABLE, number, 1);
    execv(update.program, argv);
    rc = errno;
    own_arguments[0] = own;
    unsetenv(VARIABLE);
    daemon_hand_over(false);
    keep_all_open(false);
    close(fd);
    return rc;
}

/* --- when ----------------------------------------------------------------- */

static bool in_transaction(void)
{
    struct connection *c = connections;

    while (c && (c->dead || !c->transactions.count))
        c = c->next;
    return c;
}

static void answer(const char *text)
{
    struct xsd_sockmsg h = update.request;
    struct connection *c = update.client;

    forget();
    h.len = (uint32_t)strlen(text) + 1;
    c->replies--;
    connection_reply(c, &h, text);
    connection_again(c);
}

int live_update_try(void)
{
    char text[128];
    int rc;

    if (update.client && !client_lives())
        forget();
    if (!update.started)
        return -1;
    if (!update.force && in_transaction()) {
        if (now_ms() < update.deadline)
            return RETRY_MS;
        answer("There are transactions that do not end.");
        return 0;
    }
    rc = state_on() ? replace() : ENOSPC;
    snprintf(text, sizeof(text), "This program goes on: %s.", strerror(rc));
    log_error("live update to %s: %s", update.program, strerror(rc));
    answer(text);
    return 0;
}

/* --- in the new program --------------------------------------------------- */

static int restore_watches(struct unpack *u, struct connection *c)
{
    uint32_t n = unpack_u32(u);
    int rc = 0;

    for (uint32_t i = 0; i < n && !rc && !u->failed; i++) {
        size_t relative = unpack_u16(u);
        const char *path = unpack_string(u), *token = unpack_string(u);

        if (c && !u->failed)
            rc = watch_restore(c, path, relative, token);
    }
    return rc;
}

static int restore_messages(struct unpack *u, struct connection *c)
{
    uint32_t n = unpack_u32(u), sent;
    int rc = 0;

    for (uint32_t i = 0; i < n && !rc && !u->failed; i++) {
        bool event = unpack_u8(u);
        size_t len;
        const void *data = unpack_blob(u, &len);

        if (c && data)
            rc = connection_restore_message(c, event, data, len);
    }
    sent = unpack_u32(u);
    if (c && c->out)
        c->out->sent = sent;
    return rc;
}

/* Who has asked for all this, or NULL, in *asked. */
static int restore_client(struct unpack *u, struct connection **asked)
{
    int fd = (int)unpack_u32(u), rc;
    struct connection *c =
        u->failed || fcntl(fd, F_SETFD, FD_CLOEXEC) ? NULL : socket_welcome(fd);
    size_t len;
    const void *in = unpack_blob(u, &len);

    if (c && in && len <= sizeof(c->in)) {
        memcpy(c->in, in, len);
        c->in_used = len;
    }
    rc = restore_watches(u, c);
    rc = rc ? rc : restore_messages(u, c);
    if (unpack_u8(u))
        *asked = c;
    if (rc && c)
        connection_kill(c);
    else if (c)
        connection_again(c);
    return u->failed ? EINVAL : 0;
}

static int restore_all(struct unpack *u, struct event_loop *loop)
{
    struct connection *asked = NULL;
    struct xsd_sockmsg h;
    const void *head;
    int rc = socket_take_over(loop, xs_daemon_socket(), (int)unpack_u32(u));

    for (uint32_t n = unpack_u32(u); n && !rc && !u->failed; n--)
        rc = restore_client(u, &asked);
    head = unpack_bytes(u, sizeof(h));
    if (rc || u->failed || !asked)
        return rc ? rc : u->failed ? EINVAL : 0;
    memcpy(&h, head, sizeof(h));
    connection_reply(asked, &h, u->at);
    return 0;
}

int live_update_take_over(struct event_loop *loop)
{
    int fd = atoi(getenv(VARIABLE)), rc = 0;
    struct stat st;
    struct unpack u = {.at = NULL};
    void *data = MAP_FAILED;

    unsetenv(VARIABLE);
    if (fstat(fd, &st))
        return errno;
    data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (data == MAP_FAILED)
        return errno;
    u.at = data;
    u.end = u.at + st.st_size;
    rc = restore_all(&u, loop);
    munmap(data, (size_t)st.st_size);
    log_info("going on with the store of the program before");
    return rc;
}
