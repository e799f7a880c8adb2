/* SPDX-License-Identifier: MIT */
/* See liar.h. Here: chance, counts, reports, and whose turn it is. */
#include "liar.h"

#include <pv/host.h>

static uint64_t state;
static uint64_t left[NR_KINDS];
static bool wrong;

/* --- chance --------------------------------------------------------------- */

uint32_t any(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 16;
}

uint32_t below(uint32_t n)
{
    return any() % n;
}

bool once_in(uint32_t n)
{
    return !below(n);
}

uint32_t odd(uint32_t limit)
{
    switch (below(6)) {
    case 0:
        return limit;
    case 1:
        return limit + 1 + below(8);
    case 2:
        return 0;
    case 3:
        return ~0u - below(8);
    case 4:
        return 1u << below(32);
    default:
        return any();
    }
}

void fill_with_rubbish(void *to, size_t n)
{
    for (uint8_t *b = to; n--;)
        *b++ = any();
}

/* --- counts and reports --------------------------------------------------- */

bool is_left(enum kind kind)
{
    return left[kind];
}

void is_done(enum kind kind)
{
    if (left[kind])
        left[kind]--;
}

static unsigned int number_of(const struct lies *l)
{
    unsigned int nr = 0;

    while (nr < LIES_MAX && l->lie[nr].name)
        nr++;
    return nr;
}

void tell_one(struct lies *l, struct device *d, void *request)
{
    unsigned int i = below(number_of(l));

    l->lie[i].tell(d, request);
    l->told[i]++;
}

static void tell_dom0(const char *name, const char *text)
{
    char path[32];

    snprintf(path, sizeof(path), "data/liar/%s", name);
    xenbus_write(NULL, path, text);
}

void went_wrong(const char *path, const char *what)
{
    char text[160];

    if (wrong)
        return;
    wrong = true;
    snprintf(text, sizeof(text), "%s: %s", path, what);
    tell_dom0("wrong", text);
}

void report(const struct lies *l)
{
    char text[640];
    size_t n = 0;

    for (unsigned int i = 0; i < number_of(l) && n < sizeof(text); i++)
        n += snprintf(text + n, sizeof(text) - n, "%s%s %lu", i ? ", " : "",
                      l->lie[i].name, l->told[i]);
    tell_dom0(l->name, text);
}

/* --- the guest ------------------------------------------------------------ */

#define CALM_NS (3 * SECOND_NS)
#define XVDA    51712
#define XVDB    51728 /* to be read alone */

static struct device devices[3];
static unsigned int nr_devices;

static void report_device(unsigned int i)
{
    const struct device *d = &devices[i];
    char name[16], text[160];

    snprintf(name, sizeof(name), "device-%u", i);
    snprintf(text, sizeof(text),
             "%s: %lu connections, %lu refused, %lu given up by the backend, "
             "%lu left by the guest",
             d->path, d->connections, d->refusals, d->given_up, d->leaves);
    tell_dom0(name, text);
}

static void find(const struct device_kind *kind, unsigned int id)
{
    if (device_find(&devices[nr_devices], kind, id))
        nr_devices++;
}

static void begin(void)
{
    state = option("seed", 1) * 0x9e3779b97f4a7c15UL | 1;
    left[BLOCK] = option("block", 0);
    left[NET] = option("net", 0);
    left[CONSOLE] = option("console", 0);
    left[NODES] = option("nodes", 0);
    grants_begin();
    console_begin();
    meddle_begin();
    find(&block_device, XVDA);
    find(&block_device, XVDB);
    find(&net_device, 0);
}

static bool is_more(void)
{
    for (unsigned int kind = 0; kind < NR_KINDS; kind++)
        if (left[kind])
            return true;
    return false;
}

static void reports(void)
{
    block_report();
    net_report();
    nodes_report();
    device_report();
    for (unsigned int i = 0; i < nr_devices; i++)
        report_device(i);
}

static void serve_until(uint64_t end)
{
    uint64_t now;

    while ((now = system_time()) < end)
        events_serve(end - now);
}

/* A backend may be about to do what it was asked for before; then no device is
 * connected for a while, and nobody has a reason to use a page. */
static void be_honest(void)
{
    uint64_t begun = system_time();

    for (unsigned int i = 0; i < nr_devices; i++)
        device_calm_down(&devices[i]);
    serve_until(begun + CALM_NS);
    while (grants_in_use() && system_time() < begun + PATIENCE)
        serve_until(system_time() + SECOND_NS / 10);
    if (grants_in_use())
        went_wrong("grants", "pages are held although no device is connected");
    for (unsigned int i = 0; i < nr_devices; i++)
        device_serve_honestly(&devices[i]);
}

int main(void)
{
    char seed[24];

    begin();
    tell_dom0("lies", "yes");
    while (is_more()) {
        events_serve(SECOND_NS / 1000);
        for (unsigned int i = 0; i < nr_devices; i++)
            device_turn(&devices[i]);
        if (is_left(CONSOLE))
            console_turn();
    }
    be_honest();
    reports();
    console_break();
    console_report();
    snprintf(seed, sizeof(seed), "%lu", option("seed", 1));
    for (unsigned int i = 0; i < nr_devices; i++)
        device_delete(&devices[i]);
    tell_dom0("over", seed);
    for (;;)
        nap(SECOND_NS);
}
