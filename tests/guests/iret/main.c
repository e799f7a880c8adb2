/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_iret: what it restores, and the event mask it takes from rflags.
 * In a multicall it does the same and ends the batch.
 */
#include <pv/pv.h>

static void on_int3(struct trap_frame *f)
{
    caught = *f;
    f->rax = 42;
    f->rflags |= 1; /* carry */
}

static void after_an_exception(void)
{
    struct vcpu_info *vi = &shared_info->vcpu_info[0];
    uint64_t rax, flags;

    set_trap_handler(3, on_int3);
    asm volatile("xor %%eax, %%eax\n\tint3\n\tpushfq\n\tpop %1"
                 : "=&a"(rax), "=r"(flags)::"memory");
    is(rax, 42, "iret loads rax of the frame");
    is(flags & 1, 1, "iret loads the carry flag of the frame");
    is(flags & 0x200, 0x200, "IF is on in guest context");
    is(vi->evtchn_upcall_mask, 1,
       "events stay masked when the frame of iret has IF clear");
    is(caught.rflags & 0x200, 0,
       "IF in a trap's frame is clear while events are masked");
    vi->evtchn_upcall_mask = 0;
    asm volatile("int3" ::: "rax", "memory");
    is(caught.rflags & 0x200, 0x200,
       "IF in a trap's frame is set while events are on");
    is(caught.cs >> 32 & 0xff, 0, "a trap's frame holds the mask of events");
    is(vi->evtchn_upcall_mask, 0, "iret unmasks events again");
    vi->evtchn_upcall_mask = 1;
}

/* --- in a batch ----------------------------------------------------------- */
#define UNTOUCHED 0x5a5a
static struct multicall_entry batch[3];

static void make_batch(void)
{
    for (int i = 0; i < 3; i++)
        batch[i] = (struct multicall_entry){.op = __HYPERVISOR_xen_version,
                                            .result = UNTOUCHED};
    batch[1].op = __HYPERVISOR_iret;
}

/* Registers as they are where the frame leads to. */
struct arrival {
    uint64_t rax, rcx, r11, rsp, rflags, rbx, rbp, r12, r15;
};
long leave_by_batch(struct iret_context *c, struct arrival *a);
asm(".text\n"
    "leave_by_batch:\n\t"
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n\t"
    "mov %rsi, arrival(%rip)\n\t"
    "mov %rsp, departure_rsp(%rip)\n\t"
    "lea 1f(%rip), %rax\n\t"
    "mov %rax, 32(%rdi)\n\t"
    "mov %rdi, %rsp\n\t"
    "lea batch(%rip), %rdi\n\t"
    "mov $3, %esi\n\t"
    "mov $0xb0, %ebx; mov $0xb1, %ebp; mov $0xb2, %r12d; mov $0xb3, %r15d\n\t"
    "mov $13, %eax\n\t" /* multicall */
    "syscall\n\t"
    "mov $1, %eax\n\t" /* it came back */
    "jmp 2f\n"
    "1:\tmov arrival(%rip), %rdi\n\t"
    "mov %rax, (%rdi); mov %rcx, 8(%rdi); mov %r11, 16(%rdi)\n\t"
    "mov %rsp, 24(%rdi)\n\t"
    "mov departure_rsp(%rip), %rsp\n\t"
    "pushfq; popq 32(%rdi)\n\t"
    "mov %rbx, 40(%rdi); mov %rbp, 48(%rdi); mov %r12, 56(%rdi)\n\t"
    "mov %r15, 64(%rdi)\n\t"
    "xor %eax, %eax\n"
    "2:\tmov departure_rsp(%rip), %rsp\n\t"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n\t"
    "ret\n"
    ".bss\n\t.balign 8\n"
    "arrival: .skip 8\n"
    "departure_rsp: .skip 8\n"
    ".text");

static void kernel_iret_in_batch(void)
{
    static uint64_t stack[32];
    struct iret_context c = {.rax = 0x1234,
                             .r11 = 0x11,
                             .rcx = 0x22,
                             .cs = FLAT_KERNEL_CS & ~3UL,
                             .rflags = 1, /* carry; events masked */
                             .rsp = (uint64_t)(stack + 32),
                             .ss = FLAT_KERNEL_SS};
    struct arrival a = {0};

    make_batch();
    is(leave_by_batch(&c, &a), 0, "iret in a batch goes where its frame says");
    is(a.rax, 0x1234, "iret in a batch loads rax of the frame");
    is(a.rcx, 0x22, "iret in a batch loads rcx of the frame");
    is(a.r11, 0x11, "iret in a batch loads r11 of the frame");
    is(a.rsp, (uint64_t)(stack + 32), "iret in a batch loads rsp of the frame");
    is(a.rflags & 0x201, 0x201, "iret in a batch loads rflags of the frame");
    ok(a.rbx == 0xb0 && a.rbp == 0xb1 && a.r12 == 0xb2 && a.r15 == 0xb3,
       "iret in a batch leaves the registers alone that no frame has");
    is(batch[0].result >> 16, 4, "the call before iret in a batch is made");
    is(batch[1].result, 0x1234, "rax is the result of iret in its entry, too");
    is(batch[2].result, UNTOUCHED,
       "the call behind iret in a batch is not made");
}

static uint8_t user_code[] = {0x0f, 0x0b}; /* ud2 */
static void user_iret(void *arg)
{
    static uint8_t stack[256] __attribute__((aligned(16)));
    struct iret_context c = {.rax = 0x77,
                             .rip = (uint64_t)user_code,
                             .cs = FLAT_USER_CS,
                             .rflags = 0x200,
                             .rsp = (uint64_t)(stack + sizeof(stack)),
                             .ss = FLAT_USER_SS};

    asm volatile("mov %0, %%rsp\n\t"
                 "syscall" ::"r"(&c),
                 "a"(__HYPERVISOR_multicall), "D"(batch), "S"(3L)
                 : "memory");
}

static void user_iret_in_batch(void)
{
    struct vcpu_info *vi = &shared_info->vcpu_info[0];

    user_mode_init();
    make_batch();
    is(try_call(user_iret, NULL), 6, "iret in a batch goes to user mode");
    is(caught.rip, (uint64_t)user_code,
       "iret in a batch to user mode loads rip of the frame");
    is(caught.cs & 3, 3,
       "the trap behind an iret in a batch came from user mode");
    is(caught.rax, 0x77, "iret in a batch to user mode loads rax of the frame");
    is(caught.rflags & 0x200, 0x200,
       "iret in a batch to user mode unmasks events");
    is(batch[2].result, UNTOUCHED,
       "the call behind iret to user mode in a batch is not made");
    vi->evtchn_upcall_mask = 1;
}

int main(void)
{
    after_an_exception();
    kernel_iret_in_batch();
    user_iret_in_batch();
    return 0;
}
