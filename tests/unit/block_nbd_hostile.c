/* SPDX-License-Identifier: MIT */
/*
 * A medium's server that a guest has taken over: this program, in the place of
 * Debian's. Checked: whatever it does to what it is held by, it and all that it
 * leaves behind are killed with its client, and what is held until then stays
 * so.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <daemon/clock.h>

#include "../../backends/block/nbd_server.h"
#include "nbd_world.h"

/* --- the server --- */

#define MOST_FDS 20
#define MOST     (1u << 30)

static const struct flock none = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

static void let_go(int fd)
{
    fcntl(fd, F_OFD_SETLK, &none);
    fcntl(fd, F_SETFL, 0);
    ioctl(fd, FIOASYNC, &(int){0});
}

/* By another number of the same. */
static int another(int fd)
{
    int pair[2], got = -1;
    char text[CMSG_SPACE(sizeof(int))] = "", c = 0;
    struct iovec iov = {&c, 1};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = text,
                       .msg_controllen = sizeof(text)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&m);

    *head = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(head), &fd, sizeof(fd));
    if (!socketpair(AF_UNIX, SOCK_STREAM, 0, pair) &&
        sendmsg(pair[0], &m, 0) == 1 && recvmsg(pair[1], &m, 0) == 1 &&
        CMSG_FIRSTHDR(&m))
        memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(got));
    return got;
}

/* The other end of a pipe, too. */
static void open_anew(int fd)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (open(path, O_RDWR | O_NONBLOCK) < 0)
        return;
}

static void slip(void)
{
    for (int fd = STDERR_FILENO + 1; fd < MOST_FDS; fd++) {
        open_anew(fd);
        let_go(fd);
        let_go(another(fd));
        ioctl(fd, FIOCLEX);
    }
}

#define MUCH (256 << 20) /* bytes of memory: to give them back takes time */

/* It says at its words that it is there, and goes on. */
static void be_hostile(char *argv[])
{
    prctl(PR_SET_PDEATHSIG, 0);
    if (!getenv("AGAIN")) {
        slip();
        setenv("AGAIN", "", 1);
        execv(PROGRAM, argv);
    }
    for (int fd = STDERR_FILENO + 1; fd < MOST_FDS; fd++)
        close(fd);
    if (mmap(NULL, MUCH, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED)
        return;
    if (!fork() && setsid() && !fork())
        dprintf(STDERR_FILENO, "free\n");
    for (;;)
        pause();
}

/* --- its client --- */

static char lock_name[sizeof(image) + 8];

/* A description of its own. */
static int open_lock(void)
{
    return open(lock_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static bool is_free(void)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open_lock(), busy = fcntl(fd, F_OFD_SETLK, &all);

    close(fd);
    return !busy;
}

static pid_t parent_of(pid_t pid)
{
    char command[64];
    pid_t parent = 0;
    FILE *f;

    snprintf(command, sizeof(command), "ps -o ppid= -p %d", (int)pid);
    f = popen(command, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%d", &parent), 1);
    pclose(f);
    return parent;
}

static struct nbd_server taken_over(const char *name)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct nbd_server_plan p = {.target = {.name = name},
                                .held = {open_lock(), -1}};
    struct pollfd words = {.events = POLLIN};
    struct nbd_server s;

    assert_int_equal(fcntl(p.held[0], F_OFD_SETLK, &all), 0);
    assert_int_equal(nbd_server_start(&s, &p), 0);
    close(p.held[0]);
    words.fd = s.words;
    assert_int_equal(poll(&words, 1, 10000), 1);
    assert_string_equal(nbd_server_words(&s, 0), "free");
    return s;
}

/* Each of its processes can write there. */
static void all_of_it_ends(int words)
{
    struct pollfd p = {.fd = words};

    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(p.revents, POLLHUP);
    close(words);
}

static void with_its_client_all_of_it_ends(void **state)
{
    struct nbd_server s = taken_over("nbd:somewhere:1");
    int words = dup(s.words);

    nbd_server_leave(&s);
    all_of_it_ends(words);
    close(s.socket);
}

static void what_is_held_stays_so_until_then(void **state)
{
    struct nbd_server s = taken_over("nbd:somewhere:1");
    int words = dup(s.words);

    assert_false(is_free());
    nbd_server_leave(&s);
    all_of_it_ends(words);
    close(s.socket);
    assert_true(is_free());
}

/* It is let off then, and may go on; its medium nobody else gets. */
static void that_of_an_image_keeps_others_out_as_long_as_it_lives(void **state)
{
    struct nbd_server s;
    int words;

    new_image("raw");
    s = taken_over(image);
    words = dup(s.words);
    nbd_server_unleash(&s, MOST);
    nbd_server_leave(&s);
    close(s.socket);
    assert_false(is_free());
    run("pkill -KILL -n -x -P %d xen-nbd-keeper", (int)getpid());
    all_of_it_ends(words);
}

/* The parent of its program, or the parent of that. */
static void kill_above(struct nbd_server s, unsigned int generations)
{
    pid_t server = server_pid(), parent = server;
    struct pollfd ended = {.fd = pidfd_open(server, 0), .events = POLLIN};
    uint64_t until = now_ms() + 10000;

    while (generations--)
        parent = parent_of(parent);
    kill(parent, SIGKILL);
    while (!is_free())
        assert_true(now_ms() < until);
    assert_int_equal(poll(&ended, 1, 0), 1);
    close(ended.fd);
    all_of_it_ends(dup(s.words));
    nbd_server_leave(&s);
    close(s.socket);
}

static void so_they_are_if_its_guard_is_killed(void **state)
{
    kill_above(taken_over("nbd:somewhere:1"), 1);
}

static void or_its_keeper(void **state)
{
    struct nbd_server s;

    new_image("raw");
    s = taken_over(image);
    nbd_server_unleash(&s, MOST);
    kill_above(s, 2);
}

static int begin(void **state)
{
    char this[4096] = "";

    if (nbd_world_begin(state) ||
        readlink("/proc/self/exe", this, sizeof(this) - 1) < 0)
        return -1;
    snprintf(lock_name, sizeof(lock_name), "%s/lock", dir);
    return unshare(CLONE_NEWNS) ||
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
           mount(this, PROGRAM, NULL, MS_BIND, NULL);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_its_client_all_of_it_ends),
        cmocka_unit_test(what_is_held_stays_so_until_then),
        cmocka_unit_test(that_of_an_image_keeps_others_out_as_long_as_it_lives),
        cmocka_unit_test(so_they_are_if_its_guard_is_killed),
        cmocka_unit_test(or_its_keeper),
    };

    if (getenv("LISTEN_FDS"))
        be_hostile(argv);
    return nbd_world_run("block_nbd_hostile", tests,
                         sizeof(tests) / sizeof(*tests), 0, begin);
}
