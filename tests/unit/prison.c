/* SPDX-License-Identifier: MIT */
/* See prison.h. */
#include "prison.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include <base/macros.h>
#include <daemon/privileges.h>
#include <xen/xen.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>
#include <xen/sys/privcmd.h>

#include "tried_call.h"

static int enter(const void *prison)
{
    const struct pair both = {.parent = getppid()};

    return ((const struct prison *)prison)->enter(&both);
}

static int drop_privileges(const void *prison)
{
    int rc = privileges_limit();

    return rc ? rc : privileges_drop(((const struct prison *)prison)->uid);
}

int prison_call(const struct prison *p, bool filtered, long (*call)(void))
{
    return tried_call(filtered ? enter : drop_privileges, p, call);
}

/* None of these does any harm, should it pass; and none fails with EPERM for
 * another reason than the filter. */

static long opens(void)
{
    return open("/", O_RDONLY);
}

static long makes_a_file(void)
{
    return open("/none/none", O_WRONLY | O_CREAT, 0600);
}

static long removes(void)
{
    return unlink("/none/none");
}

static long mounts(void)
{
    return syscall(SYS_mount, 1, 1, 1, 0, NULL);
}

static long becomes_a_user(void)
{
    return setuid(geteuid());
}

static long runs(void)
{
    return execl("/none/none", "none", NULL);
}

static long runs_what_is_open(void)
{
    return syscall(SYS_execveat, -1, "", NULL, NULL, 0x1000);
}

static long forks(void)
{
    return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long makes_a_thread(void)
{
    return syscall(SYS_clone3, NULL, 0);
}

static long has_a_socket(void)
{
    return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
}

static long has_a_namespace(void)
{
    return syscall(SYS_unshare, 0);
}

static long kills(void)
{
    return kill(getpid(), 0);
}

static long kills_a_thread(void)
{
    return syscall(SYS_tgkill, -1, -1, 0);
}

static long is_traced(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static long maps_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0) == MAP_FAILED
               ? -1
               : 0;
}

static long makes_code(void)
{
    static char page[8192] __attribute__((aligned(4096)));

    return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static long makes_a_ring_for_io(void)
{
    return syscall(SYS_io_uring_setup, 8, NULL);
}

static long makes_a_hypercall(void)
{
    return ioctl(-1, IOCTL_PRIVCMD_HYPERCALL, NULL);
}

static long maps_foreign_memory(void)
{
    return ioctl(-1, IOCTL_PRIVCMD_MMAPBATCH_V2, NULL);
}

static long binds_a_virq(void)
{
    return ioctl(-1, IOCTL_EVTCHN_BIND_VIRQ, NULL);
}

static long asks_a_terminal(void)
{
    return ioctl(-1, TIOCSTI, "x");
}

/* Logs are open for appending. */
static long empties_a_log(void)
{
    return ftruncate(-1, 0);
}

static long writes_over_a_log(void)
{
    return fcntl(-1, F_SETFL, 0);
}

void prison_refuses(const struct prison *p)
{
    static const struct {
        const char *name;
        long (*call)(void);
    } calls[] = {
        {"opens", opens},
        {"makes_a_file", makes_a_file},
        {"removes", removes},
        {"mounts", mounts},
        {"becomes_a_user", becomes_a_user},
        {"runs", runs},
        {"forks", forks},
        {"makes_a_thread", makes_a_thread},
        {"runs_what_is_open", runs_what_is_open},
        {"has_a_socket", has_a_socket},
        {"has_a_namespace", has_a_namespace},
        {"kills", kills},
        {"kills_a_thread", kills_a_thread},
        {"is_traced", is_traced},
        {"maps_code", maps_code},
        {"makes_code", makes_code},
        {"makes_a_hypercall", makes_a_hypercall},
        {"maps_foreign_memory", maps_foreign_memory},
        {"binds_a_virq", binds_a_virq},
        {"asks_a_terminal", asks_a_terminal},
        {"empties_a_log", empties_a_log},
        {"writes_over_a_log", writes_over_a_log},
    };

    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        if (prison_call(p, false, calls[i].call) == EPERM)
            fail_msg("'%s' is refused without a filter, too", calls[i].name);
        if (prison_call(p, true, calls[i].call) != EPERM)
            fail_msg("'%s' is not refused", calls[i].name);
    }
    /* A host may refuse this to all. */
    assert_int_equal(prison_call(p, true, makes_a_ring_for_io), EPERM);
}

static long writes(void)
{
    return syscall(SYS_write, 2, "", 0);
}

static long has_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0) == MAP_FAILED
               ? -1
               : 0;
}

static unsigned long command;

static long commands_nothing(void)
{
    return ioctl(-1, command, NULL);
}

void prison_lets_serve(const struct prison *p)
{
    static const unsigned long commands[] = {
        IOCTL_EVTCHN_BIND_INTERDOMAIN, IOCTL_EVTCHN_UNBIND,
        IOCTL_EVTCHN_NOTIFY,           IOCTL_GNTDEV_MAP_GRANT_REF,
        IOCTL_GNTDEV_UNMAP_GRANT_REF,  IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR,
    };

    assert_int_equal(prison_call(p, true, writes), 0);
    assert_int_equal(prison_call(p, true, has_memory), 0);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        command = commands[i];
        assert_int_equal(prison_call(p, true, commands_nothing), EBADF);
    }
}
