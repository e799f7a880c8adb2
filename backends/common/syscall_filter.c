/* SPDX-License-Identifier: MIT */
/*
 * An allow list by libseccomp. EPERM rather than a kill: what is refused is
 * then an error that the code handles, and a library's harmless attempt (malloc
 * looking for the number of CPUs) does not cost a guest its disk.
 */
#include "syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/if_tun.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntalloc.h>
#include <xen/sys/gntdev.h>

#include <base/macros.h>

#define MOST_DESCRIPTORS 65536 /* a power of 2 */

static const int allowed[] = {
    /* data */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwritev),
    SCMP_SYS(fallocate),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(lseek),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    /* waiting */
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(sched_yield),
    /* the store's connection, and a new supervisor's */
    SCMP_SYS(accept4),
    SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(eventfd2),
    SCMP_SYS(shutdown),
    /* memory and threads */
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(getrandom),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    /* signals and the end */
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

/* Of its own descriptors: event channels, grants, the tap, the disk. */
static const unsigned long ioctls[] = {
    IOCTL_EVTCHN_BIND_INTERDOMAIN,
    IOCTL_EVTCHN_UNBIND,
    IOCTL_EVTCHN_NOTIFY,
    IOCTL_GNTDEV_MAP_GRANT_REF,
    IOCTL_GNTDEV_UNMAP_GRANT_REF,
    IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR,
    IOCTL_GNTDEV_SET_UNMAP_NOTIFY,
    IOCTL_GNTDEV_GRANT_COPY,
    IOCTL_GNTALLOC_ALLOC_GREF,
    IOCTL_GNTALLOC_DEALLOC_GREF,
    TUNSETCARRIER,
    TUNSETOFFLOAD,
    TUNSETQUEUE,
    BLKGETSIZE64,
    BLKDISCARD,
    BLKSECDISCARD,
};

static int allow_ioctls(scmp_filter_ctx ctx)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < ARRAY_SIZE(ioctls); i++)
        rc = seccomp_rule_add(
            ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
            SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, ioctls[i] & UINT32_MAX));
    return rc;
}

/* Memory, but none that could be run. */
static int allow_memory(scmp_filter_ctx ctx)
{
    const struct scmp_arg_cmp plain = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    int rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, plain);

    return rc ? rc
              : seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                 plain);
}

/* abort() and the like send signals to this process alone. */
static int allow_own_signals(scmp_filter_ctx ctx)
{
    return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
}

/* The kernel looks at 32 bits of these arguments. */
static int allow_if(scmp_filter_ctx ctx, int call, unsigned int argument,
                    uint32_t mask, uint32_t value)
{
    const struct scmp_arg_cmp is_value =
        SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, value);

    return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 1, is_value);
}

/* To close all of the @size descriptors from @first on, a power of 2, but two.
 * A rule knows no exception, so these are as many as there are bits. */
static int allow_close(scmp_filter_ctx ctx, uint32_t first, uint32_t size,
                       int lock, int record)
{
    uint32_t mask = ~(size - 1);
    int rc;

    if ((lock < 0 || ((uint32_t)lock & mask) != first) &&
        (record < 0 || ((uint32_t)record & mask) != first))
        return allow_if(ctx, SCMP_SYS(close), 0, mask, first);
    if (size == 1)
        return 0;
    rc = allow_close(ctx, first, size / 2, lock, record);
    return rc ? rc : allow_close(ctx, first + size / 2, size / 2, lock, record);
}

/* Not what lets a lock go. */
static int allow_fcntl(scmp_filter_ctx ctx)
{
    static const uint32_t commands[] = {F_GETFD, F_SETFD, F_GETFL,
                                        F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC};
    int rc = 0;

    for (size_t i = 0; !rc && i < ARRAY_SIZE(commands); i++)
        rc = allow_if(ctx, SCMP_SYS(fcntl), 1, UINT32_MAX, commands[i]);
    return rc;
}

int syscall_filter_install(int lock, int record)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int rc = 0;

    if (!ctx)
        return -ENOMEM;
    for (size_t i = 0; !rc && i < ARRAY_SIZE(allowed); i++)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
    rc = rc ? rc : allow_close(ctx, 0, MOST_DESCRIPTORS, lock, record);
    rc = rc ? rc : allow_fcntl(ctx);
    rc = rc ? rc : allow_ioctls(ctx);
    rc = rc ? rc : allow_memory(ctx);
    rc = rc ? rc : allow_own_signals(ctx);
    /* The threads for I/O, or nothing. */
    rc = rc ? rc : seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
    /* A tree in place of a list: each call is looked up. */
    rc = rc ? rc : seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    rc = rc ? rc : seccomp_load(ctx);
    seccomp_release(ctx);
    return rc;
}
