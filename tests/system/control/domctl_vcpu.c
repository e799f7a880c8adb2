/* SPDX-License-Identifier: MIT */
/*
 * Control operations on vcpus: numbers, contexts in and out with each content
 * that must be refused, extended state, MSRs, CPU policies, affinities, the
 * scheduler's parameters, and what a saved image says of frames.
 */
#include "control.h"

#define VCPUS 0, 1, 2, 127, 128, 8192, ~0u

static void numbers(void)
{
    FOR(v, 0, 1, 2, 3, 128, ~0u)
    DOMCTL(T, max_vcpus, U.max_vcpus.max = v);
    DOMCTL(T, max_vcpus, U.max_vcpus.max = 2);
    DOMCTL(0, max_vcpus, U.max_vcpus.max = 1);
    FOR(v, VCPUS)
    {
        DOMCTL(T, getvcpuinfo, U.getvcpuinfo.vcpu = v);
        field("online", U.getvcpuinfo.online);
        field("blocked", U.getvcpuinfo.blocked);
        field("running", U.getvcpuinfo.running);
        field("time", U.getvcpuinfo.cpu_time);
        DOMCTL(T, getvcpuinfo, U.getvcpuinfo.vcpu = v);
    }
    FOR(v, 0, 1, 2, 3, 4, ~0u)
    FOR(w, VCPUS)
    DOMCTL(T, sendtrigger, U.sendtrigger.trigger = v; U.sendtrigger.vcpu = w);
    FOR(v, VCPUS)
    {
        DOMCTL(T, debug_op, U.debug_op.vcpu = v);
        DOMCTL(T, debug_op, U.debug_op.op = 1; U.debug_op.vcpu = v);
        DOMCTL(T, gdbsx_pausevcpu, U.gdbsx_pauseunp_vcpu.vcpu = v);
        DOMCTL(T, gdbsx_unpausevcpu, U.gdbsx_pauseunp_vcpu.vcpu = v);
    }
    DOMCTL(T, gdbsx_domstatus);
}

/* --- contexts ------------------------------------------------------------- */

#define X ((struct vcpu_guest_context *)buffer)
#define PUT(...)                                                               \
    ({                                                                         \
        memset(buffer, 0, sizeof(*X));                                         \
        __VA_ARGS__;                                                           \
        memset(arg, 0, sizeof(arg->d));                                        \
        H(U.vcpucontext.ctxt, buffer);                                         \
        domctl(T, XEN_DOMCTL_setvcpucontext, "setvcpucontext", #__VA_ARGS__);  \
    })

static void contexts(void)
{
    FOR(v, VCPUS)
    {
        DOMCTL(T, getvcpucontext, U.vcpucontext.vcpu = v;
               H(U.vcpucontext.ctxt, buffer));
        DOMCTL(T, getvcpucontext, U.vcpucontext.vcpu = v);
        DOMCTL(T, setvcpucontext, U.vcpucontext.vcpu = v);
        DOMCTL(T, setvcpucontext, U.vcpucontext.vcpu = v;
               H(U.vcpucontext.ctxt, NOWHERE));
        DOMCTL(T, setvcpucontext, U.vcpucontext.vcpu = v;
               H(U.vcpucontext.ctxt, XENS_OWN));
    }
    DOMCTL(0, setvcpucontext, H(U.vcpucontext.ctxt, buffer));
    DOMCTL(0, getvcpucontext, H(U.vcpucontext.ctxt, buffer));
    PUT(X->ctrlreg[3] = 0);
    FOR(v, 0, 1, 2, 4, 8, 16, 32, ~0u)
    PUT(X->flags = v; X->ctrlreg[3] = 0xfffffffff000);
    FOR(v, 1, 512, 513, ~0u)
    PUT(X->flags = 4; X->gdt_ents = v);
    FOR(v, 1, 8192, 8193, ~0u)
    PUT(X->flags = 4; X->ldt_ents = v);
    FOR(v, 1, 0xfff, 0x1000)
    PUT(X->flags = 4; X->ldt_base = v; X->ldt_ents = 1);
    FOR(v, 0x800000000000, 0xffff800000000000, 0xffff87ffffffffff,
        0xffff880000000000)
    PUT(X->flags = 4; X->event_callback_eip = v);
    FOR(v, 0x800000000000, 0xffff800000000000, 0xffff880000000000)
    PUT(X->flags = 4; X->failsafe_callback_eip = v);
    FOR(v, 0x800000000000, 0xffff800000000000, 0xffff880000000000)
    PUT(X->flags = 4; X->syscall_callback_eip = v);
    FOR(v, 0x800000000000, 0xffff800000000000)
    PUT(X->flags = 4; X->fs_base = v);
    FOR(v, 0x800000000000, 0xffff800000000000)
    PUT(X->flags = 4; X->gs_base_kernel = v);
    FOR(v, 0x800000000000, 0xffff800000000000)
    PUT(X->flags = 4; X->gs_base_user = v);
    FOR(v, 0x800000000000, 0xffff800000000000)
    PUT(X->flags = 4; X->ldt_base = v; X->ldt_ents = 1);
    FOR(v, 0x800000000000, 0xffff800000000000)
    PUT(X->flags = 4; X->user_regs.rip = v);
    FOR(v, 0x800000000000, 0xffff800000000000)
    PUT(X->flags = 4; X->trap_ctxt[3].address = v);
    FOR(v, 0, 1, 0x1000, ~0ULL)
    PUT(X->flags = 4; X->ctrlreg[1] = v; X->ctrlreg[3] = 1);
    FOR(v, 0, ~0ULL)
    PUT(X->flags = 4; X->debugreg[7] = v; X->ctrlreg[3] = 1);
    FOR(v, VCPUS)
    {
        DOMCTL(T, get_ext_vcpucontext, U.ext_vcpucontext.vcpu = v);
        field("size", U.ext_vcpucontext.size);
        field("cs", U.ext_vcpucontext.syscall32_callback_cs);
        field("mcg", U.ext_vcpucontext.mcg_cap);
        DOMCTL(T, get_ext_vcpucontext, U.ext_vcpucontext.vcpu = v);
        FOR(w, 0, 8, 31, 32, 40, 64, 128, ~0u)
        DOMCTL(T, set_ext_vcpucontext, U.ext_vcpucontext.vcpu = v;
               U.ext_vcpucontext.size = w);
    }
    FOR(v, 0x800000000000, 0xffff800000000000, 0xffff880000000000)
    {
        DOMCTL(T, set_ext_vcpucontext, U.ext_vcpucontext.size = 64;
               U.ext_vcpucontext.syscall32_callback_eip = v);
        DOMCTL(T, set_ext_vcpucontext, U.ext_vcpucontext.size = 64;
               U.ext_vcpucontext.sysenter_callback_eip = v);
    }
    FOR(v, 1, ~0ULL)
    DOMCTL(T, set_ext_vcpucontext, U.ext_vcpucontext.size = 64;
           U.ext_vcpucontext.mcg_cap = v);
    DOMCTL(0, get_ext_vcpucontext);
    DOMCTL(0, set_ext_vcpucontext, U.ext_vcpucontext.size = 64);
}

/* --- extended state, MSRs, policies --------------------------------------- */

static void extended_state(void)
{
    FOR(v, VCPUS)
    {
        DOMCTL(T, getvcpuextstate, U.vcpuextstate.vcpu = v);
        field("size", U.vcpuextstate.size);
        field("mask", U.vcpuextstate.xfeature_mask);
        FOR(w, 0, 1, 16, 576, 592, 4096, ~0u)
        {
            DOMCTL(T, getvcpuextstate, U.vcpuextstate.vcpu = v;
                   U.vcpuextstate.size = w; U.vcpuextstate.xfeature_mask = 3;
                   H(U.vcpuextstate.buffer, buffer));
            memset(buffer, 0, 4096);
            DOMCTL(T, setvcpuextstate, U.vcpuextstate.vcpu = v;
                   U.vcpuextstate.size = w; H(U.vcpuextstate.buffer, buffer));
        }
        DOMCTL(T, get_vcpu_msrs, U.vcpu_msrs.vcpu = v);
        FOR(w, 0, 1, 100)
        DOMCTL(T, get_vcpu_msrs, U.vcpu_msrs.vcpu = v;
               U.vcpu_msrs.msr_count = w; H(U.vcpu_msrs.msrs, buffer));
    }
    DOMCTL(0, getvcpuextstate);
    DOMCTL(0, get_vcpu_msrs);
    FOR(v, 0, 0x10, 0x1b, 0x48, 0x140, 0x1a0, 0x277, 0xc0000080, 0xc0000103,
        0xc0011027, 0xc001011f, 0xda0, ~0u)
    FOR(w, 0, 1, 1ULL << 40, ~0ULL)
    {
        xen_domctl_vcpu_msr_t *m = (void *)buffer;

        *m = (xen_domctl_vcpu_msr_t){.index = v, .value = w};
        DOMCTL(T, set_vcpu_msrs, U.vcpu_msrs.msr_count = 1;
               H(U.vcpu_msrs.msrs, buffer));
        m->reserved = 1;
        DOMCTL(T, set_vcpu_msrs, U.vcpu_msrs.msr_count = 1;
               H(U.vcpu_msrs.msrs, buffer));
    }
    DOMCTL(T, set_vcpu_msrs, U.vcpu_msrs.msr_count = 1);
    DOMCTL(T, set_vcpu_msrs, U.vcpu_msrs.msr_count = ~0u);
    DOMCTL(T, set_vcpu_msrs, U.vcpu_msrs.msr_count = 1;
           H(U.vcpu_msrs.msrs, NOWHERE));
}

#define LEAVES ((xen_cpuid_leaf_t *)buffer)
#define MSRS   ((xen_msr_entry_t *)(buffer + 0x8000))
#define POLICY(...)                                                            \
    ({                                                                         \
        memset(arg, 0, sizeof(arg->d));                                        \
        H(U.cpu_policy.leaves, LEAVES);                                        \
        H(U.cpu_policy.msrs, MSRS);                                            \
        __VA_ARGS__;                                                           \
        domctl(T, XEN_DOMCTL_set_cpu_policy, "set_cpu_policy", #__VA_ARGS__);  \
        show_culprit();                                                        \
    })

static void show_culprit(void)
{
    field("leaf", U.cpu_policy.err_leaf);
    field("subleaf", U.cpu_policy.err_subleaf);
    field("msr", U.cpu_policy.err_msr);
}

static void policies(void)
{
    FOR(v, 0, 1, 2, 50, 51, 119, 120, 121, ~0u)
    FOR(w, 0, 1, 2, 3, ~0u)
    DOMCTL(T, get_cpu_policy, U.cpu_policy.nr_leaves = v;
           U.cpu_policy.nr_msrs = w; H(U.cpu_policy.leaves, LEAVES);
           H(U.cpu_policy.msrs, MSRS));
    DOMCTL(T, get_cpu_policy);
    field("leaves", U.cpu_policy.nr_leaves);
    field("msrs", U.cpu_policy.nr_msrs);
    DOMCTL(T, get_cpu_policy, U.cpu_policy.nr_leaves = 120;
           U.cpu_policy.nr_msrs = 2; H(U.cpu_policy.leaves, NOWHERE);
           H(U.cpu_policy.msrs, MSRS));
    memset(buffer, 0, 0x10000);
    FOR(v, 0, 120, 121, ~0u)
    POLICY(U.cpu_policy.nr_leaves = v; H(U.cpu_policy.leaves, NOWHERE));
    FOR(v, 0, 2, 3, ~0u)
    POLICY(U.cpu_policy.nr_msrs = v; H(U.cpu_policy.msrs, NOWHERE));
    FOR(v, 0, 1, 2, 4, 7, 0xb, 0xd, 0xe, 0x20, 0x3fffffff, 0x40000000,
        0x40000100, 0x40000200, 0x7fffffff, 0x80000000, 0x80000008, 0x80000021,
        0x80000022, 0xc0000000, ~0u)
    FOR(w, 0, 1, 2, 6, 62, 63, 64, XEN_CPUID_NO_SUBLEAF)
    {
        LEAVES[0] = (xen_cpuid_leaf_t){.leaf = v, .subleaf = w};
        POLICY(U.cpu_policy.nr_leaves = 1);
    }
    FOR(v, 0xc, 0xd, 0xe, ~0u)
    {
        LEAVES[0] = (xen_cpuid_leaf_t){.subleaf = XEN_CPUID_NO_SUBLEAF, .a = v};
        POLICY(U.cpu_policy.nr_leaves = 1);
    }
    FOR(v, 0x80000008, 0x80000021, 0x80000022, ~0u)
    {
        LEAVES[0] = (xen_cpuid_leaf_t){
            .leaf = 0x80000000, .subleaf = XEN_CPUID_NO_SUBLEAF, .a = v};
        POLICY(U.cpu_policy.nr_leaves = 1);
    }
    FOR(v, 0, 0x10, 0x48, 0xce, 0x10a, ~0u)
    FOR(w, 0, 1, 1u << 31, 1ULL << 32, ~0ULL)
    {
        MSRS[0] = (xen_msr_entry_t){.idx = v, .val = w};
        POLICY(U.cpu_policy.nr_msrs = 1);
        MSRS[0].flags = 1;
        POLICY(U.cpu_policy.nr_msrs = 1);
    }
    DOMCTL(0, set_cpu_policy);
}

/* --- scheduling ----------------------------------------------------------- */

static void affinities(void)
{
    FOR(v, VCPUS)
    FOR(w, 0, 1, 2, 3, 4, 7)
    {
        memset(buffer, 0xff, 64);
        DOMCTL(T, setvcpuaffinity, U.vcpuaffinity.vcpu = v;
               U.vcpuaffinity.flags = w;
               U.vcpuaffinity.cpumap_hard.nr_bits = 64;
               H(U.vcpuaffinity.cpumap_hard.bitmap, buffer);
               U.vcpuaffinity.cpumap_soft.nr_bits = 64;
               H(U.vcpuaffinity.cpumap_soft.bitmap, buffer + 8));
        field("hard", *(uint64_t *)buffer);
        field("soft", *(uint64_t *)(buffer + 8));
        memset(buffer, 0, 64);
        DOMCTL(T, getvcpuaffinity, U.vcpuaffinity.vcpu = v;
               U.vcpuaffinity.flags = w;
               U.vcpuaffinity.cpumap_hard.nr_bits = 64;
               H(U.vcpuaffinity.cpumap_hard.bitmap, buffer);
               U.vcpuaffinity.cpumap_soft.nr_bits = 64;
               H(U.vcpuaffinity.cpumap_soft.bitmap, buffer + 8));
        field("hard", *(uint64_t *)buffer & 1);
        field("soft", *(uint64_t *)(buffer + 8) & 1);
    }
    /* CPUs that are not there, empty sets, odd lengths, bad places. */
    FOR(v, 0, 2, 1ULL << 63, ~1ULL, 1)
    FOR(w, 0, 1, 2, 7, 8, 9, 63, 64, 512)
    {
        memset(buffer, 0, 128);
        *(uint64_t *)buffer = v;
        DOMCTL(T, setvcpuaffinity, U.vcpuaffinity.flags = 1;
               U.vcpuaffinity.cpumap_hard.nr_bits = w;
               H(U.vcpuaffinity.cpumap_hard.bitmap, buffer));
        *(uint64_t *)buffer = v;
        DOMCTL(T, setvcpuaffinity, U.vcpuaffinity.flags = 2;
               U.vcpuaffinity.cpumap_soft.nr_bits = w;
               H(U.vcpuaffinity.cpumap_soft.bitmap, buffer));
        *(uint64_t *)buffer = v;
        DOMCTL(T, setnodeaffinity, U.nodeaffinity.nodemap.nr_bits = w;
               H(U.nodeaffinity.nodemap.bitmap, buffer));
        memset(buffer, 0, 128);
        DOMCTL(T, getnodeaffinity, U.nodeaffinity.nodemap.nr_bits = w;
               H(U.nodeaffinity.nodemap.bitmap, buffer));
        field("nodes", *(uint64_t *)buffer);
    }
    DOMCTL(T, setvcpuaffinity, U.vcpuaffinity.flags = 1;
           U.vcpuaffinity.cpumap_hard.nr_bits = 8;
           H(U.vcpuaffinity.cpumap_hard.bitmap, NOWHERE));
    DOMCTL(T, getvcpuaffinity, U.vcpuaffinity.flags = 1;
           U.vcpuaffinity.cpumap_hard.nr_bits = 8;
           H(U.vcpuaffinity.cpumap_hard.bitmap, XENS_OWN));
    DOMCTL(T, setnodeaffinity, U.nodeaffinity.nodemap.nr_bits = 8;
           H(U.nodeaffinity.nodemap.bitmap, NOWHERE));
}

static void scheduler(void)
{
    const struct xen_domctl_sched_credit2 *c = &U.scheduler_op.u.credit2;

    FOR(v, 0, 1, 4, 5, 6, 7, 8, 9, 10, ~0u)
    FOR(w, 0, 1, 2, 3, 4, ~0u)
    DOMCTL(T, scheduler_op, U.scheduler_op.sched_id = v;
           U.scheduler_op.cmd = w);
#define CREDIT2(...)                                                           \
    DOMCTL(T, scheduler_op, U.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;   \
           U.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo; __VA_ARGS__)
    FOR(v, 0, 1, 256, 65535)
    FOR(w, 0, 1, 50, 100, 200, 201, 65535)
    {
        CREDIT2(U.scheduler_op.u.credit2.weight = v;
                U.scheduler_op.u.credit2.cap = w);
        DOMCTL(T, scheduler_op, U.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
               U.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo);
        field("weight", c->weight);
        field("cap", c->cap);
    }
}

/* --- frames --------------------------------------------------------------- */

static void frames(void)
{
    uint64_t *list = (uint64_t *)buffer;

    FOR(v, 0, 1, 2, 63, 64, 65, 1023, 1024, 1025, 1ULL << 32, ~0ULL)
    {
        for (unsigned int i = 0; i < 1024; i++)
            list[i] = i % 3 ? ~0ULL : 1ULL << 40;
        DOMCTL(T, getpageframeinfo3, U.getpageframeinfo3.num = v;
               H(U.getpageframeinfo3.array, buffer));
        field("first", list[0]);
        field("last", list[1023]);
        DOMCTL(T, getpageframeinfo3, U.getpageframeinfo3.num = v;
               H(U.getpageframeinfo3.array, NOWHERE));
    }
    list[0] = 0x12345;
    DOMCTL(GONE, getpageframeinfo3, U.getpageframeinfo3.num = 1;
           H(U.getpageframeinfo3.array, buffer));
}

void try_domctl_vcpu(void)
{
    numbers();
    contexts();
    extended_state();
    policies();
    affinities();
    scheduler();
    frames();
}
