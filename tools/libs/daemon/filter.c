/* SPDX-License-Identifier: MIT */
/* See filter.h. */
#include <daemon/filter.h>

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <base/macros.h>

static const int for_all[] = {
    /* waiting */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(sched_yield),
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

/* Memory, but none that could be run. */
static int allow_memory(scmp_filter_ctx ctx)
{
    int rc = filter_allow_if(ctx, SCMP_SYS(mmap), 2, PROT_EXEC, 0);

    return rc ? rc : filter_allow_if(ctx, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
}

/* abort() and the like send signals to this process alone. */
static int allow_own_signals(scmp_filter_ctx ctx)
{
    return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
}

scmp_filter_ctx filter_begin(void)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int rc = ctx ? 0 : -ENOMEM;

    rc = rc ? rc : filter_allow(ctx, for_all, ARRAY_SIZE(for_all));
    rc = rc ? rc : allow_memory(ctx);
    rc = rc ? rc : allow_own_signals(ctx);
    if (!rc)
        return ctx;
    if (ctx)
        seccomp_release(ctx);
    return NULL;
}

int filter_allow(scmp_filter_ctx ctx, const int *calls, size_t n)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < n; i++)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
    return rc;
}

int filter_allow_if(scmp_filter_ctx ctx, int call, unsigned int argument,
                    uint32_t mask, uint32_t value)
{
    const struct scmp_arg_cmp is_value =
        SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, value);

    return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 1, is_value);
}

int filter_allow_each(scmp_filter_ctx ctx, int call, unsigned int argument,
                      const unsigned long *values, size_t n)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < n; i++)
        rc = filter_allow_if(ctx, call, argument, UINT32_MAX,
                             (uint32_t)values[i]);
    return rc;
}

int filter_end(scmp_filter_ctx ctx, int rc)
{
    rc = rc ? rc : seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
    /* A tree in place of a list: each call is looked up. */
    rc = rc ? rc : seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    rc = rc ? rc : seccomp_load(ctx);
    seccomp_release(ctx);
    return rc;
}
