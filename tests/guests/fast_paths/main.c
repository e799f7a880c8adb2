/* SPDX-License-Identifier: MIT */
/*
 * System calls and iret as Linux has them: a callback for system calls that
 * masks events, and flat user segments in the guest's own GDT, for which the
 * hypervisor has ways of its own. Rights and flags are those of the long way.
 */
#include <pv/pv.h>

#define IOPL    0x3000UL
#define IF      0x200UL
#define USER_SS 0x2bUL
#define USER_CS 0x33UL

void enter_user(struct iret_context *c);
extern char syscall_entry[];
extern uint64_t arrival[8]; /* rcx r11 rip cs rflags rsp ss, and rax */
asm(".text\n"
    "enter_user:\n\t"
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n\t"
    "mov %rsp, departure_rsp(%rip)\n\t"
    "mov %rdi, %rsp\n\t"
    "mov $23, %eax\n\t" /* iret */
    "syscall\n"
    "syscall_entry:\n\t"
    "mov %rax, 56 + arrival(%rip)\n\t"
    "mov %rsp, %rsi\n\t"
    "lea arrival(%rip), %rdi\n\t"
    "mov $7, %ecx\n\t"
    "rep movsq\n\t"
    "mov departure_rsp(%rip), %rsp\n\t"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n\t"
    "ret\n"
    ".bss\n\t.balign 8\n"
    "departure_rsp: .skip 8\n"
    "arrival: .skip 64\n"
    ".text");

/* pushf; pop; syscall: at an address in the lower half, as programs have */
static const uint8_t program[] = {0x9c, 0x58, 0x0f, 0x05};
static uint8_t *code;
static uint8_t user_stack[256] __attribute__((aligned(16)));

static void go(uint64_t flags, uint64_t cs, const char *how)
{
    struct vcpu_info *vi = &shared_info->vcpu_info[0];
    struct iret_context c = {.rip = (uint64_t)code,
                             .rcx = (uint64_t)code,
                             .cs = cs,
                             .rflags = flags,
                             .r11 = flags,
                             .rsp = (uint64_t)(user_stack + 256),
                             .ss = USER_SS};

    vi->evtchn_upcall_mask = 1;
    enter_user(&c);
    is(arrival[2], (uint64_t)code + 4, "a system call comes back from %s", how);
    is(arrival[0], (uint64_t)code + 4, "rcx is where %s goes on", how);
    is(arrival[3] & 3, 3, "%s runs in user mode", how);
    is(arrival[5], (uint64_t)(user_stack + 256), "%s has its stack", how);
    is(arrival[7] & IOPL, 0, "%s has no I/O privilege level", how);
    is(arrival[7] & IF, IF, "%s runs with interrupts on", how);
    is(arrival[3] >> 32 & 0xff, 0, "events were unmasked in %s", how);
    is(vi->evtchn_upcall_mask, 1, "a system call of %s masks events", how);
}

/* xor %eax, %eax; dec %eax; nop; ud2. As 64-bit code the second is a prefix of
 * the third. */
static const uint8_t program32[] = {0x31, 0xc0, 0x48, 0x90, 0x0f, 0x0b};

static void in_user32(void *unused)
{
    static struct iret_context c;

    c = (struct iret_context){.rip = (uint64_t)code,
                              .rcx = (uint64_t)code,
                              .cs = FLAT_USER_CS32,
                              .rflags = IF,
                              .r11 = IF,
                              .rsp = (uint64_t)(user_stack + 256),
                              .ss = USER_SS};
    asm volatile("mov %0, %%rsp\n\t"
                 "mov $23, %%eax\n\t" /* iret */
                 "syscall" ::"r"(&c)
                 : "memory");
}

static void user32(uint8_t *page)
{
    memcpy(page, program32, sizeof(program32));
    is(try_call(in_user32, NULL), 6, "a program of 32 bits runs");
    is(caught.cs & 0xffff, FLAT_USER_CS32, "it has the segment of its frame");
    is(caught.rax, 0xffffffff, "it is run as code of 32 bits");
}

static void on_int3(struct trap_frame *f)
{
    f->rax = 42;
    f->rflags |= IOPL | 1; /* carry */
}

static void kernel_iret(void)
{
    uint64_t rax, flags;

    set_trap_handler(3, on_int3);
    asm volatile("xor %%eax, %%eax\n\tint3\n\tpushfq\n\tpop %1"
                 : "=&a"(rax), "=r"(flags)::"memory");
    is(rax, 42, "iret to the kernel loads rax of the frame");
    is(flags & 1, 1, "iret to the kernel loads the carry flag of the frame");
    is(flags & IF, IF, "iret to the kernel leaves interrupts on");
    is(flags & IOPL, 0, "iret to the kernel gives no I/O privilege level");
    is(shared_info->vcpu_info[0].evtchn_upcall_mask, 1,
       "iret to the kernel leaves events masked");
}

int main(void)
{
    struct callback_register syscall = {.type = CALLBACKTYPE_syscall,
                                        .flags = CALLBACKF_mask_events,
                                        .address =
                                            (unsigned long)syscall_entry};
    uint64_t *gdt = alloc_page(), frame = virt_to_mfn(gdt);
    uint8_t *page = alloc_page();
    long rc;

    memcpy(page, program, sizeof(program));
    code = map_mfn(virt_to_mfn(page), PTE_P | PTE_U, &rc);
    is(rc, 0, "a program is mapped");
    user_mode_init();
    gdt[USER_SS / 8] = 0x00cff3000000ffffUL;
    gdt[USER_CS / 8] = 0x00affb000000ffffUL;
    is(make_readonly(gdt), 0, "a page becomes read-only");
    is(HC2(set_gdt, &frame, 16), 0, "it is the GDT");
    is(HC2(callback_op, CALLBACKOP_register, &syscall), 0,
       "a callback for system calls is registered");
    kernel_iret();
    go(IF, USER_CS, "user mode");
    go(IF | IOPL, USER_CS, "user mode with level 3 in its frame");
    user32(page);
    return 0;
}
