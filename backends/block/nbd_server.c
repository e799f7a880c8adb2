/* SPDX-License-Identifier: MIT */
/* See nbd_server.h. */
#include "nbd_server.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/log.h>

#include "nbd_filter.h"
#include "nbd_view.h"

#define PROGRAM "/usr/bin/qemu-nbd"
#define PACKAGE "qemu-utils"

/* One for each guest, beside those of the backends (backend_main.c). */
#define FIRST_UID 0x70100000u

#define LISTENER 3 /* where the program looks for it */
#define LEASH    4
#define KEEPER   5
#define SPARE    16 /* above all these */

/* --- the socket --- */

/* A listening socket to which one is connected already; nobody can find it when
 * this is over. 0 or -errno. */
static int make_sockets(int *listener, int *connected)
{
    char dir[] = "/run/xen-nbd-XXXXXX";
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int rc = 0;

    *listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *connected = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*listener < 0 || *connected < 0 || !mkdtemp(dir))
        return -errno;
    snprintf(a.sun_path, sizeof(a.sun_path), "%s/socket", dir);
    if (bind(*listener, (struct sockaddr *)&a, sizeof(a)) ||
        listen(*listener, 1) ||
        connect(*connected, (struct sockaddr *)&a, sizeof(a)))
        rc = -errno;
    unlink(a.sun_path);
    rmdir(dir);
    return rc;
}

/* --- in the program's process --- */

static int close_from(int fd)
{
    return syscall(SYS_close_range, fd, ~0u, 0) ? -errno : 0;
}

static int be_alone(const struct nbd_server_plan *p)
{
    bool local = !target_is_uri(p->target.name);

    return unshare(CLONE_NEWIPC | (local ? CLONE_NEWNET : 0)) ? -errno : 0;
}

/* What opens the image in the place of root. */
static int become(uid_t uid)
{
    struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
    const uint32_t files = 1u << CAP_DAC_OVERRIDE;
    struct __user_cap_data_struct some[2] = {{files, files, files}};

    return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setgroups(0, NULL) ||
                   setresgid(uid, uid, uid) || setresuid(uid, uid, uid) ||
                   syscall(SYS_capset, &h, some) ||
                   prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE,
                         0, 0)
               ? -errno
               : 0;
}

static int run_program(const struct nbd_server_plan *p)
{
    char pid[32], text[4096];
    char *environment[] = {(char *)"LISTEN_FDS=1", pid,
                           (char *)"PATH=/usr/bin:/bin", NULL};
    const char *argv[16] = {PROGRAM, "--discard=unmap", "--detect-zeroes=off",
                            p->direct ? "--cache=none" : "--cache=writeback"};
    unsigned int n = 4;
    int rc;

    if (p->readonly)
        argv[n++] = "--read-only";
    rc = target_arguments(&p->target, text, sizeof(text), &argv[n]);
    if (rc)
        return rc;
    snprintf(pid, sizeof(pid), "LISTEN_PID=%d", (int)getpid());
    execve(PROGRAM, (char **)argv, environment);
    return errno == ENOENT
               ? log_reason(-ENOENT, "there is no %s: install the package %s",
                            PROGRAM, PACKAGE)
               : -errno;
}

/* What it cannot do it says where the program would. */
static void serve(const struct nbd_server_plan *p)
{
    sigset_t none;
    int rc;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGXFSZ, SIG_IGN); /* an error is enough */
    rc = close_from(LEASH);
    rc = rc ? rc : be_alone(p);
    rc = rc ? rc : become(FIRST_UID + p->domid);
    rc = rc ? rc : nbd_filter_install(target_is_at_socket(p->target.name));
    rc = rc ? rc : run_program(p);
    dprintf(STDERR_FILENO, "%s\n", log_take_reason(rc));
    _exit(127);
}

/* --- in the guard --- */

/* Until the program has ended, or must. */
static void watch(pid_t program, bool may_be_let_off)
{
    struct pollfd p[] = {{.fd = LEASH, .events = POLLIN},
                         {.fd = KEEPER, .events = POLLIN},
                         {.fd = pidfd_open(program, 0), .events = POLLIN}};
    bool ends = p[2].fd < 0;
    struct rlimit most;
    uint64_t bytes;

    while (!ends) {
        if (poll(p, ARRAY_SIZE(p), -1) < 0) {
            ends = errno != EINTR;
            continue;
        }
        ends = p[1].revents || p[2].revents || !may_be_let_off ||
               read(LEASH, &bytes, sizeof(bytes)) != sizeof(bytes);
        most.rlim_cur = most.rlim_max = bytes;
        if (ends)
            break;
        prlimit(program, RLIMIT_FSIZE, &most, NULL);
        nbd_view_reduce();
        p[0].fd = -1;
    }
}

/* Until all that is below this process is dead: so long the kernel does what
 * that has asked for. What is held is let go then, and the end of words tells
 * of it. */
__attribute__((noreturn)) static void end_after_all(void)
{
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
    close_from(LEASH);
    _exit(0);
}

__attribute__((noreturn)) static void guard(const struct nbd_server_plan *p)
{
    int rc = nbd_view_begin(p);
    pid_t program = rc ? -1 : fork();

    if (!program)
        serve(p);
    prctl(PR_SET_NAME, "xen-nbd-guard");
    close(LISTENER);
    if (program > 0)
        watch(program, !target_is_uri(p->target.name));
    else
        dprintf(STDERR_FILENO, "no server: %s\n", strerror(rc ? -rc : errno));
    if (getpid() == 1) /* all others of the namespace, and never the host's */
        kill(-1, SIGKILL);
    end_after_all();
}

/* --- in the keeper --- */

/* What is said goes to words; at the other end of leash is the process that has
 * started this one, alone. */
struct ends {
    int listener, words, leash;
};

/* Puts each where it belongs; all others are closed. 0 or -errno. */
static int arrange(const struct ends *e, const int *held)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int first[KEEPER + 1] = {
        null, null, e->words, e->listener, e->leash, pidfd_open(getpid(), 0)};
    int above[ARRAY_SIZE(first) + NBD_SERVER_HELD];
    unsigned int n = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(above); i++) {
        bool is_first = i < ARRAY_SIZE(first);
        int fd = is_first ? first[i] : held[i - ARRAY_SIZE(first)];

        if (fd < 0 && !is_first)
            continue;
        above[n] = fcntl(fd, F_DUPFD_CLOEXEC, SPARE);
        if (above[n++] < 0)
            return -errno;
    }
    for (unsigned int i = 0; i < n; i++)
        if (dup2(above[i], i) < 0)
            return -errno;
    return close_from(n);
}

/* As fork(), but the child is the first of a namespace: when that one ends,
 * however it does, the kernel kills all others, and it has ended for its parent
 * when they have. */
static pid_t fork_guard(void)
{
    return (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL,
                          NULL);
}

/* A process that is killed lets go what it holds before the kernel looks for
 * the others of its namespace: this one then has it still. */
__attribute__((noreturn)) static void keep(const struct nbd_server_plan *p,
                                           const struct ends *e)
{
    int rc = arrange(e, p->held);
    sigset_t all;
    pid_t pid;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    pid = rc ? -1 : fork_guard();
    if (!pid)
        guard(p);
    if (pid < 0)
        dprintf(rc ? e->words : STDERR_FILENO, "no server: %s\n",
                strerror(rc ? -rc : errno));
    prctl(PR_SET_NAME, "xen-nbd-keeper");
    close(LISTENER);
    end_after_all();
}

/* --- in that which starts it --- */

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int make_ends(struct nbd_server *s, struct ends *e)
{
    int words[2], leash[2];

    if (pipe2(words, O_CLOEXEC | O_NONBLOCK))
        return -errno;
    s->words = words[0];
    e->words = words[1];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, leash))
        return -errno;
    e->leash = leash[0];
    s->leash = leash[1];
    return 0;
}

/* Keepers that have ended meanwhile. */
static void reap(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

int nbd_server_start(struct nbd_server *s, const struct nbd_server_plan *p)
{
    struct ends e = {-1, -1, -1};
    pid_t pid;
    int rc;

    reap();
    *s = NBD_NO_SERVER;
    rc = make_sockets(&e.listener, &s->socket);
    rc = rc ? rc : make_ends(s, &e);
    pid = rc ? -1 : fork();
    if (!pid)
        keep(p, &e);
    if (!rc && pid < 0)
        rc = -errno;
    close_one(&e.listener);
    close_one(&e.words);
    close_one(&e.leash);
    if (!rc)
        return 0;
    close_one(&s->socket);
    nbd_server_leave(s);
    return rc;
}

void nbd_server_unleash(struct nbd_server *s, uint64_t bytes)
{
    if (send(s->leash, &bytes, sizeof(bytes), MSG_NOSIGNAL) != sizeof(bytes))
        log_warning("the medium's server: %s", strerror(errno));
}

const char *nbd_server_words(struct nbd_server *s, int wait_ms)
{
    static const char own_name[] = "qemu-nbd: ";
    static char text[512];
    struct pollfd p = {.fd = s->words};
    ssize_t n;

    poll(&p, 1, wait_ms); /* until nobody can write there */
    n = read(s->words, text, sizeof(text) - 1);
    text[n < 0 ? 0 : n] = 0;
    text[strcspn(text, "\n")] = 0;
    return text +
           (strncmp(text, own_name, strlen(own_name)) ? 0 : strlen(own_name));
}

void nbd_server_leave(struct nbd_server *s)
{
    close_one(&s->words);
    close_one(&s->leash);
}
