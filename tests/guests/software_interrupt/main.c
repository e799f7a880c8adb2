/* SPDX-License-Identifier: MIT */
/*
 * 'int n' of every vector, from the guest's kernel and user mode, with every
 * privilege level in the trap table and with no entry there. Either the handler
 * is entered behind the instruction, with no error code whatever the vector; or
 * #GP comes at the instruction, with the error code that hardware gives for a
 * gate that the caller may not use: vector * 8 + 2.
 *
 * Genuine Xen takes the vector from the CPU's error code, which is wrong in
 * QEMU 7.2 and right in QEMU 10.
 */
#include <pv/pv.h>

#define NO_HANDLER (-1)
#define GP         13
#define NO_ERROR   (-1L)

/* Where the guest was entered, and the frame that it found. */
struct entry {
    bool gp;
    unsigned int skipped; /* bytes from the instruction to rip */
    long error;
    bool from_user;
};

extern char gp_entry[], handler_entry[];
extern uint64_t entry_frame[5];
bool raise_in_kernel(const uint8_t *code);
bool raise_in_user(const struct iret_context *c);

/* raise_in_*() return from the entry points: was it gp_entry? */
asm(".text\n"
    ".macro save\n\t"
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n\t"
    "mov %rsp, raise_rsp(%rip)\n\t"
    ".endm\n"
    "raise_in_kernel:\n\t"
    "save\n\t"
    "jmp *%rdi\n"
    "raise_in_user:\n\t"
    "save\n\t"
    "mov %rdi, %rsp\n\t"
    "mov $23, %eax\n\t" /* iret */
    "syscall\n"
    "handler_entry:\n\t"
    "xor %eax, %eax\n\t"
    "jmp 1f\n"
    "gp_entry:\n\t"
    "mov $1, %eax\n"
    "1:\tmov %rsp, %rsi\n\t"
    "lea entry_frame(%rip), %rdi\n\t"
    "mov $5, %ecx\n\t"
    "rep movsq\n\t"
    "mov raise_rsp(%rip), %rsp\n\t"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n\t"
    "ret\n"
    ".bss\n\t.balign 8\n"
    "raise_rsp: .skip 8\n"
    "entry_frame: .skip 40\n"
    ".text");

static uint8_t code[8];

static void set_handler(unsigned int vector, unsigned int dpl, char *entry)
{
    struct trap_info table[2] = {{.vector = vector,
                                  .flags = 4 | dpl, /* mask events */
                                  .cs = FLAT_KERNEL_CS,
                                  .address = (unsigned long)entry}};

    HC1(set_trap_table, table);
}

static void set_handlers(unsigned int vector, int dpl)
{
    HC1(set_trap_table, 0);
    set_handler(GP, 0, gp_entry);
    if (dpl != NO_HANDLER)
        set_handler(vector, dpl, vector == GP ? gp_entry : handler_entry);
}

/* The frame: rcx, r11, perhaps an error code, rip, cs. */
static struct entry run_code(bool user)
{
    static uint8_t stack[256] __attribute__((aligned(16)));
    struct iret_context c = {.rip = (uint64_t)code,
                             .cs = FLAT_USER_CS,
                             .rsp = (uint64_t)(stack + sizeof(stack)),
                             .ss = FLAT_USER_SS};
    bool gp = user ? raise_in_user(&c) : raise_in_kernel(code);
    bool plain = entry_frame[2] - (uint64_t)code < sizeof(code);
    const uint64_t *rip = entry_frame + (plain ? 2 : 3);

    return (struct entry){.gp = gp,
                          .skipped = rip[0] - (uint64_t)code,
                          .error = plain ? NO_ERROR : (long)entry_frame[2],
                          .from_user = (rip[1] & 3) == 3};
}

/* Three gates are open to everybody, whatever the guest's table says. */
static bool is_open_gate(unsigned int vector)
{
    return vector == 3 || vector == 4 || vector == 0x80;
}

static struct entry expected(unsigned int vector, int dpl, bool user)
{
    bool open =
        is_open_gate(vector) ? dpl != NO_HANDLER : dpl >= (user ? 3 : 1);

    return (struct entry){.gp = !open || vector == GP,
                          .skipped = open ? 2 : 0,
                          .error = open ? NO_ERROR : vector * 8 + 2,
                          .from_user = user};
}

static bool same(struct entry a, struct entry b)
{
    return a.gp == b.gp && a.skipped == b.skipped && a.error == b.error &&
           a.from_user == b.from_user;
}

/* #GP is always handled; #BP and #OF without a handler end a domain. */
static bool can_test(unsigned int vector, int dpl)
{
    return dpl != NO_HANDLER || (vector != GP && vector != 3 && vector != 4);
}

static void every_vector(int dpl, bool user)
{
    unsigned int bad = 0;

    for (unsigned int vector = 0; vector < 256; vector++) {
        struct entry e, want = expected(vector, dpl, user);

        if (!can_test(vector, dpl))
            continue;
        set_handlers(vector, dpl);
        code[0] = 0xcd;
        code[1] = vector;
        e = run_code(user);
        if (same(e, want))
            continue;
        if (bad++ < 8)
            diag("int $0x%x: %s at +%u, error %ld, from %s mode", vector,
                 e.gp ? "#GP" : "handler", e.skipped, e.error,
                 e.from_user ? "user" : "kernel");
    }
    if (dpl == NO_HANDLER)
        is(bad, 0, "vectors without a handler, raised in %s mode, are #GP",
           user ? "user" : "kernel");
    else
        is(bad, 0,
           "vectors of level %d, raised in %s mode, end where they must", dpl,
           user ? "user" : "kernel");
}

static void int3(bool user)
{
    struct entry e;

    set_handlers(3, 0);
    code[0] = 0xcc;
    e = run_code(user);
    ok(!e.gp && e.skipped == 1 && e.error == NO_ERROR && e.from_user == user,
       "int3 in %s mode enters its handler behind the instruction",
       user ? "user" : "kernel");
}

int main(void)
{
    user_mode_init();
    for (int user = 0; user < 2; user++) {
        for (int dpl = NO_HANDLER; dpl < 4; dpl++)
            every_vector(dpl, user);
        int3(user);
    }
    return 0;
}
