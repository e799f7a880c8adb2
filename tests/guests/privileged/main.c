/* SPDX-License-Identifier: MIT */
/* Privileged instructions in guest kernel mode: emulated, or #GP. */
#include <pv/pv.h>

#define CR0_WP  (1UL << 16)
#define CR4_DE  (1 << 3)
#define CR4_PGE (1 << 7)

static uint64_t value;
static uint32_t msr;

static void rd(void *arg)
{
    uint32_t lo, hi;

    asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    value = (uint64_t)hi << 32 | lo;
}
static void wr(void *arg)
{
    asm volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value),
                 "d"((uint32_t)(value >> 32)));
}
static void get_cr0(void *arg)
{
    asm volatile("mov %%cr0, %0" : "=r"(value));
}
static void set_cr0(void *arg)
{
    asm volatile("mov %0, %%cr0" ::"r"(value));
}
static void get_cr4(void *arg)
{
    asm volatile("mov %%cr4, %0" : "=r"(value));
}
static void get_cr3(void *arg)
{
    asm volatile("mov %%cr3, %0" : "=r"(value));
}
static void set_cr4(void *arg)
{
    asm volatile("mov %0, %%cr4" ::"r"(value));
}
static void do_cli(void *arg)
{
    asm volatile("cli");
}
static void do_clts(void *arg)
{
    asm volatile("clts");
}
static void do_wbinvd(void *arg)
{
    asm volatile("wbinvd");
}
static void do_lgdt(void *arg)
{
    uint8_t g[10] = {0};

    asm volatile("lgdt %0" ::"m"(g));
}

int main(void)
{
    struct physdev_set_iopl iopl = {.iopl = 1};

    msr = 0x277;
    is(try_call(rd, NULL), -1, "PAT can be read");
    is(value, 0x050100070406UL, "PAT has the value that the ABI names");
    msr = 0xc0000101;
    value = (uint64_t)&iopl;
    is(try_call(wr, NULL), -1, "GS base can be written");
    is(try_call(rd, NULL), -1, "GS base can be read");
    is(value, (long)&iopl, "GS base can be restored");
    value = 0x8000000000000000UL;
    is(try_call(wr, NULL), 13, "a non-canonical GS base is #GP");
    msr = 0xc0000080;
    is(try_call(rd, NULL), -1, "EFER can be read");
    ok(value >> 10 & 1 && value >> 8 & 1, "EFER says that long mode is on");
    msr = 0x1b;
    is(try_call(rd, NULL), -1, "the base of the APIC can be read");
    is(value, 0xfee00900, "it is that of the first CPU, wherever the vcpu is");
    msr = 0xdeadbeef;
    is(try_call(rd, NULL), 13, "an unknown MSR is #GP");
    is(try_call(get_cr0, NULL), -1, "cr0 can be read");
    ok(value & 1 && value >> 31 & 1, "cr0 has PE and PG");
    is(try_call(set_cr0, NULL), -1, "cr0 can be written as it is");
    value &= ~CR0_WP;
    is(try_call(set_cr0, NULL), 13, "cr0 without WP is #GP");
    is(try_call(get_cr4, NULL), -1, "cr4 can be read");
    ok(value >> 5 & 1, "cr4 has PAE");
    ok(!(value & CR4_DE), "cr4 has no DE, which the guest has not set");
    value = 0x660 | CR4_PGE;
    try_call(set_cr4, NULL);
    try_call(get_cr4, NULL);
    ok(!(value & CR4_PGE), "PGE cannot be set in cr4");
    value = 0x660 | CR4_DE;
    is(try_call(set_cr4, NULL), -1, "DE can be set in cr4");
    try_call(get_cr4, NULL);
    ok(value & CR4_DE, "cr4 has DE then");
    value = 0x660;
    is(try_call(set_cr4, NULL), -1, "cr4 can be written as Linux does");
    try_call(get_cr4, NULL);
    ok(!(value & CR4_DE), "cr4 has no DE any more");
    is(try_call(get_cr3, NULL), -1, "cr3 can be read");
    is(value & PTE_MASK, virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE,
       "cr3 names the guest's L4");
    is(HC2(physdev_op, PHYSDEVOP_set_iopl, &iopl), 0, "set_iopl 1 returns 0");
    is(try_call(do_cli, NULL), -1, "cli is swallowed at IOPL 1");
    is(try_call(do_clts, NULL), -1, "clts is carried out");
    is(try_call(do_wbinvd, NULL), -1, "wbinvd is carried out");
    is(try_call(do_lgdt, NULL), 13, "lgdt is #GP");
    iopl.iopl = 4;
    is(HC2(physdev_op, PHYSDEVOP_set_iopl, &iopl), -EINVAL,
       "set_iopl to 4 is refused");
    return 0;
}
