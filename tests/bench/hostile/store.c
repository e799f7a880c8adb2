/* SPDX-License-Identifier: MIT */
/* The store, by the ring that the domain has from its builder. */
#include <errno.h>

#include "hostile.h"
#include <xen/io/xs_wire.h>

static struct xenstore_domain_interface *ring;

static void tell(void)
{
    event_send(start_info->store_evtchn);
}

static void wait(void)
{
    wait_event(start_info->store_evtchn, SECOND / 10);
    event_clear(start_info->store_evtchn);
}

static void put(const void *from, uint32_t n)
{
    for (const char *c = from; n; n--, c++) {
        while (ring->req_prod -
                   __atomic_load_n(&ring->req_cons, __ATOMIC_ACQUIRE) ==
               XENSTORE_RING_SIZE) {
            tell();
            wait();
        }
        ring->req[ring->req_prod % XENSTORE_RING_SIZE] = *c;
        __atomic_store_n(&ring->req_prod, ring->req_prod + 1, __ATOMIC_RELEASE);
    }
}

/* What does not fit is passed over. */
static void get(void *to, uint32_t size, uint32_t n)
{
    char *c = to;

    for (uint32_t i = 0; i < n; i++) {
        while (ring->rsp_cons ==
               __atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE)) {
            tell();
            wait();
        }
        if (i < size)
            c[i] = ring->rsp[ring->rsp_cons % XENSTORE_RING_SIZE];
        __atomic_store_n(&ring->rsp_cons, ring->rsp_cons + 1, __ATOMIC_RELEASE);
    }
}

/* A path, and a value if there is one. */
static void send(uint32_t type, const char *path, const char *value)
{
    struct xsd_sockmsg m = {.type = type, .len = strlen(path) + 1};

    if (!ring)
        ring = see(start_info->store_mfn);
    if (value)
        m.len += strlen(value);
    put(&m, sizeof(m));
    put(path, strlen(path) + 1);
    if (value)
        put(value, strlen(value));
    tell();
}

static bool answer(uint32_t type, char *value, size_t size)
{
    struct xsd_sockmsg m;

    get(&m, sizeof(m), sizeof(m));
    get(value, size - 1, m.len);
    value[m.len < size ? m.len : size - 1] = '\0';
    return m.type == type;
}

bool store_read(const char *path, char *value, size_t size)
{
    send(XS_READ, path, NULL);
    return answer(XS_READ, value, size);
}

bool store_write(const char *path, const char *value)
{
    char ignored[16];

    send(XS_WRITE, path, value);
    return answer(XS_WRITE, ignored, sizeof(ignored));
}

void store_flood(const char *path, unsigned int times)
{
    char ignored[16];

    for (unsigned int i = 0; i < times; i++)
        send(XS_WRITE, path, "x");
    for (unsigned int i = 0; i < times; i++)
        answer(XS_WRITE, ignored, sizeof(ignored));
}
