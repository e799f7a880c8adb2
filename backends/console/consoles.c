/* SPDX-License-Identifier: MIT */
/* See consoles.h. */
#include "consoles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <daemon/errand.h>
#include <daemon/signals.h>

#include "../common/domain_over.h"
#include "../common/store_client.h"
#include "errand.h"
#include "hypervisor.h"
#include "serving.h"

#define LINGER_MS 2000
#define AGAIN_MS  5000 /* until what there was no memory for */

static struct event_loop loop;
static struct store_client store;
static struct ports ports;
static struct grants grants;
static struct keep keep = {.reach = errand_keeper};
static struct console_services services = {&loop,   &store, &ports,
                                           &grants, &keep,  NULL};
static struct console *consoles;
static struct event_timer linger, look, again;
static bool with_hypervisor; /* its console can be followed */

static struct console *find(unsigned int domid)
{
    struct console *c = consoles;

    while (c && (c->domid != domid || c->gone))
        c = c->next;
    return c;
}

static void watch(unsigned int domid, bool on)
{
    char path[64], token[16];

    snprintf(path, sizeof(path), "/local/domain/%u/console/port", domid);
    snprintf(token, sizeof(token), "%u", domid);
    if (on)
        store_client_watch(&store, path, token);
    else
        store_client_unwatch(&store, path, token);
}

static void add(struct console *c)
{
    c->next = consoles;
    consoles = c;
    watch(c->domid, true);
}

static bool is_over(const struct console *c)
{
    struct domain_state d;
    int rc = errand_domain(c->domid, &d);

    return rc ? rc == -ESRCH : d.over || d.frame != c->frame;
}

/* force: whether or not someone still reads the last words. domid: of this one;
 * 0: of all. */
static void remove_gone(unsigned int domid, bool force)
{
    struct console **p = &consoles, *c;
    bool waiting = false;

    while ((c = *p)) {
        if (c->gone && (!domid || c->domid == domid) &&
            (console_domain_gone(c) || force)) {
            *p = c->next;
            console_free(c);
        } else {
            waiting |= c->gone;
            p = &c->next;
        }
    }
    if (waiting && !linger.armed)
        event_timer_set(&loop, &linger, LINGER_MS);
}

static void on_linger(struct event_timer *t)
{
    remove_gone(0, true);
}

/* What a former domain of its number has left ends before: the keeper has both
 * by the same name. NULL: no memory. */
static struct console *make(unsigned int domid, uint64_t frame)
{
    remove_gone(domid, true);
    return console_new(&services, domid, frame);
}

static void look_for_new(void)
{
    struct domain_state d;
    unsigned int n = 0;
    char **names = xs_directory(store.xs, XBT_NULL, "/local/domain", &n);

    for (unsigned int i = 0; names && i < n; i++) {
        unsigned int domid = strtoul(names[i], NULL, 10);
        struct console *c;

        if (!domid || find(domid) ||
            !xs_is_domain_introduced(store.xs, domid) ||
            errand_domain(domid, &d) || d.over)
            continue;
        c = make(domid, d.frame);
        if (c) {
            add(c);
            continue;
        }
        log_error("domain %u: no memory", domid);
        event_timer_set(&loop, &again, AGAIN_MS);
    }
    free(names);
}

static void on_again(struct event_timer *t)
{
    look_for_new();
}

/* A console's name, which is the first. A daemon that was taken over may have
 * left others. */
static bool is_wanted(const char *name, unsigned int domid)
{
    char wanted[16];

    snprintf(wanted, sizeof(wanted), "%u", domid);
    return !strcmp(name, wanted) && !find(domid);
}

static void drop(const char *name, const int *fds, int n)
{
    keep_drop(&keep, name);
    for (int i = 0; i < n; i++)
        close(fds[i]);
}

/* What the keeper has, before anything else is looked at. A domain that has
 * ended meanwhile is found soon by look_for_gone(). */
static void adopt(const char *name, const int *fds, int n)
{
    unsigned int domid = strtoul(name, NULL, 10);
    struct console *c;

    if (!strcmp(name, HYPERVISOR_KEPT)) {
        hypervisor_log_adopt(fds, n);
        return;
    }
    if (!is_wanted(name, domid)) {
        drop(name, fds, n);
        return;
    }
    c = console_adopt(&services, domid, fds, n);
    if (c && console_is_strange(c)) {
        console_free(c);
    } else if (c) {
        add(c);
    } else {
        log_error("domain %u: the terminal of its console is lost", domid);
        drop(name, NULL, 0);
    }
}

static void keep_all(struct keep *k)
{
    for (struct console *c = consoles; c; c = c->next)
        console_keep(c);
    hypervisor_log_keep(k);
}

/* A store that is away, or has just begun, does not know the domain: then the
 * hypervisor decides. One that knows it may mean another domain of its number,
 * if it was away when that of before ended. True: ask again later. */
static bool look_for_gone(void)
{
    bool again = store_lost(&store);

    for (struct console *c = consoles; c; c = c->next) {
        bool known = !c->gone && xs_is_domain_introduced(store.xs, c->domid);

        again |= !c->gone && !known;
        if (c->gone || !(known ? console_is_strange(c) : is_over(c)))
            continue;
        watch(c->domid, false);
        console_domain_gone(c);
    }
    remove_gone(0, false);
    return again;
}

static void on_look(struct event_timer *t)
{
    if (look_for_gone())
        event_timer_set(&loop, t, DOMAIN_OVER_MS);
    look_for_new(); /* those of a number that was another's */
}

static void store_changed(struct store_client *c)
{
    event_timer_set(&loop, &look, DOMAIN_OVER_MS);
}

static bool introduced, released;

/* What the store says is of the domain that has the number now. */
static void refresh(struct console *c)
{
    if (console_is_strange(c))
        released = true;
    else
        console_refresh(c);
}

static void store_event(struct store_client *s, const char *path,
                        const char *token)
{
    struct console *c;

    if (!strcmp(token, "introduced"))
        introduced = true;
    else if (!strcmp(token, "released"))
        released = true;
    else if ((c = find(strtoul(token, NULL, 10))))
        refresh(c);
}

static void store_settled(struct store_client *s)
{
    if (released)
        on_look(&look);
    if (introduced) {
        look_for_new();
        serving_announce();
    }
    introduced = released = false;
}

/* The descriptor comes at once, or not this time. */
static void ask_parent(struct store_client *s)
{
    store_client_take(s, errand_store());
}

static int watch_store(void)
{
    int rc;

    store.ask = ask_parent;
    store.event = store_event;
    store.settled = store_settled;
    store.connected = store.lost = store_changed;
    rc = store_client_open(&store, &loop);
    rc = rc ? rc : store_client_watch(&store, "@introduceDomain", "introduced");
    return rc ? rc : store_client_watch(&store, "@releaseDomain", "released");
}

static void reopen_logs(void)
{
    for (struct console *c = consoles; c; c = c->next)
        if (!c->gone)
            log_file_reopen(&c->out.log);
    hypervisor_log_reopen();
}

static struct signal_watch signals = {.hangup = reopen_logs};

/* The guests of a predecessor. */
static void resume_all(void)
{
    for (struct console *c = consoles; c; c = c->next)
        if (!is_over(c))
            console_resume(c);
    if (consoles)
        event_timer_set(&loop, &look, DOMAIN_OVER_MS);
}

int consoles_open(const struct console_options *options)
{
    int rc = event_loop_init(&loop);

    services.options = options;
    linger.fire = on_linger;
    look.fire = on_look;
    again.fire = on_again;
    keep.renewed = keep_all;
    rc = rc ? rc : signals_watch(&signals, &loop);
    rc = rc ? rc : ports_open(&ports, &loop);
    rc = rc ? rc : grants_open(&grants, 0);
    with_hypervisor = !rc && options->log_hypervisor && hypervisor_log_open();
    return rc ? rc : watch_store();
}

int consoles_serve(void)
{
    keep_open(&keep, &loop, adopt);
    resume_all();
    if (with_hypervisor) /* guests come first */
        hypervisor_log_start(&services);
    errand_ready();
    return event_loop_run(&loop);
}
