/* SPDX-License-Identifier: MIT */
/*
 * Debug keys: one letter on the serial console (after three times Ctrl-A) or
 * from `xl debug-keys`. Handlers run in a tasklet: interrupts on, no lock held.
 */
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/event_channel.h>
#include <hv/grant_table.h>
#include <hv/mm.h>
#include <hv/smp.h>

static struct {
    void (*fn)(char key);
    const char *desc;
} keys[128];
static char pending_key;

static void run_key(void *data)
{
    unsigned char key = pending_key;

    printk("'%c' pressed -> %s\n", key, keys[key].desc);
    keys[key].fn(key);
}
static struct tasklet key_tasklet = {.fn = run_key};

void handle_keypress(char key)
{
    if ((unsigned char)key >= ARRAY_SIZE(keys) || !keys[(int)key].fn)
        return;
    pending_key = key;
    tasklet_schedule(&key_tasklet);
}

void register_keyhandler(char key, void (*fn)(char key), const char *desc)
{
    keys[(int)key].fn = fn;
    keys[(int)key].desc = desc;
}

static void show_help(char key)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
        if (keys[i].fn)
            printk(" key '%c' => %s\n", i, keys[i].desc);
}

static void dump_domains(char key)
{
    struct domain *d;
    struct vcpu *v;

    for_each_domain (d) {
        printk("Domain %d: refcnt=%u pages=%lu/%lu dying=%u paused=%u "
               "shutdown=%d vcpus=%u\n",
               d->id, d->refcnt, d->tot_pages, d->max_pages, d->is_dying,
               d->pause_count, d->is_shut_down ? d->shutdown_code : -1,
               d->max_vcpus);
        for_each_vcpu (d, v)
            printk("  v%u: cpu%u running=%d flags=%x pause=%u pending=%d "
                   "mask=%d poll=%d\n",
                   v->vcpu_id, v->processor, v->is_running, v->pause_flags,
                   v->pause_count, v->vcpu_info->evtchn_upcall_pending,
                   v->vcpu_info->evtchn_upcall_mask, v->poll_evtchn);
        arch_dump_domain(d);
    }
}

static void dump_events(char key)
{
    struct domain *d;

    for_each_domain (d)
        dump_evtchn_info(d);
}

static void dump_grants(char key)
{
    struct domain *d;

    for_each_domain (d)
        gnttab_dump(d);
}

static void dump_memory(char key)
{
    printk("Memory: %lu of %lu frames free, %lu claimed\n", total_free_pages(),
           total_pages, outstanding_claims());
}

static void dump_registers(char key)
{
    dump_execution_state();
}

static void reboot(char key)
{
    machine_restart();
}

#ifdef HV_DEBUG
static void audit(char key)
{
    audit_frames(true);
}
#endif

void keyhandler_init(void)
{
    register_keyhandler('h', show_help, "show this message");
    register_keyhandler('q', dump_domains,
                        "dump domain (and guest debug) info");
    register_keyhandler('e', dump_events, "dump evtchn info");
    register_keyhandler('g', dump_grants, "print grant table usage");
    register_keyhandler('m', dump_memory, "memory info");
    register_keyhandler('d', dump_registers, "dump registers");
    register_keyhandler('R', reboot, "reboot machine");
#ifdef HV_DEBUG
    register_keyhandler('A', audit, "audit the frame table");
#endif
}
