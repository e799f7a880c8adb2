/* SPDX-License-Identifier: MIT */
/*
 * cli and sti by the virtual I/O privilege level: they do nothing where it is
 * high enough, and are #GP where it is not. A guest's kernel counts as level 1;
 * with the assist architectural_iopl as level 0, and iret loads the level.
 */
#include <pv/pv.h>

#define CLI 0xfa
#define STI 0xfb

static uint8_t code[8] = {0, 0x0f, 0x0b}; /* ud2 behind it */
static uint64_t level;                    /* in rflags */

static void in_kernel(void *unused)
{
    asm volatile("call *%0" ::"r"(code) : "memory");
}

static void in_user(void *unused)
{
    static uint8_t stack[256] __attribute__((aligned(16)));
    static struct iret_context c;

    c = (struct iret_context){.rip = (uint64_t)code,
                              .cs = FLAT_USER_CS,
                              .rflags = level << 12,
                              .rsp = (uint64_t)(stack + sizeof(stack)),
                              .ss = FLAT_USER_SS};
    asm volatile("mov %0, %%rsp\n\t"
                 "mov $23, %%eax\n\t" /* iret */
                 "syscall" ::"r"(&c)
                 : "memory");
}

static void check(const char *abi, unsigned int kernel_level)
{
    for (level = 0; level < 4; level++)
        for (int user = 0; user < 2; user++)
            for (code[0] = CLI; code[0] <= STI; code[0]++) {
                struct physdev_set_iopl op = {.iopl = level};
                bool may = level >= (user ? 3 : kernel_level);

                HC2(physdev_op, PHYSDEVOP_set_iopl, &op);
                is(try_call(user ? in_user : in_kernel, NULL), may ? 6 : 13,
                   "%s in %s mode at level %lu of the %s %s",
                   code[0] == CLI ? "cli" : "sti", user ? "user" : "kernel",
                   level, abi, may ? "does nothing" : "is #GP");
            }
}

int main(void)
{
    user_mode_init();
    check("hypercall's ABI", 1);
    is(HC2(vm_assist, VMASST_CMD_enable, VMASST_TYPE_architectural_iopl), 0,
       "the assist architectural_iopl can be chosen");
    check("architecture's ABI", 0);
    return 0;
}
