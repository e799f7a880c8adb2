/* SPDX-License-Identifier: MIT */
/* EVTCHNOP_reset against everything that sets up what it takes down, from
 * another vcpu and from an upcall in its middle. run: smp=2 timeout=60 */
#include <pv/pv.h>

#define NR_PORTS 3000

static struct evtchn_expand_array array;
static struct evtchn_init_control control[2];
static uint32_t busy_port;

/* --- the other vcpu: does its job over and over --------------------------- */

static void (*volatile job)(void);
static volatile unsigned long rounds;
static volatile long bad;

static void second(void)
{
    for (;; rounds++)
        if (job)
            job();
}

static void work(void (*fn)(void))
{
    unsigned long then;

    job = fn;
    then = rounds;
    while (rounds < then + 2) /* it has seen the change */
        HC2(sched_op, SCHEDOP_yield, 0);
}

static void expect(long rc, long other)
{
    if (rc && rc != other && rc != -EINVAL && rc != -ENOSPC)
        bad = rc;
}

static void expand(void)
{
    expect(evtchn_op(EVTCHNOP_expand_array, &array), -EOPNOTSUPP);
}

static void take_control(void)
{
    expect(evtchn_op(EVTCHNOP_init_control, &control[1]), 0);
}

static void send(void)
{
    struct evtchn_send s = {.port = busy_port};

    expect(evtchn_op(EVTCHNOP_send, &s), 0);
}

/* --- ours ----------------------------------------------------------------- */

static long reset(void)
{
    struct evtchn_reset r = {.dom = DOMID_SELF};

    return evtchn_op(EVTCHNOP_reset, &r);
}

static uint32_t new_ipi(void)
{
    struct evtchn_bind_ipi ipi = {.vcpu = 0};

    return evtchn_op(EVTCHNOP_bind_ipi, &ipi) ? 0 : ipi.port;
}

static uint32_t status(uint32_t port)
{
    struct evtchn_status st = {.dom = DOMID_SELF, .port = port};

    return evtchn_op(EVTCHNOP_status, &st) ? ~0u : st.status;
}

/* No writable reference is left: the (empty) page may be a page table. */
static bool is_free(void *page)
{
    uint64_t mfn = virt_to_mfn(page);
    bool good;

    memset(page, 0, PAGE_SIZE);
    good = make_readonly(page) == 0 &&
           mmuext(MMUEXT_PIN_L1_TABLE, mfn, 0) == 0 &&
           mmuext(MMUEXT_UNPIN_TABLE, mfn, 0) == 0;
    make_writable(page);
    return good;
}

static void set_up_against_reset(void (*fn)(void), const char *what)
{
    void *page[3] = {alloc_page(), alloc_page(), alloc_page()};
    uint64_t end = system_time() + 2000000000UL;
    unsigned int n = 0;
    long rc = 0;

    control[0] = (struct evtchn_init_control){
        .vcpu = 0, .control_gfn = virt_to_mfn(page[0])};
    control[1] = (struct evtchn_init_control){
        .vcpu = 1, .control_gfn = virt_to_mfn(page[1])};
    array.array_gfn = virt_to_mfn(page[2]);
    bad = 0;
    work(fn);
    for (; !rc && system_time() < end; n++) {
        expect(evtchn_op(EVTCHNOP_init_control, &control[0]), 0);
        rc = reset();
    }
    work(NULL);
    is(rc, 0, "%s against reset (%u times)", what, n);
    is(bad, 0,
       "the other vcpu sees only the results that the interface allows during "
       "a reset");
    is(reset(), 0, "reset returns 0 while another vcpu uses ports");
    for (int i = 0; i < 3; i++)
        ok(is_free(page[i]), "after a reset page %d is the guest's alone again",
           i);
}

/* --- ports that are opened while a reset is under way --------------------- */

static bool in_reset;
static uint32_t opened_port;

static void open_one(uint32_t port)
{
    uint32_t new = in_reset && !opened_port ? new_ipi() : 0;

    if (new < NR_PORTS) /* else nothing has been closed yet */
        opened_port = new;
}

static long interrupted_reset(uint64_t delay)
{
    struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER};
    long rc;

    while (new_ipi() < NR_PORTS)
        ;
    evtchn_op(EVTCHNOP_bind_virq, &virq); /* the last one to be closed */
    bind_handler(virq.port, open_one);
    events_enable();
    in_reset = true;
    HC1(set_timer_op, system_time() + delay);
    do
        rc = reset();
    while (rc == -EAGAIN); /* what Xen says when there is something left */
    in_reset = false;
    events_disable();
    HC1(set_timer_op, 0);
    return rc;
}

static void opened_meanwhile(void)
{
    uint64_t delay = 0;
    long rc = 0;

    for (int i = 0; i < 200 && !opened_port && !rc; i++, delay += 50000)
        rc = interrupted_reset(delay % 5000000);
    is(rc, 0, "reset returns 0 while ports are opened");
    ok(opened_port, "a port was opened in the middle of a reset (%u)",
       opened_port);
    is(status(opened_port), EVTCHNSTAT_closed,
       "a port that was opened in the middle of a reset is closed");
    is(status(1), EVTCHNSTAT_closed,
       "after a reset ports start as they did at first");
    is(new_ipi(), 1, "after a reset the lowest port is given out next");
}

/* --- more ports than there were, while somebody waits for the lock -------- */

static long give_back_a_page(void)
{
    void *page = alloc_page();
    xen_pfn_t mfn = virt_to_mfn(page);
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, &mfn);
    return map_va(page, 0, UVMF_INVLPG | UVMF_LOCAL)
               ? -1
               : HC2(memory_op, XENMEM_decrease_reservation, &r);
}

static void growing(void)
{
    uint32_t port = 1;
    long rc = 1;

    busy_port = new_ipi();
    bad = 0;
    work(send);
    for (unsigned int i = 0; port && i < 4000; i++) {
        if (i % 16 == 0)
            rc = give_back_a_page();
        port = new_ipi();
    }
    work(NULL);
    is(rc, 1, "after a reset the pages of the FIFO layout are given back");
    ok(port, "4000 ports can be opened, the last one is %u", port);
    is(bad, 0, "sends go on while ports are added");
    while (port)
        port = new_ipi();
    ok(status(4095) == EVTCHNSTAT_ipi,
       "after a reset 4000 ports can be opened again");
}

int main(void)
{
    is(start_vcpu(1, second), 0, "the second vcpu starts");
    growing();
    is(reset(), 0, "reset with 4000 ports returns 0");
    opened_meanwhile();
    set_up_against_reset(expand, "expand_array");
    set_up_against_reset(take_control, "init_control of the other vcpu");
    return 0;
}
