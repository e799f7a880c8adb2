/* SPDX-License-Identifier: MIT */
/*
 * What user mode must not do is #GP there, though both modes of a guest run at
 * the same level of the CPU; and no frame of iret gives a mode more flags than
 * it may have.
 */
#include <pv/pv.h>

#define IOPL 0x3000UL
#define NT   0x4000UL

static uint8_t code[16];
static uint64_t frame_flags;

static void in_user(void *unused)
{
    static uint8_t stack[256] __attribute__((aligned(16)));
    static struct iret_context c;

    c = (struct iret_context){.rip = (uint64_t)code,
                              .cs = FLAT_USER_CS,
                              .rflags = frame_flags,
                              .rsp = (uint64_t)(stack + sizeof(stack)),
                              .ss = FLAT_USER_SS};
    asm volatile("mov %0, %%rsp\n\t"
                 "mov $23, %%eax\n\t" /* iret */
                 "syscall" ::"r"(&c)
                 : "memory");
}

static void in_user_by_batch(void *unused)
{
    static uint8_t stack[256] __attribute__((aligned(16)));
    static struct multicall_entry batch[] = {{.op = __HYPERVISOR_iret}};
    static struct iret_context c;

    c = (struct iret_context){.rip = (uint64_t)code,
                              .cs = FLAT_USER_CS,
                              .rflags = frame_flags,
                              .rsp = (uint64_t)(stack + sizeof(stack)),
                              .ss = FLAT_USER_SS};
    asm volatile("mov %0, %%rsp\n\t"
                 "syscall" ::"r"(&c),
                 "a"(__HYPERVISOR_multicall), "D"(batch), "S"(1L)
                 : "memory");
}

static const struct {
    const char *name;
    uint8_t bytes[8];
} forbidden[] = {
    {"hlt", {0xf4}},
    {"clts", {0x0f, 0x06}},
    {"wbinvd", {0x0f, 0x09}},
    {"invd", {0x0f, 0x08}},
    {"rdmsr", {0x0f, 0x32}},
    {"wrmsr", {0x0f, 0x30}},
    {"mov from cr0", {0x0f, 0x20, 0xc0}},
    {"mov from cr3", {0x0f, 0x20, 0xd8}},
    {"mov to cr3", {0x0f, 0x22, 0xd8}},
    {"mov to cr4", {0x0f, 0x22, 0xe0}},
    {"mov from dr7", {0x0f, 0x21, 0xf8}},
    {"mov to dr0", {0x0f, 0x23, 0xc0}},
    {"in", {0xe4, 0x80}},
    {"out", {0xe6, 0x80}},
    {"cli", {0xfa}},
};

static void load(const uint8_t *bytes, unsigned int n)
{
    for (unsigned int i = 0; i < sizeof(code); i++)
        code[i] = i < n ? bytes[i] : i & 1 ? 0x0b : 0x0f; /* ud2 */
}

static void check_flags(void (*enter)(void *), const char *how)
{
    /* pushf; pop %rax; ud2 */
    static const uint8_t show[] = {0x9c, 0x58, 0x0f, 0x0b};

    for (unsigned int i = 0; i < sizeof(code); i++)
        code[i] = show[i % sizeof(show)];
    frame_flags = IOPL | 0x200;
    is(try_call(enter, NULL), 6, "user mode is entered %s", how);
    is(caught.rax & IOPL, 0, "iret %s gives no I/O privilege level", how);
    frame_flags = NT;
    is(try_call(enter, NULL), 6, "user mode is entered %s with NT", how);
    is(caught.rax & 0x200, 0x200, "iret %s leaves interrupts on", how);
    is(caught.cs & 3, 3, "iret %s leads to user mode", how);
    load((const uint8_t[]){0xfa}, 1);
    frame_flags = IOPL | 0x200;
    is(try_call(enter, NULL), 13, "cli is #GP after iret %s with level 3", how);
}

/* A port that the process may use opens no other. */
static void check_ports(void)
{
    static uint8_t bitmap[32];
    struct physdev_set_iobitmap op = {.nr_ports = 256};

    for (unsigned int i = 0; i < sizeof(bitmap); i++)
        bitmap[i] = 0xff;
    bitmap[0x80 / 8] = 0xfe;
    set_xen_guest_handle(op.bitmap, bitmap);
    is(HC2(physdev_op, PHYSDEVOP_set_iobitmap, &op), 0,
       "a process has one port");
    load((const uint8_t[]){0xe4, 0x80, 0xe4, 0x84}, 4);
    frame_flags = 0x200;
    is(try_call(in_user, NULL), 13, "another port is #GP");
    is(caught.rip, (uint64_t)code + 2, "its own port is read");
}

int main(void)
{
    user_mode_init();
    for (unsigned int i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]);
         i++) {
        unsigned int n = sizeof(forbidden[i].bytes);

        while (n > 1 && !forbidden[i].bytes[n - 1])
            n--;
        load(forbidden[i].bytes, n);
        frame_flags = 0x200;
        is(try_call(in_user, NULL), 13, "%s in user mode is #GP",
           forbidden[i].name);
        is(caught.rip, (uint64_t)code, "%s in user mode is not carried out",
           forbidden[i].name);
    }
    check_ports();
    check_flags(in_user, "by a call");
    check_flags(in_user_by_batch, "in a batch");
    return 0;
}
