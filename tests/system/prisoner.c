/* SPDX-License-Identifier: MIT */
/*
 * In dom0: a process that gives up its privileges as a backend does, and then
 * tries what a guest would that has taken it over. TAP, one line for each try
 * that has to fail, and for what a backend needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xenevtchn.h>

#include <daemon/privileges.h>

#include "../../backends/common/syscall_filter.h"

#define GUEST 77

static xenevtchn_handle *channels;
static int kept, n, failed;
static char page[8192] __attribute__((aligned(4096)));
static struct io_uring_params ring;
static struct iovec there = {page, 8}, here = {page, 8};

static void row(bool good, const char *name)
{
    n++;
    failed += !good;
    printf("%sok %d - %s\n", good ? "" : "not ", n, name);
}

/* Refused, and not for another reason. */
#define REFUSED(what, call)                                                    \
    do {                                                                       \
        long r = (long)(call);                                                 \
                                                                               \
        if (r != -1 || (errno != EPERM && errno != EACCES))                    \
            printf("# %ld, %s\n", r, strerror(errno));                         \
        row(r == -1 && (errno == EPERM || errno == EACCES), what);             \
    } while (0)
#define ALLOWED(what, good) row(good, what)

static void files(void)
{
    REFUSED("it cannot open a file", open("/etc/passwd", O_RDONLY));
    REFUSED("nor make one", open("/x", O_CREAT | O_WRONLY, 0600));
    REFUSED("nor a directory", mkdir("/x", 0700));
    REFUSED("nor remove one", unlink("/etc/passwd"));
    REFUSED("nor change where it is", chdir("/etc"));
    REFUSED("nor its root", chroot("/"));
    REFUSED("nor mount", mount("none", "/", "tmpfs", 0, NULL));
    REFUSED("nor have other namespaces", unshare(CLONE_NEWUSER));
    REFUSED("nor open by way of io_uring",
            syscall(SYS_io_uring_setup, 8, &ring));
}

static void processes(pid_t other)
{
    REFUSED("it cannot signal another process", kill(other, 0));
    REFUSED("nor a thread of it", syscall(SYS_tgkill, other, other, 0));
    REFUSED("nor hold it", syscall(SYS_pidfd_open, other, 0));
    REFUSED("nor trace it", ptrace(PTRACE_ATTACH, other, NULL, NULL));
    REFUSED("nor read it", process_vm_readv(other, &here, 1, &there, 1, 0));
    REFUSED("nor change its priority", syscall(SYS_setpriority, 0, other, -5));
    REFUSED("nor make one", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    REFUSED("nor run a program", execl("/bin/sh", "sh", NULL));
}

static void kernel(void)
{
    REFUSED("it cannot be root again", setuid(0));
    REFUSED("nor have memory that can be run",
            (long)mmap(NULL, 4096, PROT_READ | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REFUSED("nor make it so", mprotect(page, 4096, PROT_READ | PROT_EXEC));
    REFUSED("nor load a program for the kernel", syscall(SYS_bpf, 0, 0, 0));
    REFUSED("nor a module", syscall(SYS_init_module, page, 1, ""));
    REFUSED("nor reach ports of the machine", syscall(SYS_iopl, 3));
    REFUSED("nor watch the processor",
            syscall(SYS_perf_event_open, page, 0, -1, -1, 0));
    REFUSED("nor control a descriptor as it likes", ioctl(kept, FIONBIO, page));
}

static void others(void)
{
    REFUSED("it cannot have a socket", socket(AF_INET, SOCK_DGRAM, 0));
    REFUSED("nor one on this host", socket(AF_UNIX, SOCK_STREAM, 0));
    REFUSED("nor hand over what it has open",
            sendmsg(kept, &(struct msghdr){0}, 0));
    REFUSED("nor a channel to another guest",
            xenevtchn_bind_interdomain(channels, GUEST + 1, 1));
    REFUSED("nor to the hypervisor", xenevtchn_bind_virq(channels, 0));
    REFUSED("nor one to be bound",
            xenevtchn_bind_unbound_port(channels, GUEST));
}

/* That guest is not there; the hypervisor says so, not the driver. */
static bool channel_is_tried(void)
{
    return xenevtchn_bind_interdomain(channels, GUEST, 1) < 0 &&
           errno != EPERM && errno != EACCES;
}

/* This is no disk, and the kernel says so. */
static bool size_is_asked(void)
{
    uint64_t bytes;

    return ioctl(kept, BLKGETSIZE64, &bytes) && errno == ENOTTY;
}

static void needs(void)
{
    char byte = 0;

    ALLOWED("it can read what it has open", read(kept, &byte, 1) == 1);
    ALLOWED("and have memory",
            mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    ALLOWED("and protect it", !mprotect(page + 4096, 4096, PROT_READ));
    ALLOWED("and a channel to its guest", channel_is_tried());
    ALLOWED("and see how large its disk is", size_is_asked());
    ALLOWED("and end itself", !syscall(SYS_tgkill, getpid(), getpid(), 0));
}

int main(void)
{
    pid_t other = getppid();
    int rc;

    setvbuf(stdout, NULL, _IOLBF, 0);
    kept = open("/dev/zero", O_RDONLY);
    channels = xenevtchn_open(NULL, 0);
    if (kept < 0 || !channels || xenevtchn_restrict(channels, GUEST)) {
        perror("prisoner");
        return 2;
    }
    rc = privileges_limit();
    rc = rc ? rc : privileges_drop(0x70000000u + 2 * GUEST);
    rc = rc ? rc : syscall_filter_install(-1, -1);
    row(!rc, "privileges can be given up");
    if (rc)
        printf("# %s\n", strerror(-rc));
    files();
    processes(other);
    kernel();
    others();
    needs();
    printf("1..%d\n", n);
    return failed || rc;
}
