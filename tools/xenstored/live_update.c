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
#include "trace.h"

#define VARIABLE        "XENSTORED_LIVE_UPDATE" /* the file's descriptor */
#define MAX_ARGUMENTS   64
#define DEFAULT_SECONDS 60
#define RETRY_MS        20
#define VERSION_MS      2000 /* in which a program says its version */

static char **own_arguments;
static const char *own_version;

/* What has been asked for. */
static struct {
    struct connection *client; /* by whom; NULL: nothing */
    char name[sizeof(((struct connection *)0)->name)]; /* the client's */
    struct xsd_sockmsg request;
    int fd; /* of the program, so that it cannot become another one */
    char *program, *arguments;      /* NULL: this one's */
    char *words[MAX_ARGUMENTS + 1]; /* of the arguments */
    bool started, force;
    uint64_t deadline;
} update;

void live_update_arguments(char **argv, const char *version)
{
    own_arguments = argv;
    own_version = version;
}

bool live_update_is_new(void)
{
    return getenv(VARIABLE);
}

/* --- the command ---------------------------------------------------------- */

static void forget(void)
{
    if (update.program)
        close(update.fd);
    free(update.program);
    free(update.arguments);
    memset(&update, 0, sizeof(update));
}

/* Whether it is still there: it is not looked at otherwise, and its memory may
 * be another one's. */
static bool client_lives(void)
{
    struct connection *c = connections;

    while (c && (c != update.client || c->dead))
        c = c->next;
    return c && !strcmp(c->name, update.name);
}

static char **arguments(void)
{
    return update.arguments ? update.words : own_arguments;
}

/* In a process that ends with it. */
static void ask_version(int end)
{
    char *argv[MAX_ARGUMENTS + 2] = {update.program};
    int n = 1;

    for (char **word = arguments() + 1; *word && n < MAX_ARGUMENTS; word++)
        argv[n++] = *word;
    argv[n] = (char *)"--journal-version";
    dup2(end, STDOUT_FILENO);
    fexecve(update.fd, argv, environ);
    _exit(1);
}

/* Does it print what this one would? */
static bool is_like_this(void)
{
    char text[64] = "";
    struct pollfd p = {.events = POLLIN};
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC))
        return false;
    pid = fork();
    if (!pid)
        ask_version(ends[1]);
    close(ends[1]);
    p.fd = ends[0];
    if (pid > 0 && poll(&p, 1, VERSION_MS) == 1 &&
        read(ends[0], text, sizeof(text) - 1) <= 0)
        text[0] = 0;
    close(ends[0]);
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    text[strcspn(text, "\n")] = 0;
    return !strcmp(text, own_version);
}

static const char *why_not(void)
{
    struct stat st;

    if (*update.program != '/' || update.fd < 0 || fstat(update.fd, &st) ||
        !S_ISREG(st.st_mode) || access(update.program, X_OK))
        return "That is no program, or not by its whole path.";
    if (!state_on())
        return "There is no journal, so nothing would be kept.";
    if (!is_like_this())
        return "It does not say that it can go on with this daemon's state.";
    return NULL;
}

static const char *set_program(struct connection *c, const char *program)
{
    const char *why;

    if (update.started && client_lives())
        return "Another live update is under way.";
    forget();
    update.program = strdup(program);
    if (!update.program)
        return "There is no memory.";
    update.fd = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    update.client = c;
    strcpy(update.name, c->name);
    why = why_not();
    if (why)
        forget();
    return why ? why : "OK";
}

/* The words of update.arguments, which is changed; false: they are too many. */
static bool split(void)
{
    int n = 0;

    update.words[n++] = update.program;
    for (char *word = strtok(update.arguments, " \t\n"); word;
         word = strtok(NULL, " \t\n")) {
        if (n == MAX_ARGUMENTS)
            return false;
        update.words[n++] = word;
    }
    update.words[n] = NULL;
    return true;
}

static const char *set_arguments(const char *text)
{
    const char *why = "There is no memory.";

    free(update.arguments);
    update.arguments = strdup(text);
    if (update.arguments)
        why = split() ? why_not() : "There are too many arguments.";
    if (why)
        forget();
    return why ? why : "OK";
}

static int parse_start(const char **arg, int n, long *seconds, bool *force)
{
    char *end = NULL;

    for (int i = 0; i < n; i++) {
        if (!strcmp(arg[i], "-F")) {
            *force = true;
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
    bool force = false;

    if (parse_start(arg, n, &seconds, &force))
        return "";
    update.force = force;
    update.request = *r->hdr;
    update.deadline = now_ms() + (uint64_t)seconds * 1000;
    update.started = true;
    r->c->replies++;
    return NULL;
}

const char *live_update_command(struct request *r, const char **arg, int n)
{
    bool is_ours = update.client == r->c && client_lives();

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
            struct pack one = {.data = NULL};

            pack_client(&one, c);
            p->failed |= one.failed;
            pack_u8(p, c == update.client);
            pack_blob(p, one.data, one.used);
            pack_free(&one);
        }
    pack_blob(p, &h, sizeof(h));
    pack_u8(p, trace_enabled);
    pack_string(p, trace_path() ? trace_path() : "");
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

/* Returns if it fails: an errno value. */
static int replace(void)
{
    char number[16], **argv = arguments(), *own = argv[0];
    int rc = state_rewrite(), fd = rc ? -rc : write_file();

    if (fd < 0)
        return -fd;
    snprintf(number, sizeof(number), "%d", fd);
    argv[0] = update.program;
    log_info("going on as %s", update.program);
    keep_all_open(true);
    daemon_hand_over(true);
    setenv(VARIABLE, number, 1);
    fexecve(update.fd, argv, environ);
    rc = errno;
    argv[0] = own;
    unsetenv(VARIABLE);
    daemon_hand_over(false);
    keep_all_open(false);
    close(fd);
    return rc;
}

/* --- when ----------------------------------------------------------------- */

/* That can still be committed. */
static bool has_open(const struct connection *c)
{
    const struct transaction *t = c->transactions.first;

    while (t && t->expired)
        t = t->next;
    return t;
}

static bool in_transaction(void)
{
    struct connection *c = connections;

    while (c && (c->dead || !has_open(c)))
        c = c->next;
    return c;
}

/* client_lives(). */
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
    rc = replace();
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

        if (!u->failed)
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

        if (data)
            rc = connection_restore_message(c, event, data, len);
    }
    sent = unpack_u32(u);
    if (c->out)
        c->out->sent = sent;
    return rc;
}

/* What cannot be taken is disconnected. NULL: this one. */
static struct connection *restore_client(struct unpack *u)
{
    int fd = (int)unpack_u32(u), rc;
    struct connection *c =
        u->failed || fcntl(fd, F_SETFD, FD_CLOEXEC) ? NULL : socket_welcome(fd);
    size_t len;
    const void *in = unpack_blob(u, &len);

    if (!c)
        return NULL;
    if (in && len <= sizeof(c->in)) {
        memcpy(c->in, in, len);
        c->in_used = len;
    }
    rc = restore_watches(u, c);
    rc = rc ? rc : restore_messages(u, c);
    if (rc || u->failed) {
        connection_kill(c);
        return NULL;
    }
    connection_again(c);
    return c;
}

static void restore_trace(struct unpack *u)
{
    bool enabled = unpack_u8(u);
    const char *path = unpack_string(u);

    if (u->failed)
        return;
    if (!*path || !trace_path() || strcmp(path, trace_path()))
        trace_open(*path ? path : NULL);
    trace_enabled = enabled && trace_is_open();
}

static int restore_all(struct unpack *u, struct event_loop *loop)
{
    struct connection *asked = NULL;
    struct xsd_sockmsg h;
    const void *head;
    size_t len;
    int rc = socket_take_over(loop, xs_daemon_socket(), (int)unpack_u32(u));

    for (uint32_t n = unpack_u32(u); n && !rc && !u->failed; n--) {
        bool is_asked = unpack_u8(u);
        struct unpack one = {.at = unpack_blob(u, &len)};
        struct connection *c;

        one.end = one.at + (one.at ? len : 0);
        c = restore_client(&one);
        asked = is_asked ? c : asked;
    }
    head = unpack_blob(u, &len);
    restore_trace(u);
    if (rc || u->failed || len != sizeof(h))
        return rc ? rc : EINVAL;
    memcpy(&h, head, sizeof(h));
    if (asked)
        connection_reply(asked, &h, "OK");
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
