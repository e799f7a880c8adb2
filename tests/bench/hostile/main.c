/* SPDX-License-Identifier: MIT */
/* The roles by name, and the guest's console. */
#include "hostile.h"
#include <xen/io/console.h>

static const struct {
    const char *name;
    void (*play)(void);
} roles[] = {
    {"cpu", work_cpu},
    {"pulse", work_pulse},
    {"store", work_store},
    {"disk", work_disk},
    {"storm-honest", storm_honest},
    {"storm-events", storm_events},
    {"storm-store", storm_store},
    {"storm-grants", storm_grants},
    {"storm-console", storm_console},
    {"storm-hypercalls", storm_hypercalls},
    {"storm-faults", storm_faults},
    {"storm-nmis", storm_nmis},
    {"storm-updown", storm_updown},
    {"storm-ring", storm_ring},
    {"storm-flaps", storm_flaps},
};

static struct xencons_interface *console;

void *see(uint64_t mfn)
{
    long rc;
    void *va = map_mfn(mfn, RW, &rc);

    if (rc)
        shutdown(SHUTDOWN_crash);
    return va;
}

static void put_char(char c)
{
    while (console->out_prod -
               __atomic_load_n(&console->out_cons, __ATOMIC_ACQUIRE) ==
           sizeof(console->out)) {
        event_send(start_info->console.domU.evtchn);
        HC2(sched_op, SCHEDOP_yield, 0);
    }
    console->out[console->out_prod % sizeof(console->out)] = c;
    __atomic_store_n(&console->out_prod, console->out_prod + 1,
                     __ATOMIC_RELEASE);
}

void say(const char *format, ...)
{
    char line[200];
    va_list ap;

    va_start(ap, format);
    vsnprintf(line, sizeof(line), format, ap);
    va_end(ap);
    for (const char *s = line; *s; s++)
        put_char(*s);
    put_char('\n');
    event_send(start_info->console.domU.evtchn);
}

void storms(void)
{
    static bool said;

    if (!said)
        say("HOSTILE storms: %s", (const char *)start_info->cmd_line);
    said = true;
}

void give_up(const char *what)
{
    say("HOSTILE failed: %s", what);
    HC2(sched_op, SCHEDOP_yield, 0);
    shutdown(SHUTDOWN_crash);
}

int main(void)
{
    const char *name = (const char *)start_info->cmd_line;

    console = see(start_info->console.domU.mfn);
    for (unsigned int i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (!strcmp(name, roles[i].name))
            roles[i].play();
    give_up(name);
}
