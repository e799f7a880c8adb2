/* SPDX-License-Identifier: MIT */
/*
 * What a domU puts into rflags of an iret frame: it goes on at ring 3, with
 * interrupts on, and without IOPL and VM. NT stays: the guest's next iret
 * instruction faults then, and none of the hypervisor's. run: ramdisk=1
 */
#include <pv/domu.h>
#include <pv/io_port.h>

#define IF   0x200UL
#define IOPL 0x3000UL
#define NT   0x4000UL
#define VM   0x20000UL
#define AC   0x40000UL
#define VIF  0x80000UL
#define VIP  0x100000UL

/* --- in the domU ---------------------------------------------------------- */

static uint64_t add_flags, seen_flags, seen_cs;
static void on_int3(struct trap_frame *f)
{
    f->rflags |= add_flags;
}

/* The flags after an iret whose frame had these, too. */
static long flags_after(uint64_t flags, uint64_t unused)
{
    add_flags = flags;
    set_trap_handler(3, on_int3);
    asm volatile("int3\n\tpushfq\n\tpop %0" : "=r"(seen_flags)::"memory");
    return seen_flags;
}

static uint8_t user_code[] = {0x0f, 0x0b}; /* ud2 */
static struct iret_context frame;
static void go(void *unused)
{
    struct iret_context c = frame;

    asm volatile("mov %0, %%rsp\n\tsyscall" ::"r"(&c), "a"(__HYPERVISOR_iret)
                 : "memory");
}

/* Goes to user mode by a frame with these; the trap that comes back. */
static long user_with(uint64_t flags, uint64_t cs)
{
    static uint8_t stack[256] __attribute__((aligned(16)));
    static bool ready;
    int trap;

    if (!ready)
        user_mode_init();
    ready = true;
    frame = (struct iret_context){.rip = (uint64_t)user_code,
                                  .cs = cs,
                                  .rflags = flags,
                                  .rsp = (uint64_t)(stack + sizeof(stack)),
                                  .ss = FLAT_USER_SS};
    trap = try_call(go, NULL);
    shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
    seen_flags = caught.rflags;
    seen_cs = caught.cs;
    return trap;
}

static long flags_of_trap(uint64_t unused, uint64_t unused_too)
{
    return seen_flags;
}

static long level_of_trap(uint64_t unused, uint64_t unused_too)
{
    return seen_cs & 3;
}

static void port(void *unused)
{
    in8(0x80);
}

static long port_with_iopl(uint64_t unused, uint64_t unused_too)
{
    flags_after(IOPL, 0);
    return try_call(port, NULL);
}

/* --- in dom0 -------------------------------------------------------------- */

int main(void)
{
    struct domu *u = domu_start(1);

    is(domu_call(u, flags_after, IOPL, 0) & (IF | IOPL), IF,
       "IOPL in a frame of iret is dropped");
    is(domu_call(u, flags_after, NT, 0) & (IF | NT), IF | NT,
       "NT is left to the guest");
    is(domu_call(u, flags_after, 0, 0) & IF, IF, "which goes on with it");
    is(domu_call(u, flags_after, VM | VIF | VIP, 0) & (IF | VM | VIF | VIP), IF,
       "VM, VIF and VIP are dropped");
    is(domu_call(u, port_with_iopl, 0, 0), 13,
       "and with IOPL in its frame a domU reaches no port");
    is(domu_call(u, user_with, IF | IOPL | NT | AC, FLAT_USER_CS), 6,
       "a frame with all of them leads to user mode");
    is(domu_call(u, flags_of_trap, 0, 0) & (IF | IOPL | NT | AC), IF | NT | AC,
       "where IOPL is not left, and NT and AC are");
    is(domu_call(u, user_with, 0, FLAT_USER_CS), 6,
       "a frame without IF leads to user mode, too");
    is(domu_call(u, level_of_trap, 0, 0), 3, "at level 3");
    domu_destroy(u);
    return 0;
}
