/* SPDX-License-Identifier: MIT */
/*
 * Excursions: instructions in user and kernel mode that end in a trap, and iret
 * frames that lead there. Whatever comes, comes back to attempt(): all vectors
 * and callbacks have one entry, which finds its vcpu by the stack.
 */
#include "fuzz.h"

/* struct cpu is at the lowest address of its vcpu's stack (16 KiB, aligned). */
asm(".text\n"
    ".globl attempt\n"
    "attempt:\n\t"
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n\t"
    "mov %rsp, %rcx\n\t"
    "and $-16384, %rcx\n\t"
    "push (%rcx)\n\t" /* attempts nest */
    "mov %rsp, (%rcx)\n\t"
    "mov %rdi, %rax\n\t"
    "mov %rsi, %rdi\n\t"
    "call *%rax\n\t"
    "jmp 1f\n"
    ".globl fuzz_trap\n"
    "fuzz_trap:\n\t"
    "cld\n\t"
    "mov %rsp, %rcx\n\t"
    "and $-16384, %rcx\n\t"
    "mov (%rcx), %rsp\n\t"
    "mov $-1000, %rax\n\t"
    "test %rsp, %rsp\n\t"
    "jnz 1f\n\t"
    "mov %rcx, %rdi\n\t" /* an NMI between two operations */
    "jmp fuzz_begin\n"
    "1:\tmov %rsp, %rcx\n\t"
    "and $-16384, %rcx\n\t"
    "pop (%rcx)\n\t"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n\t"
    "ret\n");

void catch_all(void)
{
    static struct trap_info table[257];
    static const uint8_t types[] = {
        CALLBACKTYPE_event, CALLBACKTYPE_failsafe, CALLBACKTYPE_syscall,
        CALLBACKTYPE_nmi,   CALLBACKTYPE_sysenter, CALLBACKTYPE_syscall32};

    for (unsigned int i = 0; i < 256; i++)
        table[i] =
            (struct trap_info){i, 4 | 3, FLAT_KERNEL_CS, (uint64_t)fuzz_trap};
    HC1(set_trap_table, table);
    for (unsigned int i = 0; i < sizeof(types); i++) {
        struct callback_register r = {.type = types[i],
                                      .flags = CALLBACKF_mask_events,
                                      .address = (uint64_t)fuzz_trap};

        HC2(callback_op, CALLBACKOP_register, &r);
    }
}

/* --- what is tried ---------------------------------------------------------
 */
/* Each ends in ud2, if it does not trap before. rdi, rsi are random. */
#define SNIPPETS(S)                                                            \
    S(ud, "nop")                                                               \
    S(breakpoint, "int3")                                                      \
    S(int80, "int $0x80")                                                      \
    S(int20, "int $0x20")                                                      \
    S(int2, "int $2")                                                          \
    S(int8, "int $8")                                                          \
    S(int14, "int $14")                                                        \
    S(intff, "int $0xff")                                                      \
    S(a_syscall, "mov %rdi, %rax; syscall")                                    \
    S(a_sysenter, "sysenter")                                                  \
    S(load, "mov (%rdi), %rax")                                                \
    S(save, "mov %rsi, (%rdi)")                                                \
    S(go, "jmp *%rdi")                                                         \
    S(stack, "mov %rdi, %rsp; push %rsi")                                      \
    S(a_hlt, "hlt")                                                            \
    S(a_cli, "cli; sti")                                                       \
    S(in_byte, "mov %edi, %edx; in %dx, %al")                                  \
    S(out_dword, "mov %edi, %edx; out %eax, %dx")                              \
    S(ins, "mov %esi, %edx; mov $3, %ecx; rep insb")                           \
    S(outs, "mov %edi, %edx; mov $3, %ecx; rep outsw")                         \
    S(readmsr, "mov %edi, %ecx; rdmsr")                                        \
    S(gsbase, "mov $0xc0000101, %ecx; mov %edi, %eax; mov %esi, %edx; wrmsr")  \
    S(writemsr, "mov %edi, %ecx; mov %esi, %eax; xor %edx, %edx; wrmsr")       \
    S(cr0, "mov %cr0, %rax; mov %rdi, %cr0")                                   \
    S(cr2, "mov %cr2, %rax; mov %rdi, %cr2")                                   \
    S(cr4, "mov %cr4, %rax; mov %rdi, %cr4")                                   \
    S(dr7, "mov %dr7, %rax; mov %rdi, %dr0")                                   \
    S(a_clts, "clts; lmsw %di; smsw %ax")                                      \
    S(a_invlpg, "invlpg (%rdi)")                                               \
    S(a_cpuid, ".byte 0x0f,0x0b,0x78,0x65,0x6e; mov %edi, %eax; cpuid")        \
    S(cpuid2, "mov %edi, %eax; .byte 0x0f,0x0b,0x78,0x65,0x6e; cpuid")         \
    S(tsc, "rdtsc; rdtscp; rdpmc")                                             \
    S(segment_ds, "mov %di, %ds; mov (%rsi), %eax")                            \
    S(segment_fs, "mov %di, %fs; mov %fs:(%rsi), %rax")                        \
    S(segment_gs, "mov %di, %gs; mov %gs:(%rsi), %rax")                        \
    S(segment_ss, "mov %di, %ss")                                              \
    S(a_swapgs, "swapgs")                                                      \
    S(descriptors, "lgdt (%rdi)")                                              \
    S(local, "lldt %di; sldt %ax; str %ax")                                    \
    S(tell, "sgdt (%rdi)")                                                     \
    S(access, "lar %di, %rax; lsl %di, %rax; verr %di; verw %di")              \
    S(flags, "push %rdi; popfq; nop; pushfq")                                  \
    S(divide, "xor %edx, %edx; mov %rdi, %rax; xor %ecx, %ecx; div %rcx")      \
    S(far_return, "push %rsi; push %rdi; lretq")                               \
    S(interrupt_return, "push %rsi; push %rsp; push %rdi; push %rsi; push "    \
                        "%rdi; iretq")                                         \
    S(xsetbv_, "xor %ecx, %ecx; mov %edi, %eax; xor %edx, %edx; xsetbv")       \
    S(fpu, "fninit; fldz; fdiv %st(0); fwait")                                 \
    S(restore, "fxrstor (%rdi)")                                               \
    S(mxcsr, "push %rdi; ldmxcsr (%rsp)")                                      \
    S(locked, ".byte 0xf0,0x0f,0x0b")                                          \
    S(monitors,                                                                \
      "mov %rdi, %rax; xor %ecx, %ecx; xor %edx, %edx; monitor; mwait")        \
    S(a_wbinvd, "wbinvd; invd")

#define DEFINE(name, text)                                                     \
    asm(".text\nsnip_" #name ":\n\t" text "\n\tud2\n");                        \
    extern char snip_##name[];
SNIPPETS(DEFINE)
#define LIST(name, text) snip_##name,
static char *const snippets[] = {SNIPPETS(LIST)};
#define NR_SNIPPETS (sizeof(snippets) / sizeof(snippets[0]))

static uint64_t any_value(struct cpu *c)
{
    static const uint32_t numbers[] = {
        0xe033,     0xe02b,     0xe023,     0x33,       0x2b,       3,
        0x10,       0x1b,       0xc0000080, 0xc0000081, 0xc0000082, 0xc0000100,
        0xc0000101, 0xc0000102, 0x1b,       0x10,       0x277,      0x174,
        0x176,      0x3f8,      0xcf8,      0xcfc,      0x70,       0x61,
        0x42,       0x100,      0x4000,     0x40000,    0x3000,     0x20000};

    if (one_in(c, 2))
        return numbers[below(c, sizeof(numbers) / 4)];
    return one_in(c, 3) ? rnd(c) : any_address(c);
}

struct excursion {
    struct iret_context frame;
    uint64_t rdi, rsi;
};

static long run_kernel(void *arg)
{
    const struct excursion *e = arg;
    uint64_t rdi = e->rdi, rsi = e->rsi;

    asm volatile("call *%2"
                 : "+D"(rdi), "+S"(rsi)
                 : "r"(e->frame.rip)
                 : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    return 0;
}

/* A syscall in kernel mode is a hypercall of any number: others are for that.
 * hlt waits for an event. What takes the stack away ends the domain. */
long op_kernel(struct cpu *c)
{
    struct excursion e = {.rdi = any_value(c), .rsi = any_value(c)};
    char *code = snippets[below(c, NR_SNIPPETS)];

    if (code == snip_a_syscall || code == snip_a_hlt || code == snip_go ||
        code == snip_far_return || code == snip_interrupt_return ||
        (code == snip_stack && !one_in(c, 50)))
        code = snip_ud;
    e.frame.rip = (uint64_t)code;
    return c->batch ? 0 : attempt(run_kernel, &e);
}

static long run_user(void *arg)
{
    struct excursion *e = arg;

    asm volatile("mov %0, %%rsp\n\tsyscall" ::"r"(&e->frame),
                 "a"(__HYPERVISOR_iret), "D"(e->rdi), "S"(e->rsi)
                 : "memory");
    return 0;
}

long op_user(struct cpu *c)
{
    static uint8_t stacks[MOST_CPUS + 1][1024];
    struct excursion e = {.rdi = any_value(c), .rsi = any_value(c)};
    static const uint16_t other_cs[] = {FLAT_RING3_CS32, 0xe033, 0x33, 0x0,
                                        0xe008,          0xe02b, 0x7,  0xf};

    if (c->batch)
        return 0;
    e.frame = (struct iret_context){
        .rax = any_value(c),
        .flags = one_in(c, 2) ? VGCF_in_syscall : rnd(c) & 0x1ff,
        .rip = (uint64_t)snippets[below(c, NR_SNIPPETS)],
        .cs = FLAT_USER_CS,
        .rflags = 0x200,
        .rsp = (uint64_t)(stacks[c->id] + 1000),
        .ss = FLAT_USER_SS,
    };
    if (one_in(c, 6))
        e.frame.rflags = rnd(c) & 0x3fffff;
    if (one_in(c, 10))
        e.frame.cs = other_cs[below(c, 8)];
    if (one_in(c, 20))
        e.frame.ss = one_in(c, 2) ? any_value(c) : 0;
    if (one_in(c, 20))
        e.frame.rsp = any_address(c);
    if (one_in(c, 20))
        e.frame.rip = any_address(c);
    if (one_in(c, 2000)) /* the way back ends the domain, if the stack is bad */
        call(c, __HYPERVISOR_stack_switch, FLAT_KERNEL_SS, any_address(c), 0,
             0);
    if (one_in(c, 3)) {
        e.frame.rcx = e.frame.rip;
        e.frame.r11 = e.frame.rflags;
    }
    /* To come back as a kernel is no excursion: its stack must be the vcpu's.
     */
    if (!(e.frame.cs & 3))
        e.frame.rsp = (uint64_t)&e;
    return attempt(run_user, &e) == TRAPPED ? 0 : -1;
}
