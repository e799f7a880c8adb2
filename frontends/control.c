/* SPDX-License-Identifier: MIT */
/* What the toolstack asks for; see pv/control.h. */
#include "resume.h"

#include <pv/control.h>

#define NODE      "control/shutdown"
#define WORD_SIZE 16
#define DRAIN_NS  (5 * SECOND_NS) /* the toolstack waits for a minute */

static void (*others)(const char *how);

/* --- suspending ----------------------------------------------------------- */

/* For the toolstack: where the list of the guest's frames is. */
static void show_p2m(void)
{
    const void *root = (void *)start_info->pt_base;

    shared_info->arch.p2m_vaddr = (unsigned long)p2m;
    shared_info->arch.p2m_cr3 = xen_pfn_to_cr3(virt_to_mfn(root));
    shared_info->arch.max_pfn = start_info->nr_pages;
}

/* The toolstack gives a new domain's start_info the new frames. */
static long be_suspended(void)
{
    struct sched_shutdown s = {.reason = SHUTDOWN_suspend};
    uint64_t store = start_info->store_mfn;
    uint64_t console = start_info->console.domU.mfn;
    long cancelled;

    start_info->store_mfn = mfn_to_pfn(store);
    start_info->console.domU.mfn = mfn_to_pfn(console);
    grant_table_unmap();
    shared_info_unmap();
    cancelled = HC3(sched_op, SCHEDOP_shutdown, &s, virt_to_mfn(start_info));
    if (cancelled) {
        start_info->store_mfn = store;
        start_info->console.domU.mfn = console;
    }
    return cancelled;
}

static void suspend(void)
{
    uint64_t now;
    long cancelled;

    xenbus_suspend(system_time() + DRAIN_NS);
    now = system_time();
    cancelled = be_suspended();
    if (!shared_info_map() || !grant_table_map()) {
        printf("Bail out! the guest cannot go on after it was suspended\n");
        shutdown(SHUTDOWN_crash);
    }
    show_p2m();
    if (cancelled)
        return;
    time_goes_on(now);
    events_forget();
    xenbus_resume();
}

/* --- the node ------------------------------------------------------------- */

/* The word, and an empty one in its place: so the toolstack sees that it was
 * taken. */
static long take(const struct xenbus_tx *tx, void *word)
{
    long rc = xenbus_read(tx, NODE, word, WORD_SIZE);

    return rc > 0 ? xenbus_write(tx, NODE, "") : rc;
}

static void changed(struct xenbus_watch *w)
{
    char word[WORD_SIZE] = "";

    if (xenbus_transaction(take, word) || !*word)
        return;
    if (!strcmp(word, "suspend"))
        suspend();
    else if (others)
        others(word);
    else
        shutdown(strcmp(word, "reboot") ? SHUTDOWN_poweroff : SHUTDOWN_reboot);
}

long control_open(void (*asked)(const char *how))
{
    static struct xenbus_watch watch = {.path = NODE, .changed = changed};

    others = asked;
    show_p2m();
    return xenbus_watch(&watch);
}
