/* SPDX-License-Identifier: MIT */
/* Debug builds: the longest stretches without a preemption point. */
#include <hv/lib.h>
#include <hv/percpu.h>
#include <hv/stretch.h>
#include <hv/symbols.h>
#include <asm/processor.h>

#ifdef HV_DEBUG

struct stretch {
    uint64_t ticks;
    const void *from, *to; /* code; NULL: the way to a guest, or idle */
};
static DEFINE_PER_CPU(struct stretch, longest);

/* entry.S calls it on the way to a guest. */
void stretch_end(void);

uint64_t stretch_clock(void)
{
    return rdtsc();
}

static void note(const void *to)
{
    struct cpu_info *info = get_cpu_info();
    struct stretch *max = &this_cpu(longest);
    uint64_t ticks = rdtsc() - info->stretch_start;

    if (info->stretch_start && ticks > max->ticks)
        *max = (struct stretch){ticks, info->stretch_what, to};
    info->stretch_start = 0;
}

static void begin(const void *what)
{
    struct cpu_info *info = get_cpu_info();

    info->stretch_what = what;
    info->stretch_start = rdtsc();
}

void stretch_point(const void *what)
{
    note(what);
    begin(what);
}

void stretch_name(const void *what)
{
    get_cpu_info()->stretch_what = what;
}

void stretch_forgive(void)
{
    begin(get_cpu_info()->stretch_what);
}

void stretch_idle(void)
{
    note(NULL);
}

void stretch_end(void)
{
    note(NULL);
}

void print_place(const char *words, const void *place)
{
    unsigned long offset = 0;
    const char *name = symbol_lookup((unsigned long)place, &offset);

    printk("%s%s", words, name ? name : "exit");
    if (offset)
        printk("+0x%lx", offset);
}

void stretch_dump(void)
{
    unsigned int cpu;

    for_each_online_cpu(cpu)
    {
        struct stretch s = per_cpu(longest, cpu);

        printk("CPU%u: longest stretch %lu ticks,", cpu, s.ticks);
        print_place(" from ", s.from);
        print_place(" to ", s.to);
        printk("\n");
    }
}

void stretch_reset(void)
{
    unsigned int cpu;

    for_each_online_cpu(cpu) per_cpu(longest, cpu) = (struct stretch){0};
}

#endif
