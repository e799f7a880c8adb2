/* SPDX-License-Identifier: MIT */
/*
 * What an operating system costs, in 23 rows, each a loop around one habit of
 * programs: system calls, signals, processes, context switches, memory, files,
 * sockets. It runs as the init of a Linux that has nothing else to do, on bare
 * (emulated) hardware and as dom0, and the rows are compared.
 *
 * Prints "BENCH <row>: <ns>" and powers off. Under QEMU's -icount a nanosecond
 * is an instruction, so counts of repetitions are small and results repeat.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

#define PAGE 4096

/* --- system calls and signals --------------------------------------------- */
static int zero_fd;

static void do_getppid(void)
{
    syscall(SYS_getppid);
}

static void do_read(void)
{
    char c;

    if (read(zero_fd, &c, 1) != 1)
        die("read");
}

static void do_stat(void)
{
    struct stat st;

    if (stat("/tmp/file", &st))
        die("stat");
}

static void do_open_close(void)
{
    int fd = open("/tmp/file", O_RDONLY);

    if (fd < 0)
        die("open");
    close(fd);
}

static void on_signal(int sig)
{
}

static void do_sigaction(void)
{
    struct sigaction a = {.sa_handler = on_signal};

    sigaction(SIGUSR1, &a, NULL);
}

static void do_signal(void)
{
    kill(getpid(), SIGUSR1);
}

/* --- processes ------------------------------------------------------------ */
static void wait_for(pid_t pid)
{
    if (pid < 0 || waitpid(pid, NULL, 0) != pid)
        die("fork");
}

static void do_fork(void)
{
    pid_t pid = fork();

    if (!pid)
        _exit(0);
    wait_for(pid);
}

static void do_exec(void)
{
    pid_t pid = fork();

    if (!pid) {
        execl("/init", "init", "exit", NULL);
        _exit(1);
    }
    wait_for(pid);
}

static void do_shell(void)
{
    pid_t pid = fork();

    if (!pid) {
        execl("/bin/sh", "sh", "-c", "/init exit", NULL);
        _exit(1);
    }
    wait_for(pid);
}

/* --- context switches: a token goes round a ring of processes ------------- */
static struct {
    int first[2], last;
    int n;
    size_t size;
    pid_t pids[32];
    volatile char *data;
} ring;

static void use_memory(void)
{
    for (size_t i = 0; i < ring.size; i += 64)
        ring.data[i]++;
}

static void pass(int from, int to)
{
    char token;

    if (read(from, &token, 1) != 1)
        _exit(0);
    use_memory();
    if (write(to, &token, 1) != 1)
        _exit(0);
}

static void ring_start(int n, size_t size)
{
    int in;

    ring.n = n;
    ring.size = size;
    ring.data = malloc(size + 1);
    if (!ring.data || pipe(ring.first))
        die("pipe");
    in = ring.first[0];
    for (int i = 1; i < n; i++) {
        int p[2];

        if (pipe(p))
            die("pipe");
        ring.pids[i] = fork();
        if (ring.pids[i] < 0)
            die("fork");
        if (!ring.pids[i]) {
            close(ring.first[1]);
            close(p[0]);
            for (;;)
                pass(in, p[1]);
        }
        close(in);
        close(p[1]);
        in = p[0];
    }
    ring.last = in;
}

static void do_ring(void)
{
    char token = 1;

    use_memory();
    if (write(ring.first[1], &token, 1) != 1 || read(ring.last, &token, 1) != 1)
        die("ring");
}

static void ring_stop(void)
{
    close(ring.first[1]);
    close(ring.last);
    for (int i = 1; i < ring.n; i++) {
        kill(ring.pids[i], SIGKILL);
        waitpid(ring.pids[i], NULL, 0);
    }
    free((void *)ring.data);
}

/* --- memory --------------------------------------------------------------- */
static char *page;
static int file_fd;

static char *map(size_t size, int flags, int fd)
{
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

    if (p == MAP_FAILED)
        die("mmap");
    return p;
}

static void touch(char *p, unsigned int pages)
{
    for (unsigned int i = 0; i < pages; i++)
        ((volatile char *)p)[(size_t)i * PAGE] = 1;
}

static void do_mmap(void)
{
    munmap(map(1 << 20, MAP_PRIVATE | MAP_ANONYMOUS, -1), 1 << 20);
}

static void do_anonymous(void)
{
    char *p = map(256 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

    touch(p, 256);
    munmap(p, 256 * PAGE);
}

static void on_fault(int sig)
{
    mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

static void do_mprotect(void)
{
    mprotect(page, PAGE, PROT_READ);
    touch(page, 1);
}

static void do_file_faults(void)
{
    char *p = map(64 * PAGE, MAP_SHARED, file_fd);

    touch(p, 64);
    munmap(p, 64 * PAGE);
}

static char *copy_from, *copy_to;

static void do_memcpy(void)
{
    memcpy(copy_to, copy_from, 1 << 20);
    __asm__ volatile("" ::"r"(copy_to) : "memory");
}

/* --- files, sockets, sleep ------------------------------------------------ */
static void do_create(void)
{
    int fd = open("/tmp/new", O_CREAT | O_WRONLY | O_EXCL, 0600);

    if (fd < 0 || write(fd, copy_from, PAGE) != PAGE)
        die("create");
    close(fd);
    unlink("/tmp/new");
}

static int peer_fd;
static pid_t peer_pid;

static void echo_start(int ours, int theirs)
{
    peer_pid = fork();
    if (peer_pid < 0)
        die("fork");
    if (!peer_pid) {
        char c;

        close(ours);
        while (read(theirs, &c, 1) == 1 && write(theirs, &c, 1) == 1)
            ;
        _exit(0);
    }
    close(theirs);
    peer_fd = ours;
}

static void do_echo(void)
{
    char c = 1;

    if (write(peer_fd, &c, 1) != 1 || read(peer_fd, &c, 1) != 1)
        die("socket");
}

static void echo_stop(void)
{
    close(peer_fd);
    kill(peer_pid, SIGKILL);
    waitpid(peer_pid, NULL, 0);
}

static void unix_start(void)
{
    int s[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, s))
        die("socketpair");
    echo_start(s[0], s[1]);
}

static void tcp_start(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(7),
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int l = socket(AF_INET, SOCK_STREAM, 0),
        s = socket(AF_INET, SOCK_STREAM, 0);

    if (l < 0 || s < 0 || ioctl(s, SIOCSIFFLAGS, &lo) ||
        bind(l, (struct sockaddr *)&a, sizeof(a)) || listen(l, 1) ||
        connect(s, (struct sockaddr *)&a, sizeof(a)))
        die("loopback");
    echo_start(s, accept(l, NULL, NULL));
    close(l);
}

static void do_sleep(void)
{
    struct timespec t = {.tv_nsec = 1000000};

    nanosleep(&t, NULL);
}

/* --- the rows ------------------------------------------------------------- */
static void measure(const char *name, unsigned int times, void (*f)(void))
{
    uint64_t start;

    for (unsigned int i = 0; i < times / 8 + 1; i++)
        f();
    start = now();
    for (unsigned int i = 0; i < times; i++)
        f();
    printf("BENCH %s: %llu\n", name,
           (unsigned long long)(now() - start) / times);
    fflush(stdout);
}

static void measure_ring(const char *name, int n, size_t size)
{
    ring_start(n, size);
    measure(name, 600 / n, do_ring);
    ring_stop();
}

static void prepare(void)
{
    struct sigaction fault = {.sa_handler = on_fault};

    mkdir("/dev", 0755);
    mkdir("/tmp", 0755);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    mount("tmp", "/tmp", "tmpfs", 0, NULL);
    zero_fd = open("/dev/zero", O_RDONLY);
    file_fd = open("/tmp/file", O_CREAT | O_RDWR, 0600);
    if (zero_fd < 0 || file_fd < 0 || ftruncate(file_fd, 64 * PAGE))
        die("files");
    page = map(PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    copy_from = map(1 << 20, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    copy_to = map(1 << 20, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    touch(copy_from, 256);
    touch(copy_to, 256);
    sigaction(SIGSEGV, &fault, NULL);
    do_sigaction();
}

static void all_rows(void)
{
    prepare();
    measure("getppid", 4000, do_getppid);
    measure("read a byte of /dev/zero", 4000, do_read);
    measure("stat", 2000, do_stat);
    measure("open and close", 1000, do_open_close);
    measure("sigaction", 4000, do_sigaction);
    measure("signal to self", 1000, do_signal);
    measure("fork and wait", 40, do_fork);
    measure("fork and exec", 20, do_exec);
    measure("fork and sh -c", 10, do_shell);
    measure_ring("switch 2 processes, 0 KiB", 2, 0);
    measure_ring("switch 2 processes, 16 KiB", 2, 16 << 10);
    measure_ring("switch 8 processes, 16 KiB", 8, 16 << 10);
    measure_ring("switch 16 processes, 64 KiB", 16, 64 << 10);
    measure("mmap and munmap 1 MiB", 200, do_mmap);
    measure("256 anonymous faults", 20, do_anonymous);
    measure("mprotect fault", 200, do_mprotect);
    measure("64 file faults", 40, do_file_faults);
    measure("create, write 4 KiB, delete", 100, do_create);
    unix_start();
    measure("unix socket round trip", 200, do_echo);
    echo_stop();
    tcp_start();
    measure("TCP loopback round trip", 100, do_echo);
    echo_stop();
    measure("sleep 1 ms", 50, do_sleep);
    measure("memcpy 1 MiB", 20, do_memcpy);
    puts("BENCH over");
    fflush(stdout);
}

/* The rows run in a child: the kernel reports every fault of init itself. */
int main(int argc, char **argv)
{
    pid_t child;

    if (argc > 1 && !strcmp(argv[1], "exit"))
        return 0;
    printf("BENCH boot to init: %llu\n", (unsigned long long)now());
    fflush(stdout);
    child = fork();
    if (!child) {
        all_rows();
        _exit(0);
    }
    waitpid(child, NULL, 0);
    sync();
    reboot(RB_POWER_OFF);
    return 1;
}
