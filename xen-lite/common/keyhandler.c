/* SPDX-License-Identifier: MIT */
/*
 * Debug keys: a letter on the serial console (after three times Ctrl-A) or
 * from 'xl debug-keys'. The letters are Xen's. Keys wait in a short queue for a
 * tasklet, so that handlers run with interrupts on and without a lock.
 *
 * While a handler prints, its CPU serves no guest, and a serial line is slow:
 * each key gets two seconds, and dumps ask dump_goes_on() before each item. It
 * waits for the line, so that nothing of them is lost.
 */
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/stretch.h>

#define KEY_LIMIT  SECONDS(2)
#define NR_WAITING 32u

static spinlock_t key_lock = SPIN_LOCK_INIT(LOCK_TIMER);
static char waiting[NR_WAITING];
static uint32_t first, last; /* free-running */
static s_time_t deadline;
static bool was_cut;

bool dump_goes_on(void)
{
    while (!console_has_room() && get_s_time() < deadline)
        console_send_more(); /* a timer that does so may be this CPU's */
    if (!was_cut && get_s_time() > deadline) {
        printk("... and more; this takes too long\n");
        was_cut = true;
    }
    return !was_cut;
}

static const struct debug_key *find_key(char c)
{
    for (const struct debug_key *k = debug_keys; k->fn; k++)
        if (k->key == c)
            return k;
    return NULL;
}

static void run_key(const struct debug_key *k, const char *verb)
{
    deadline = get_s_time() + KEY_LIMIT;
    was_cut = false;
    console_show_all = true;
    printk("'%c' %s -> %s\n", k->key, verb, k->desc);
    k->fn(k->key);
    console_show_all = false;
    stretch_forgive();
}

static void run_waiting(void *data)
{
    while (first != last) {
        unsigned long flags = spin_lock_irqsave(&key_lock);
        const struct debug_key *k = find_key(waiting[first++ % NR_WAITING]);

        spin_unlock_irqrestore(&key_lock, flags);
        run_key(k, "pressed");
    }
}
static struct tasklet key_tasklet = {.fn = run_waiting};

/* A key that means nothing is passed over in silence, as on Xen. */
void handle_keypress(char c)
{
    unsigned long flags;

    if (!find_key(c))
        return;
    flags = spin_lock_irqsave(&key_lock);
    if (last - first < NR_WAITING)
        waiting[last++ % NR_WAITING] = c;
    spin_unlock_irqrestore(&key_lock, flags);
    tasklet_schedule(&key_tasklet);
}

void show_keys(char key)
{
    for (const struct debug_key *k = debug_keys; k->fn; k++)
        printk(" key '%c' => %s\n", k->key, k->desc);
}

void run_all_dumps(char key)
{
    for (const struct debug_key *k = debug_keys; k->fn; k++)
        if (k->is_dump)
            run_key(k, "of '*'");
}
