/* SPDX-License-Identifier: MIT */
/*
 * Games with the device's nodes in the store: states in every order, rings and
 * ports that are numbers of nothing, or no numbers, or missing, more queues
 * than there are, and the whole directory deleted and made again.
 */
#include "liar.h"

#define BURST    120
#define PAUSE_NS (SECOND_NS / 500)

static char long_text[3000];

static const char *some_node(struct device *d)
{
    unsigned int nr = 0;

    while (d->kind->nodes[nr])
        nr++;
    return d->kind->nodes[below(nr)];
}

static void write_text(struct device *d, const char *name, const char *text)
{
    char path[80];

    snprintf(path, sizeof(path), "%s/%s", d->path, name);
    xenbus_write(NULL, path, text);
}

/* --- lies ----------------------------------------------------------------- */

static void any_state(struct device *d, void *unused)
{
    device_write(d, "state", below(10));
}

static void next_state(struct device *d, void *unused)
{
    static const uint8_t likely[] = {1, 3, 4, 5, 6, 7};

    device_write(d, "state", likely[below(sizeof(likely))]);
}

static const char *const nonsense[] = {
    "",     "-1",      "4294967300", "18446744073709551616",
    "0x10", " 4",      "4 ",         "4x",
    "%s%n", "../../0", "\001\002",   "1e3"};

static const char *some_nonsense(void)
{
    return once_in(16)
               ? long_text
               : nonsense[below(sizeof(nonsense) / sizeof(nonsense[0]))];
}

static void state_of_nonsense(struct device *d, void *unused)
{
    write_text(d, "state", some_nonsense());
}

static void node_of_nonsense(struct device *d, void *unused)
{
    write_text(d, some_node(d), some_nonsense());
}

static void odd_number(struct device *d, void *unused)
{
    device_write(d, some_node(d), once_in(2) ? odd(8) : below(600));
}

static void missing_node(struct device *d, void *unused)
{
    device_remove(d, some_node(d));
}

static void queues(struct device *d, void *unused)
{
    char name[40];

    device_write(d, "multi-queue-num-queues", once_in(2) ? below(6) : odd(8));
    snprintf(name, sizeof(name), "queue-%u/%s", below(5), some_node(d));
    device_write(d, name, once_in(2) ? d->ref + below(4) : odd(1024));
}

/* Good ones, at a moment when nobody expects them. */
static void true_nodes(struct device *d, void *unused)
{
    d->kind->publish(d);
}

/* All that is in the directory: itself it could not make again. */
static void all_deleted(struct device *d, void *unused)
{
    static const char *const others[] = {
        "state",       "backend", "backend-id", "virtual-device",
        "device-type", "handle",  "mac",        "mtu"};

    for (const char *const *n = d->kind->nodes; *n; n++)
        device_remove(d, *n);
    for (unsigned int i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        device_remove(d, others[i]);
}

static void all_made_anew(struct device *d, void *unused)
{
    all_deleted(d, NULL);
    d->kind->publish(d);
    device_write(d, "state", once_in(2) ? XenbusStateInitialising : below(7));
}

static void other_backend(struct device *d, void *unused)
{
    static const char *const places[] = {
        "", "/local/domain/0", "/local/domain/0/backend/vbd/0/0", "x", "/"};

    write_text(d, "backend", places[below(5)]);
    device_write(d, "backend-id", odd(7));
}

static void unknown_nodes(struct device *d, void *unused)
{
    char name[40];

    snprintf(name, sizeof(name), "more/%u/%u", below(8), below(8));
    write_text(d, name, some_nonsense());
}

static void ports_and_grants(struct device *d, void *unused)
{
    if (once_in(2))
        grant_revoke(d->ref + below(RING_PAGES));
    event_close(d->port[0]);
    d->port[0] = once_in(2) ? event_new_unbound(below(2)) : 0;
}

static struct lies lies = {
    .name = "nodes",
    .lie =
        {
            {"any state", any_state},
            {"next state", next_state},
            {"states of nonsense", state_of_nonsense},
            {"nodes of nonsense", node_of_nonsense},
            {"odd numbers", odd_number},
            {"missing nodes", missing_node},
            {"queues", queues},
            {"true nodes", true_nodes},
            {"all nodes deleted", all_deleted},
            {"all nodes made anew", all_made_anew},
            {"other backends", other_backend},
            {"unknown nodes", unknown_nodes},
            {"ports and grants taken away", ports_and_grants},
        },
};

/* Now and then the backend has time to follow. */
void nodes_turn(struct device *d)
{
    memset(long_text, '9', sizeof(long_text) - 1);
    for (unsigned int n = 1 + below(BURST); n && is_left(NODES); n--) {
        tell_one(&lies, d, NULL);
        is_done(NODES);
        if (once_in(8))
            events_serve(below(PAUSE_NS));
    }
    device_remove(d, "more");
}

void nodes_report(void)
{
    report(&lies);
}
