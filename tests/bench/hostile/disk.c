/* SPDX-License-Identifier: MIT */
/* A frontend for disks, as small as can be: one ring, one page of data. */
#include "hostile.h"
#include <xen/io/xenbus.h>

#define FIRST_REF 8
#define PATIENCE  (60 * SECOND)

static struct grant_entry_v1 *grants;
static uint32_t next_ref = FIRST_REF;

static uint32_t share(void *page)
{
    if (!grants) {
        xen_pfn_t frame;
        struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = 1};

        set_xen_guest_handle(s.frame_list, &frame);
        if (HC3(grant_table_op, GNTTABOP_setup_table, &s, 1) || s.status)
            give_up("no grant table");
        grants = see(frame);
    }
    grants[next_ref].domid = 0;
    grants[next_ref].frame = virt_to_mfn(page);
    mb();
    grants[next_ref].flags = GTF_permit_access;
    return next_ref++;
}

static void set(const struct disk *d, const char *name, uint32_t number)
{
    char path[64], value[16];

    snprintf(path, sizeof(path), "%s/%s", d->front, name);
    snprintf(value, sizeof(value), "%u", number);
    store_write(path, value);
}

unsigned int disk_backend_state(const struct disk *d)
{
    char path[80], value[16] = "0";

    snprintf(path, sizeof(path), "%s/state", d->back);
    store_read(path, value, sizeof(value));
    return value[0] - '0';
}

static bool comes_to(const struct disk *d, unsigned int state)
{
    uint64_t end = system_time() + PATIENCE;

    while (disk_backend_state(d) != state) {
        if (system_time() > end)
            return false;
        wait_event(start_info->store_evtchn, SECOND / 100);
    }
    return true;
}

bool disk_connect(struct disk *d, unsigned int device)
{
    static struct blkif_sring *page;
    struct evtchn_alloc_unbound a = {.dom = DOMID_SELF, .remote_dom = 0};
    char path[64];
    static uint32_t ring_ref;

    snprintf(d->front, sizeof(d->front), "device/vbd/%u", device);
    snprintf(path, sizeof(path), "%s/backend", d->front);
    if (!store_read(path, d->back, sizeof(d->back)))
        return false;
    if (!page) {
        page = alloc_page();
        ring_ref = share(page);
        d->data = alloc_page();
        d->data_ref = share(d->data);
    }
    if (!d->port) {
        if (evtchn_op(EVTCHNOP_alloc_unbound, &a))
            return false;
        d->port = a.port;
    }
    set(d, "state", XenbusStateInitialising);
    if (!comes_to(d, XenbusStateInitWait))
        return false;
    SHARED_RING_INIT(page);
    FRONT_RING_INIT(&d->ring, page, PAGE_SIZE);
    set(d, "ring-ref", ring_ref);
    set(d, "event-channel", d->port);
    snprintf(path, sizeof(path), "%s/protocol", d->front);
    store_write(path, "x86_64-abi");
    set(d, "state", XenbusStateInitialised);
    if (!comes_to(d, XenbusStateConnected))
        return false;
    set(d, "state", XenbusStateConnected);
    return true;
}

struct blkif_request *disk_ask(struct disk *d, uint64_t sector)
{
    struct blkif_request *r = RING_GET_REQUEST(&d->ring, d->ring.req_prod_pvt);

    *r = (struct blkif_request){.operation = BLKIF_OP_READ,
                                .nr_segments = 1,
                                .id = sector,
                                .sector_number = sector,
                                .seg = {{d->data_ref, 0, 7}}};
    d->ring.req_prod_pvt++;
    return r;
}

void disk_tell(struct disk *d)
{
    int notify;

    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&d->ring, notify);
    if (notify)
        event_send(d->port);
}

bool disk_read(struct disk *d, uint64_t sector)
{
    struct blkif_response *r;
    uint64_t end = system_time() + PATIENCE;
    int more;

    disk_ask(d, sector);
    disk_tell(d);
    for (;;) {
        RING_FINAL_CHECK_FOR_RESPONSES(&d->ring, more);
        if (more)
            break;
        if (system_time() > end)
            return false;
        wait_event(d->port, SECOND / 10);
        event_clear(d->port);
    }
    r = RING_GET_RESPONSE(&d->ring, d->ring.rsp_cons);
    d->ring.rsp_cons++;
    return r->status == BLKIF_RSP_OKAY;
}
