/* SPDX-License-Identifier: MIT */
/*
 * store PRELOAD DAEMON... - requests of local clients to store daemons, with
 * store_xen.c for a hypervisor, and first the bare round trip over a socket
 * pair. A row of each: microseconds for a request, those that the daemon spends
 * on it (its own CPU time), and with VALGRIND=1 the instructions that it
 * executes for it outside the kernel. With many clients all have sent before
 * the first answer is read.
 */
#include "../oracle/store_compare.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS 50

static int fd[CLIENTS];
static unsigned int nodes;

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* --- one request -----------------------------------------------------------
 */

static void put(int c, uint32_t type, uint32_t tx, const char *data,
                uint32_t len)
{
    struct xsd_sockmsg h = {type, 1, tx, len};
    char message[sizeof(h) + PAYLOAD_MAX];

    memcpy(message, &h, sizeof(h));
    memcpy(message + sizeof(h), data, len);
    if (write(fd[c], message, sizeof(h) + len) != (ssize_t)(sizeof(h) + len))
        die("sending");
}

static void get_bytes(int c, void *to, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = read(fd[c], (char *)to + done, len - done);

        if (n <= 0)
            die("receiving");
        done += (size_t)n;
    }
}

/* The next message; its payload. */
static const char *get(int c)
{
    static char data[PAYLOAD_MAX + 1];
    struct xsd_sockmsg h;

    get_bytes(c, &h, sizeof(h));
    get_bytes(c, data, h.len);
    data[h.len] = '\0';
    if (h.type == XS_ERROR)
        die(data);
    return data;
}

/* Some node of the tree: ten in each directory, ten directories in each. */
static uint32_t some_path(char *to, unsigned int i)
{
    return (uint32_t)sprintf(to, "/bench/%u/%u/%u/%u/%u", i / 10000 % 10,
                             i / 1000 % 10, i / 100 % 10, i / 10 % 10, i % 10) +
           1;
}

static uint32_t some_number(void)
{
    return rnd(nodes);
}

/* --- operations: what is sent, and what is received ------------------------
 */

static void send_read(int c)
{
    char path[64];
    put(c, XS_READ, 0, path, some_path(path, some_number()));
}

static void send_directory(int c)
{
    char path[64];
    uint32_t len = some_path(path, some_number());

    path[len - 3] = '\0';
    put(c, XS_DIRECTORY, 0, path, len - 2);
}

static void send_write(int c)
{
    char data[64];
    uint32_t len = some_path(data, some_number());

    memcpy(data + len, "1234", 4);
    put(c, XS_WRITE, 0, data, len + 4);
}

static void take_answer(int c)
{
    get(c);
}

static void begin(int c)
{
    put(c, XS_TRANSACTION_START, 0, "", 1);
}

/* A read and a write in it, of the client's own node: no conflicts. */
static void take_transaction(int c)
{
    uint32_t tx = (uint32_t)strtoul(get(c), NULL, 10);
    char data[64];
    uint32_t len = some_path(data, (unsigned int)c);

    put(c, XS_READ, tx, data, len);
    get(c);
    put(c, XS_WRITE, tx, data, len);
    get(c);
    put(c, XS_TRANSACTION_END, tx, "T", 2);
    get(c);
}

/* Of the client's own node, which it watches. */
static void send_watched(int c)
{
    char data[64];
    int len = sprintf(data, "/watched/%d", c) + 1;

    put(c, XS_WRITE, 0, data, (uint32_t)len);
}

static void take_event(int c)
{
    get(c);
    get(c);
}

static const struct operation {
    const char *name;
    void (*send)(int c);
    void (*take)(int c);
} operations[] = {
    {"read", send_read, take_answer},
    {"directory", send_directory, take_answer},
    {"write", send_write, take_answer},
    {"transaction", begin, take_transaction},
    {"write, event", send_watched, take_event},
};
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static void run(const struct operation *o, int clients, unsigned int rounds)
{
    for (unsigned int i = 0; i < rounds; i++) {
        for (int c = 0; c < clients; c++)
            o->send(c);
        for (int c = 0; c < clients; c++)
            o->take(c);
    }
}

/* --- daemons ----------------------------------------------------------------
 */

/* CPU time in nanoseconds; 0 for a process that is not there. */
static uint64_t cpu_ns(pid_t pid)
{
    unsigned long long ns = 0;
    char path[64];
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
    f = fopen(path, "r");
    if (f && fscanf(f, "%llu", &ns) != 1)
        ns = 0;
    if (f)
        fclose(f);
    return ns;
}

/* Of a daemon that serves in a child. */
static pid_t server_of(pid_t pid)
{
    char path[64];
    int child = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
             (int)pid);
    f = fopen(path, "r");
    if (f && fscanf(f, "%d", &child) != 1)
        child = 0;
    if (f)
        fclose(f);
    return child ? child : pid;
}

/* Since the last call, of a daemon under callgrind. */
static uint64_t instructions(pid_t pid)
{
    unsigned long long n = 0;
    char command[256], line[64];
    FILE *f;

    snprintf(command, sizeof(command),
             "callgrind_control --dump %d > /dev/null 2>&1; "
             "cat $(ls -t /tmp/store-bench.%d.* | head -n 1) | "
             "sed -n 's/^totals: //p'",
             (int)pid, (int)pid);
    f = popen(command, "r");
    while (f && fgets(line, sizeof(line), f))
        n = strtoull(line, NULL, 10);
    if (f)
        pclose(f);
    return n;
}

static void populate(void)
{
    char data[64];

    for (unsigned int i = 0; i < nodes; i++) {
        uint32_t len = some_path(data, i);

        put(0, XS_WRITE, 0, data, len);
        get(0);
    }
    for (int c = 0; c < CLIENTS; c++) {
        int len = sprintf(data, "/watched/%d%ct", c, 0) + 1;

        put(c, XS_WATCH, 0, data, (uint32_t)len);
        take_event(c);
    }
}

static void row(const struct operation *o, int clients, pid_t pid)
{
    unsigned int rounds =
        (pid && getenv("VALGRIND") ? 2000u : 40000u) / (unsigned int)clients;
    double n = (double)rounds * clients;
    uint64_t ir = 0, cpu, ns;

    run(o, clients, rounds / 10);
    if (getenv("VALGRIND"))
        instructions(pid);
    cpu = cpu_ns(pid);
    ns = now_ns();
    run(o, clients, rounds);
    ns = now_ns() - ns;
    cpu = cpu_ns(pid) - cpu;
    if (getenv("VALGRIND"))
        ir = instructions(pid);
    printf("%-14s %7u %8d %9.2f %9.2f", o->name, nodes, clients,
           (double)ns / 1000 / n, (double)cpu / 1000 / n);
    if (ir)
        printf(" %9.0f", (double)ir / n);
    printf("\n");
}

static void measure(const char *program, const char *preload)
{
    const char *runner = getenv("VALGRIND")
                             ? "valgrind --tool=callgrind "
                               "--callgrind-out-file=/tmp/store-bench.%p"
                             : NULL;
    pid_t pid = daemon_start_by(0, runner, program, preload);

    for (int c = 0; c < CLIENTS; c++)
        fd[c] = daemon_connect(0);
    populate();
    pid = server_of(pid);
    for (int clients = 1; clients <= CLIENTS; clients += CLIENTS - 1)
        for (size_t i = 0; i < OPERATIONS; i++)
            row(&operations[i], clients, pid);
    for (int c = 0; c < CLIENTS; c++)
        close(fd[c]);
    daemon_stop(0);
}

/* --- nothing but the socket --------------------------------------------------
 */

static void echo(int end)
{
    char data[PAYLOAD_MAX];
    ssize_t n;

    while ((n = read(end, data, sizeof(data))) > 0)
        if (write(end, data, (size_t)n) != n)
            break;
    _exit(0);
}

static void bare_round_trip(void)
{
    static const struct operation bare = {"bare socket", send_read,
                                          take_answer};
    int end[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, end))
        die("a socket pair");
    pid = fork();
    if (pid == 0) {
        close(end[0]);
        echo(end[1]);
    }
    close(end[1]);
    fd[0] = end[0];
    row(&bare, 1, pid);
    close(fd[0]);
    waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: store PRELOAD DAEMON...\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    printf("%-14s %7s %8s %9s %9s %9s\n", "", "nodes", "clients", "us",
           "CPU us", getenv("VALGRIND") ? "instr" : "");
    nodes = 1000;
    if (!getenv("VALGRIND"))
        bare_round_trip();
    for (int i = 2; i < argc; i++)
        for (nodes = 1000; nodes <= (getenv("VALGRIND") ? 1000u : 100000u);
             nodes *= 100) {
            printf("%s\n", argv[i]);
            measure(argv[i], argv[1]);
        }
    return 0;
}
