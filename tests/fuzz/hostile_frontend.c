/* SPDX-License-Identifier: MIT */
/*
 * hostile-frontend vbd|vif SECONDS [SEED] - plays a guest that lies to its
 * backend. Runs as root in dom0 with xen-backendd, and is its own guest: ring
 * and data pages come from gntalloc, the device's nodes are made by hand, so
 * the real backend process is what is attacked.
 *
 * In turn: plausible requests in bulk, with a thread that flips bytes of the
 * ring meanwhile; wrong grants; impossible indices; event storms; random xenbus
 * states at random moments. In between, and at the end, an honest connection
 * must work: every request gets exactly one response.
 *
 * Prints TAP. The supervisor's error node tells of a backend that died.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/blkif.h>
#include <xen/io/netif.h>
#include <xen/io/xenbus.h>

#define DATA_PAGES 32
#define RINGS      2
#define DEVID      77
#define MEDIUM     "/run/hostile-frontend.img"
#define MEDIUM_MIB 4
#define PATIENCE_S 20 /* a busy host, and the brake on devices that flap */

struct indices {
    uint32_t req_prod, req_event, rsp_prod, rsp_event;
};

static bool is_net;
static struct xs_handle *xs;
static xenevtchn_handle *evtchn;
static evtchn_port_t port;
static char back[64], front[64];
static uint8_t *ring[RINGS], *data;
static uint32_t ring_ref[RINGS], data_ref[DATA_PAGES];
static volatile bool flipping;
static unsigned int connections, requests, refusals;

static volatile struct indices *idx(int r)
{
    return (volatile struct indices *)ring[r];
}

static size_t entry_size(int r)
{
    return !is_net  ? 112
           : r == 0 ? sizeof(netif_tx_request_t)
                    : sizeof(netif_rx_request_t);
}

static unsigned int entries(void)
{
    return is_net ? 256 : 32;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void put(const char *dir, const char *key, const char *fmt, ...)
{
    char path[128], value[128];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(value, sizeof(value), fmt, ap);
    va_end(ap);
    snprintf(path, sizeof(path), "%s/%s", dir, key);
    xs_write(xs, XBT_NULL, path, value, strlen(value));
}

static int get(const char *dir, const char *key)
{
    char path[128], *text;
    unsigned int len;
    int v;

    snprintf(path, sizeof(path), "%s/%s", dir, key);
    text = xs_read(xs, XBT_NULL, path, &len);
    v = text ? atoi(text) : -1;
    free(text);
    return v;
}

static bool wait_state(int state, double seconds)
{
    double end = now() + seconds;

    while (get(back, "state") != state) {
        if (now() > end)
            return false;
        usleep(2000);
    }
    return true;
}

static bool backend_died(void)
{
    char path[128], *text;
    unsigned int len;
    bool died;

    snprintf(path, sizeof(path), "error/%s/error", back);
    text = xs_read(xs, XBT_NULL, path, &len);
    died = text && (strstr(text, "killed") || strstr(text, "failed with"));
    if (died)
        printf("# %s\n", text);
    free(text);
    return died;
}

static void make_device(void)
{
    put(front, "backend", "/local/domain/0/%s", back);
    put(front, "backend-id", "0");
    put(front, "state", "1");
    put(back, "frontend", "%s", front);
    put(back, "frontend-id", "0");
    put(back, "online", "1");
    put(back, "mode", "w");
    put(back, "params", MEDIUM);
    put(back, "state", "1");
}

static void offer_rings(void)
{
    if (is_net) {
        put(front, "tx-ring-ref", "%u", ring_ref[0]);
        put(front, "rx-ring-ref", "%u", ring_ref[1]);
        put(front, "request-rx-copy", "1");
        put(front, "feature-rx-notify", "%d", rand() % 2);
        put(front, "feature-sg", "%d", rand() % 2);
        put(front, "feature-gso-tcpv4", "%d", rand() % 2);
        put(front, "feature-ipv6-csum-offload", "%d", rand() % 2);
    } else {
        put(front, "ring-ref", "%u", ring_ref[0]);
        put(front, "feature-persistent", "%d", rand() % 2);
    }
    put(front, "event-channel", "%u", port);
}

static bool connect_device(void)
{
    for (int r = 0; r < RINGS; r++) {
        memset(ring[r], 0, 4096);
        idx(r)->req_event = idx(r)->rsp_event = 1;
    }
    put(front, "state", "%d", XenbusStateInitialising);
    if (!wait_state(XenbusStateInitWait, PATIENCE_S))
        return false;
    if (port)
        xenevtchn_unbind(evtchn, port);
    port = xenevtchn_bind_unbound_port(evtchn, 0);
    offer_rings();
    put(front, "state", "%d", XenbusStateConnected);
    if (!wait_state(XenbusStateConnected, PATIENCE_S))
        return false;
    connections++;
    return true;
}

static void disconnect_device(void)
{
    put(front, "state", "%d", XenbusStateClosing);
    usleep(1000);
    put(front, "state", "%d", XenbusStateClosed);
    wait_state(XenbusStateClosed, PATIENCE_S);
}

static uint32_t some_ref(bool honest)
{
    return honest || rand() % 8 ? data_ref[rand() % DATA_PAGES]
                                : (uint32_t)rand();
}

static void block_entry(uint8_t *at, bool honest, unsigned int id)
{
    blkif_request_t r;
    blkif_request_indirect_t *i = (blkif_request_indirect_t *)&r;

    for (size_t k = 0; k < sizeof(r); k++)
        ((uint8_t *)&r)[k] = honest ? 0 : rand();
    r.operation = honest ? rand() % 2 : rand() % 8;
    r.nr_segments = honest ? 1 + rand() % 11 : rand() % 13;
    r.id = id;
    r.sector_number = rand() % (MEDIUM_MIB * 2048 - (honest ? 88 : -20));
    for (unsigned int s = 0; s < BLKIF_MAX_SEGMENTS_PER_REQUEST; s++) {
        r.seg[s].gref = some_ref(honest);
        r.seg[s].first_sect = honest ? 0 : rand() % 9;
        r.seg[s].last_sect = honest ? 7 : rand() % 9;
    }
    if (r.operation == BLKIF_OP_INDIRECT) {
        i->indirect_op = rand() % 3;
        i->nr_segments = rand() % 4 ? rand() % 64 : rand();
        i->id = id;
        i->indirect_grefs[0] = some_ref(honest);
    }
    memcpy(at, &r, sizeof(r));
}

static void net_entry(int r, uint8_t *at, bool honest, unsigned int id)
{
    netif_tx_request_t t = {.id = id, .gref = some_ref(honest)};
    netif_rx_request_t x = {.id = id, .gref = some_ref(honest)};

    t.size = honest ? 60 + rand() % 1454 : rand() % 3 ? rand() % 5000 : rand();
    t.offset = honest ? rand() % 1000 : rand() % 3 ? rand() % 4096 : rand();
    t.flags = honest ? 0 : rand() % 16;
    memcpy(at, r ? (void *)&x : (void *)&t, entry_size(r));
}

/* Adds requests; the frontend's idea of the ring stays sound. */
static void produce(int r, unsigned int n, bool honest)
{
    volatile struct indices *x = idx(r);
    uint32_t prod = x->req_prod;

    while (n--) {
        uint8_t *at = ring[r] + 64 + (prod % entries()) * entry_size(r);

        if (is_net)
            net_entry(r, at, honest, prod);
        else
            block_entry(at, honest, prod);
        prod++;
        requests++;
    }
    __sync_synchronize();
    x->rsp_event = x->rsp_prod + 1;
    x->req_prod = prod;
    xenevtchn_notify(evtchn, port);
}

/* Every honest request is answered, none twice. */
static bool honest_round(void)
{
    volatile struct indices *x = idx(0);

    for (int round = 0; round < 20; round++) {
        double end = now() + PATIENCE_S;

        uint32_t left;

        produce(0, 1 + rand() % entries(), true);
        while ((left = x->req_prod - x->rsp_prod))
            if (now() > end || left > entries()) {
                printf("# responses %u of %u requests\n", x->rsp_prod,
                       x->req_prod);
                return false;
            }
    }
    return true;
}

static void *flipper(void *arg)
{
    unsigned int x = 12345;

    for (;;) {
        x = x * 1664525 + 1013904223;
        if (!flipping) {
            usleep(500);
            continue;
        }
        ring[x >> 31][64 + (x >> 8) % (4096 - 64)] ^= 1 << (x & 7);
    }
    return NULL;
}

static void lie_in_requests(void)
{
    flipping = rand() % 2;
    for (int i = 0; i < 10; i++) {
        uint32_t free = entries() - (idx(0)->req_prod - idx(0)->rsp_prod);

        if (free && free <= entries())
            produce(0, 1 + rand() % free, false);
        if (is_net && rand() % 2)
            produce(1, rand() % 20, false);
        usleep(rand() % 2000);
    }
    flipping = false;
}

static void lie_in_indices(void)
{
    for (int i = 0; i < 20; i++) {
        int r = is_net ? rand() % 2 : 0;

        ((uint32_t *)ring[r])[rand() % 4] =
            rand() % 2 ? (uint32_t)rand() * 2654435761u
                       : idx(r)->req_prod + rand() % 600;
        xenevtchn_notify(evtchn, port);
    }
    usleep(3000);
}

static void storm(void)
{
    for (int i = 0; i < 3000; i++)
        xenevtchn_notify(evtchn, port);
}

static void toggle_states(void)
{
    for (int i = 0; i < 40; i++) {
        if (rand() % 8)
            put(front, "state", "%d", rand() % 9);
        else
            put(front, "state", "%s", rand() % 2 ? "" : "4294967300x");
        if (rand() % 4 == 0)
            put(front, rand() % 2 ? "ring-ref" : "event-channel", "%d",
                rand() % 3 ? rand() : -1);
        if (rand() % 2)
            usleep(rand() % 3000);
    }
}

static bool attack(double seconds)
{
    void (*const moves[])(void) = {lie_in_requests, lie_in_indices, storm,
                                   toggle_states};
    double end = now() + seconds;

    while (now() < end) {
        if (!connect_device()) {
            disconnect_device();
            if (!connect_device()) {
                printf("# cannot connect: backend state %d\n",
                       get(back, "state"));
                return false;
            }
        }
        for (int i = rand() % 4; i >= 0; i--)
            moves[rand() % 4]();
        if (get(back, "state") != XenbusStateConnected)
            refusals++;
        if (backend_died())
            return false;
        disconnect_device();
    }
    return true;
}

static bool remove_device(void)
{
    double end = now() + PATIENCE_S;
    char path[96];

    put(back, "online", "0");
    put(back, "state", "5");
    xs_rm(xs, XBT_NULL, front);
    while (get(back, "state") != XenbusStateClosed && now() < end)
        usleep(2000);
    end = get(back, "state") == XenbusStateClosed;
    xs_rm(xs, XBT_NULL, back);
    snprintf(path, sizeof(path), "error/%s", back);
    xs_rm(xs, XBT_NULL, path);
    return end;
}

static bool set_up(void)
{
    xengntshr_handle *share = xengntshr_open(NULL, 0);
    FILE *f;

    xs = xs_open(0);
    evtchn = xenevtchn_open(NULL, 0);
    if (!xs || !evtchn || !share) {
        perror("# xenstore, /dev/xen/evtchn or /dev/xen/gntalloc");
        return false;
    }
    for (int r = 0; r < RINGS; r++)
        ring[r] = xengntshr_share_pages(share, 0, 1, &ring_ref[r], 1);
    data = xengntshr_share_pages(share, 0, DATA_PAGES, data_ref, 1);
    f = fopen(MEDIUM, "we");
    return ring[0] && ring[1] && data && f &&
           !ftruncate(fileno(f), MEDIUM_MIB << 20) && !fclose(f);
}

static void tap(unsigned int n, bool ok, const char *what)
{
    printf("%sok %u - %s\n", ok ? "" : "not ", n, what);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    pthread_t thread;
    bool ok;

    if (argc < 3 || (strcmp(argv[1], "vbd") && strcmp(argv[1], "vif"))) {
        fprintf(stderr, "usage: hostile-frontend vbd|vif SECONDS [SEED]\n");
        return 2;
    }
    is_net = !strcmp(argv[1], "vif");
    srand(argc > 3 ? atoi(argv[3]) : 1);
    snprintf(back, sizeof(back), "backend/%s/0/%d", argv[1], DEVID);
    snprintf(front, sizeof(front), "/local/domain/0/device/%s/%d", argv[1],
             DEVID);
    printf("1..4\n");
    if (!set_up())
        return 1;
    make_device();
    ok = connect_device() && honest_round();
    tap(1, ok, "an honest frontend is served");
    disconnect_device();
    pthread_create(&thread, NULL, flipper, NULL);
    ok = attack(atof(argv[2]));
    tap(2, ok, "the backend outlives the attacks");
    ok = connect_device() && honest_round();
    tap(3, ok, "an honest frontend is served afterwards");
    ok = remove_device() && !backend_died();
    tap(4, ok, "the device goes away");
    printf("# %u connections, %u requests, %u refusals\n", connections,
           requests, refusals);
    unlink(MEDIUM);
    return 0;
}
