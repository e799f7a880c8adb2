/* SPDX-License-Identifier: MIT */
/* Events by the 2-level ABI, time, and secondary vcpus. */
#include "resume.h"

#define NR_PORTS 4096

void event_dispatch(struct trap_frame *f);
static event_handler_t port_handlers[NR_PORTS];
static uint64_t earlier; /* ns that had passed where the guest was before */

void events_init(void)
{
    memset(shared_info->evtchn_mask, 0xff, sizeof(shared_info->evtchn_mask));
}

long evtchn_op(int cmd, void *arg)
{
    return HC2(event_channel_op, cmd, arg);
}

uint32_t event_new_ipi(unsigned int vcpu)
{
    struct evtchn_bind_ipi ipi = {.vcpu = vcpu};

    return evtchn_op(EVTCHNOP_bind_ipi, &ipi) ? 0 : ipi.port;
}

uint32_t event_new_unbound(domid_t remote)
{
    struct evtchn_alloc_unbound a = {.dom = DOMID_SELF, .remote_dom = remote};

    return evtchn_op(EVTCHNOP_alloc_unbound, &a) ? 0 : a.port;
}

void event_close(uint32_t port)
{
    struct evtchn_close c = {.port = port};

    evtchn_op(EVTCHNOP_close, &c);
}

void event_send(uint32_t port)
{
    struct evtchn_send send = {.port = port};

    evtchn_op(EVTCHNOP_send, &send);
}

bool event_pending(uint32_t port)
{
    return __atomic_load_n(&shared_info->evtchn_pending[port / 64],
                           __ATOMIC_SEQ_CST) >>
               (port % 64) &
           1;
}

void event_clear(uint32_t port)
{
    __atomic_fetch_and(&shared_info->evtchn_pending[port / 64],
                       ~(1UL << (port % 64)), __ATOMIC_SEQ_CST);
}

void bind_handler(uint32_t port, event_handler_t fn)
{
    struct evtchn_unmask u = {.port = port};

    port_handlers[port] = fn;
    evtchn_op(EVTCHNOP_unmask, &u);
}

/* Called with events masked; on return iret unmasks as rflags say. */
void event_dispatch(struct trap_frame *f)
{
    struct vcpu_info *vi = &shared_info->vcpu_info[0];

    vi->evtchn_upcall_pending = 0;
    for (uint64_t sel =
             __atomic_exchange_n(&vi->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
         sel; sel &= sel - 1) {
        unsigned int word = __builtin_ctzl(sel);
        uint64_t bits =
            shared_info->evtchn_pending[word] & ~shared_info->evtchn_mask[word];

        for (; bits; bits &= bits - 1) {
            uint32_t port = word * 64 + __builtin_ctzl(bits);

            event_clear(port);
            if (port_handlers[port])
                port_handlers[port](port);
        }
    }
}

void events_disable(void)
{
    shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
    barrier();
}

void events_enable(void)
{
    struct vcpu_info *vi = &shared_info->vcpu_info[0];

    vi->evtchn_upcall_mask = 0;
    mb();
    if (vi->evtchn_upcall_pending)
        HC2(xen_version, XENVER_version, 0); /* delivered on the way out */
}

static uint64_t host_time(void)
{
    const volatile struct vcpu_time_info *t = &shared_info->vcpu_info[0].time;
    uint64_t ns;
    uint32_t version;

    do {
        uint64_t delta;
        uint32_t lo, hi;

        version = t->version & ~1u;
        barrier();
        asm volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi));
        delta = (((uint64_t)hi << 32) | lo) - t->tsc_timestamp;
        delta =
            t->tsc_shift < 0 ? delta >> -t->tsc_shift : delta << t->tsc_shift;
        ns =
            t->system_time +
            (uint64_t)(((unsigned __int128)delta * t->tsc_to_system_mul) >> 32);
        barrier();
    } while (version != t->version);
    return ns;
}

uint64_t system_time(void)
{
    return earlier + host_time();
}

void time_goes_on(uint64_t ns)
{
    earlier = ns - host_time();
}

void wait_events(evtchn_port_t *ports, unsigned int nr, uint64_t end)
{
    struct sched_poll poll = {.nr_ports = nr, .timeout = end - earlier};

    set_xen_guest_handle(poll.ports, ports);
    HC2(sched_op, SCHEDOP_poll, &poll);
}

bool wait_event(uint32_t port, uint64_t ns)
{
    uint64_t end = system_time() + ns;
    evtchn_port_t p = port;

    while (!event_pending(port) && system_time() < end)
        wait_events(&p, 1, end);
    return event_pending(port);
}

extern char vcpu_entry[], event_entry[], failsafe_entry[];

long start_vcpu(unsigned int id, void (*fn)(void))
{
    static struct vcpu_guest_context c;
    long rc;

    memset(&c, 0, sizeof(c));
    c.flags = VGCF_in_kernel;
    c.user_regs.rip = (unsigned long)vcpu_entry;
    c.user_regs.rdi = (unsigned long)fn;
    c.user_regs.rsp = (unsigned long)alloc_pages(2) + 2 * PAGE_SIZE;
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = FLAT_KERNEL_SS;
    c.kernel_ss = FLAT_KERNEL_SS;
    c.kernel_sp = c.user_regs.rsp;
    for (unsigned int i = 0; i < 256; i++) {
        c.trap_ctxt[i].vector = i;
        c.trap_ctxt[i].flags = 4;
        c.trap_ctxt[i].cs = FLAT_KERNEL_CS;
        c.trap_ctxt[i].address = trap_stubs[i];
    }
    c.event_callback_eip = (unsigned long)event_entry;
    c.failsafe_callback_eip = (unsigned long)failsafe_entry;
    c.ctrlreg[3] = virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE;
    rc = HC3(vcpu_op, VCPUOP_initialise, id, &c);
    return rc ? rc : HC3(vcpu_op, VCPUOP_up, id, 0);
}
