/* SPDX-License-Identifier: MIT */
/* Registers and stack traces, for reports of crashes. */
#include <hv/lib.h>
#include <hv/symbols.h>
#include <asm/current.h>
#include <asm/processor.h>
#include <asm/traps.h>

static void wide(const char *what, uint64_t v)
{
    printk("%s%016lx", what, (unsigned long)v);
}

void show_registers(const struct cpu_regs *r)
{
    wide("rip ", r->rip);
    printk(" cs %04x rflags %08lx ss %04x\n", r->cs, (unsigned long)r->rflags,
           r->ss);
    wide("rax ", r->rax), wide(" rbx ", r->rbx), wide(" rcx ", r->rcx);
    wide("\nrdx ", r->rdx), wide(" rsi ", r->rsi), wide(" rdi ", r->rdi);
    wide("\nrbp ", r->rbp), wide(" rsp ", r->rsp), wide(" r8  ", r->r8);
    wide("\nr9  ", r->r9), wide(" r10 ", r->r10), wide(" r11 ", r->r11);
    wide("\nr12 ", r->r12), wide(" r13 ", r->r13), wide(" r14 ", r->r14);
    wide("\nr15 ", r->r15), wide(" cr3 ", READ_CR(3)),
        wide(" cr2 ", READ_CR(2));
    printk("\n");
}

/* Along the frame pointers, as long as they stay inside this CPU's stack. */
static void walk_stack(uint64_t rip, uint64_t rbp)
{
    uint64_t base = (uint64_t)get_cpu_info() & ~(uint64_t)(STACK_SIZE - 1);

    printk("call trace:\n");
    print_symbol(rip);
    for (unsigned int n = 0; n < 24; n++) {
        const uint64_t *frame = (const uint64_t *)rbp;

        if (rbp < base || rbp + 16 > base + STACK_SIZE || (rbp & 7))
            break;
        if (frame[1])
            print_symbol(frame[1]);
        if (frame[0] <= rbp)
            break;
        rbp = frame[0];
    }
}

void show_stack_trace(const struct cpu_regs *regs)
{
    walk_stack(regs->rip, regs->rbp);
}

void dump_execution_state(void)
{
    uint64_t rbp, rip;

    asm volatile("mov %%rbp, %0; lea 0(%%rip), %1" : "=r"(rbp), "=r"(rip));
    walk_stack(rip, rbp);
}
