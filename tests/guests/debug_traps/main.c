/* SPDX-License-Identifier: MIT */
/*
 * Debug exceptions that come while the hypervisor is at work: a breakpoint on
 * memory that it reads for a hypercall, and a single step over the way into it.
 * They are no fault of the hypervisor's, and no step of the guest's.
 */
#include <pv/pv.h>

#define TF 0x100UL

/* DR7: register 0, reads and writes of four bytes */
#define WATCH 0xf0001UL

static volatile unsigned int steps, strays;

/* Steps, with the call between them: xen_version of nothing, the version. */
long stepped(void);
extern const char step_first[], step_call[], step_last[];
asm("stepped:\n\t"
    "pushfq\n\t"
    "orq $0x100, (%rsp)\n\t"
    "popfq\n"
    "step_first:\n\t"
    "mov $17, %eax\n\t"
    "xor %edi, %edi\n\t"
    "xor %esi, %esi\n\t"
    "syscall\n"
    "step_call:\n\t"
    "nop\n\t"
    "nop\n"
    "step_last:\n\t"
    "nop\n\t"
    "ret");

static void on_step(struct trap_frame *f)
{
    steps++;
    strays += f->rip < (uint64_t)step_first || f->rip > (uint64_t)step_last;
    if (f->rip >= (uint64_t)step_last)
        f->rflags &= ~TF;
}

static volatile unsigned int hits;

static void on_breakpoint(struct trap_frame *f)
{
    hits++;
}

static void a_step(void)
{
    set_trap_handler(1, on_step);
    is(stepped(), 0x40011, "a hypercall between single steps has its result");
    ok(steps >= 4, "the guest is stopped at each instruction (%u)", steps);
    is(strays, 0, "and nowhere but in its own code");
}

static void a_breakpoint(void)
{
    static struct vcpu_runstate_info area;
    static struct evtchn_status status = {.dom = DOMID_SELF, .port = 1};
    volatile uint32_t *port = &status.port;

    set_trap_handler(1, on_breakpoint);
    is(HC2(set_debugreg, 0, (uint64_t)port), 0, "a breakpoint is set on data");
    is(HC2(set_debugreg, 7, WATCH), 0, "it is switched on");
    *port = 1;
    is(hits, 1, "the guest's own store reaches it");
    is(evtchn_op(EVTCHNOP_status, &status), 0,
       "a hypercall reads memory with a breakpoint");
    HC2(set_debugreg, 0, (uint64_t)&area);
    hits = 0;
    is(HC3(vcpu_op, VCPUOP_get_runstate_info, 0, &area), 0,
       "a hypercall writes memory with a breakpoint");
    is(hits, 0, "which is no hit of the guest's");
    HC2(set_debugreg, 7, 0);
}

/* With the extensions on, two of the names are none. */
static void read_dr4(void *value)
{
    asm volatile("mov %%db4, %0" : "=r"(*(uint64_t *)value));
}

static void write_dr4(void *value)
{
    asm volatile("mov %0, %%db4" ::"r"(*(uint64_t *)value));
}

static void an_alias(void)
{
    uint64_t value = 0, cr4;

    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    is(try_call(read_dr4, &value), -1, "DR4 can be read, it is DR6");
    is(value & ~0xfUL, 0xffff4ff0, "which still says that there was a step");
    asm volatile("mov %0, %%cr4" ::"r"(cr4 | 8));
    is(try_call(read_dr4, &value), 6, "with CR4.DE it cannot be read");
    is(try_call(write_dr4, &value), 6, "nor written");
    asm volatile("mov %0, %%cr4" ::"r"(cr4));
}

int main(void)
{
    a_step();
    a_breakpoint();
    an_alias();
    return 0;
}
