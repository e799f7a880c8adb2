/* SPDX-License-Identifier: MIT */
/* Exceptions in guest kernel mode: vector, error code, rip, and coming back. */
#include <pv/pv.h>

static void do_ud2(void *arg)
{
    asm volatile("ud2");
}
static void do_int3(void *arg)
{
    asm volatile("int3");
}
static void do_div(void *arg)
{
    asm volatile("div %0" ::"r"(0), "a"(1), "d"(0));
}
static void do_noncanonical(void *arg)
{
    (void)*(volatile int *)0x8000000000000000UL;
}
static void do_int80(void *arg)
{
    asm volatile("int $0x80");
}
static void do_lidt(void *arg)
{
    uint8_t idt[10] = {0};

    asm volatile("lidt %0" ::"m"(idt));
}
static void do_bad_selector(void *arg)
{
    asm volatile("mov %w0, %%ds" ::"r"(0x1ff8));
}

static volatile unsigned int nr_traps;
static void skip_ud2(struct trap_frame *f)
{
    nr_traps++;
    f->rip += 2;
}

/* Flags that a handler must not find, though the code had them that trapped. */
#define NT (1UL << 14)
static uint64_t handler_flags;
static void on_bp(struct trap_frame *f)
{
    asm volatile("pushfq\n\tpop %0" : "=r"(handler_flags));
    f->rflags &= ~NT;
}

static void test_flags(void)
{
    set_trap_handler(3, on_bp);
    asm volatile("pushfq\n\torq %0, (%%rsp)\n\tpopfq\n\tint3" ::"i"(NT)
                 : "memory");
    is(handler_flags & NT, 0, "a handler is entered without NT");
    is(handler_flags & 0x200, 0x200, "a handler is entered with interrupts on");
    set_trap_handler(3, NULL);
}

int main(void)
{
    uint64_t a = 1, b = 2, c = 3, d = 4;

    is(try_call(do_ud2, NULL), 6, "ud2 is #UD");
    is(try_call(do_int3, NULL), 3, "int3 is #BP");
    is(try_call(do_div, NULL), 0, "division by zero is #DE");
    is(try_call(do_noncanonical, NULL), 13, "non-canonical address is #GP");
    is(caught.error, 0, "#GP of a non-canonical address has error code 0");
    is(try_call(do_int80, NULL), 0x80, "int 0x80 reaches its handler");
    is(try_call(do_lidt, NULL), 13, "lidt is #GP");
    is(try_call(do_bad_selector, NULL), 13, "bad selector is #GP");
    is(caught.error & 0xffff, 0x1ff8,
       "the error code of #GP names the selector");
    ok((caught.cs & 3) == 3 || (caught.cs & 0xffff) == FLAT_KERNEL_CS ||
           (caught.cs & 3) == 0,
       "cs in the frame of a trap is 0x%lx", caught.cs & 0xffff);

    set_trap_handler(6, skip_ud2);
    asm volatile("mov %4, %%rcx\n\tmov %5, %%r11\n\tud2\n\t"
                 "mov %%rcx, %0\n\tmov %%r11, %1"
                 : "=&r"(a), "=&r"(b), "+r"(c), "+r"(d)
                 : "i"(0x1234), "i"(0x5678)
                 : "rcx", "r11", "memory");
    is(nr_traps, 1, "the handler of a trap runs once");
    is(a, 0x1234, "rcx survives a trap");
    is(b, 0x5678, "r11 survives a trap");
    is(c + d, 7, "the other registers survive a trap");
    test_flags();
    return 0;
}
