/* SPDX-License-Identifier: MIT */
/* How a domU ends by itself. */
#include "deaths.h"

/* A place where nothing is mapped, one of the hypervisor's, and none at all. */
#define NOWHERE    0x0000123456789000UL
#define HYPERVISOR 0xffff830000800000UL
#define NONSENSE   0x1234567890123456UL

static long by_call(uint64_t reason, uint64_t unused)
{
    struct sched_shutdown s = {.reason = reason};

    return HC2(sched_op, SCHEDOP_shutdown, &s);
}

static long by_old_call(uint64_t reason, uint64_t unused)
{
    return hypercall(__HYPERVISOR_sched_op_compat, SCHEDOP_shutdown, reason, 0,
                     0, 0);
}

static long without_handler(uint64_t unused, uint64_t unused_too)
{
    HC1(set_trap_table, NULL);
    asm volatile("ud2");
    return 0;
}

static long as_said_before(uint64_t reason, uint64_t unused)
{
    struct sched_shutdown s = {.reason = reason};

    HC2(sched_op, SCHEDOP_shutdown_code, &s);
    return without_handler(0, 0);
}

/* The first one counts. */
static long as_said_first(uint64_t reason, uint64_t unused)
{
    struct sched_shutdown s = {.reason = reason};

    HC2(sched_op, SCHEDOP_shutdown_code, &s);
    return as_said_before(reason + 1, 0);
}

static long in_multicall(uint64_t reason, uint64_t unused)
{
    static struct sched_shutdown s;
    static struct multicall_entry batch[8];

    s.reason = reason;
    for (unsigned int i = 0; i < 8; i++)
        batch[i] = (struct multicall_entry){.op = __HYPERVISOR_sched_op,
                                            .args = {SCHEDOP_yield}};
    batch[4].args[0] = SCHEDOP_shutdown;
    batch[4].args[1] = (uint64_t)&s;
    return HC2(multicall, batch, 8);
}

static long by_watchdog(uint64_t seconds, uint64_t unused)
{
    struct sched_watchdog w = {.timeout = seconds};
    long rc = HC2(sched_op, SCHEDOP_watchdog, &w);

    while (rc > 0)
        HC2(sched_op, SCHEDOP_block, 0);
    return rc;
}

static long without_callback(uint64_t unused, uint64_t unused_too)
{
    struct callback_register none = {.type = CALLBACKTYPE_event};
    uint32_t port = event_new_ipi(0);

    HC2(callback_op, CALLBACKOP_register, &none);
    bind_handler(port, NULL);
    event_send(port);
    events_enable();
    return 0;
}

static long trap_on(uint64_t stack, uint64_t unused)
{
    asm volatile("mov %0, %%rsp\n\tud2" ::"r"(stack));
    return 0;
}

/* Each fault pushes a frame, until it reaches what is not mapped. */
static long fault_for_ever(uint64_t unused, uint64_t unused_too)
{
    static struct trap_info t[] = {{14, 4, FLAT_KERNEL_CS, NOWHERE}, {}};

    HC1(set_trap_table, t);
    ((void (*)(void))NOWHERE)();
    return 0;
}

static void iret(const void *frame)
{
    asm volatile("mov %0, %%rsp\n\tsyscall" ::"r"(frame), "a"(__HYPERVISOR_iret)
                 : "memory");
}

static long by_iret_at(uint64_t frame, uint64_t unused)
{
    iret((void *)frame);
    return 0;
}

static long by_iret_in_multicall(uint64_t unused, uint64_t unused_too)
{
    static struct multicall_entry batch = {.op = __HYPERVISOR_iret};

    asm volatile("mov %0, %%rsp\n\tsyscall" ::"r"(NOWHERE),
                 "a"(__HYPERVISOR_multicall), "D"(&batch), "S"(1)
                 : "memory");
    return 0;
}

static struct iret_context user_frame(uint64_t rip)
{
    return (struct iret_context){.rip = rip,
                                 .cs = FLAT_USER_CS,
                                 .rflags = 0x200,
                                 .rsp = NOWHERE,
                                 .ss = FLAT_USER_SS};
}

static long without_user_root(uint64_t unused, uint64_t unused_too)
{
    struct iret_context c = user_frame(NOWHERE);

    mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
    iret(&c);
    return 0;
}

static long without_failsafe(uint64_t unused, uint64_t unused_too)
{
    struct callback_register none = {.type = CALLBACKTYPE_failsafe};
    struct iret_context c = user_frame(NOWHERE);

    c.cs = FLAT_KERNEL_CS & ~3;
    c.ss = 0x7fff;
    HC2(callback_op, CALLBACKOP_register, &none);
    iret(&c);
    return 0;
}

/* A trap of user mode finds no kernel stack. */
static long from_user_mode(uint64_t stack, uint64_t unused)
{
    struct iret_context c = user_frame(NOWHERE);

    user_mode_init();
    HC2(stack_switch, FLAT_KERNEL_SS, stack);
    iret(&c);
    return 0;
}

/* The fast way into the kernel finds none either. */
static long from_system_call(uint64_t stack, uint64_t unused)
{
    static const uint8_t code[] = {0x0f, 0x05}; /* syscall */
    struct callback_register r = {.type = CALLBACKTYPE_syscall,
                                  .flags = CALLBACKF_mask_events,
                                  .address = NOWHERE};
    struct iret_context c = user_frame((uint64_t)code);

    HC2(callback_op, CALLBACKOP_register, &r);
    user_mode_init();
    HC2(stack_switch, FLAT_KERNEL_SS, stack);
    iret(&c);
    return 0;
}

const struct end ends[] = {
    {"powers off", by_call, SHUTDOWN_poweroff, SHUTDOWN_poweroff},
    {"reboots", by_call, SHUTDOWN_reboot, SHUTDOWN_reboot},
    {"crashes by a call", by_call, SHUTDOWN_crash, SHUTDOWN_crash},
    {"suspends", by_call, SHUTDOWN_suspend, SHUTDOWN_suspend},
    {"calls itself late", by_call, SHUTDOWN_watchdog, SHUTDOWN_watchdog},
    {"wants a soft reset", by_call, SHUTDOWN_soft_reset, SHUTDOWN_soft_reset},
    {"has a reason in the low byte", by_call, 0x100 | SHUTDOWN_reboot,
     SHUTDOWN_reboot},
    {"has a reason of its own", by_call, 77, 77},
    {"reboots by the old call", by_old_call, SHUTDOWN_reboot, SHUTDOWN_reboot},
    {"reboots in a multicall", in_multicall, SHUTDOWN_reboot, SHUTDOWN_reboot},
    {"crashes in a multicall", in_multicall, SHUTDOWN_crash, SHUTDOWN_crash},
    {"has no handler", without_handler, 0, SHUTDOWN_crash},
    {"has said a reason before", as_said_before, SHUTDOWN_suspend,
     SHUTDOWN_suspend},
    {"has said a reason of its own before", as_said_before, 0x14d, 77},
    {"has said two reasons before", as_said_first, SHUTDOWN_reboot,
     SHUTDOWN_reboot},
    {"has no callback for events", without_callback, 0, SHUTDOWN_crash},
    {"traps without a stack", trap_on, NOWHERE, SHUTDOWN_crash},
    {"traps on the hypervisor's memory", trap_on, HYPERVISOR, SHUTDOWN_crash},
    {"traps on no address", trap_on, NONSENSE, SHUTDOWN_crash},
    {"traps on a stack at 0", trap_on, 0, SHUTDOWN_crash},
    {"faults until its stack ends", fault_for_ever, 0, SHUTDOWN_crash},
    {"traps in user mode and has no stack", from_user_mode, NOWHERE,
     SHUTDOWN_crash},
    {"traps in user mode, its stack the hypervisor's", from_user_mode,
     HYPERVISOR, SHUTDOWN_crash},
    {"makes a system call and has no stack", from_system_call, NOWHERE,
     SHUTDOWN_crash},
    {"makes a system call, its stack the hypervisor's", from_system_call,
     HYPERVISOR, SHUTDOWN_crash},
    {"returns by no frame", by_iret_at, NOWHERE, SHUTDOWN_crash},
    {"returns by a frame of the hypervisor's", by_iret_at, HYPERVISOR,
     SHUTDOWN_crash},
    {"returns by no frame in a multicall", by_iret_in_multicall, 0,
     SHUTDOWN_crash},
    {"returns to user mode without a root", without_user_root, 0,
     SHUTDOWN_crash},
    {"returns to what does not load", without_failsafe, 0, SHUTDOWN_crash},
    {"lets its watchdog expire", by_watchdog, 1, SHUTDOWN_watchdog},
};
const unsigned int nr_ends = sizeof(ends) / sizeof(ends[0]);
