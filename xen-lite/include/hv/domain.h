/* SPDX-License-Identifier: MIT */
/*
 * Domains and their virtual CPUs: the two objects everything else hangs on.
 *
 * Life: domain_create() makes a domain with one reference and one controller
 * pause; domain_kill() (preemptible) takes its resources; when the last
 * reference goes (put_domain) the structures are freed after every CPU has
 * left the hypervisor once (call_rcu). A look-up by id takes a reference.
 *
 * A pointer to a domain is good while the caller holds a reference; without one
 * (for_each_domain(), domain_by_owner_id()) only until it leaves the
 * hypervisor. A vcpu lives as long as its domain: a pointer to it needs the
 * same.
 *
 * Fields name their lock in brackets, as in [SCHED]; see hv/spinlock.h. Those
 * that say "atomic" are changed without one. The rest is written before the
 * object can be found, or with d->lock held.
 */
#ifndef HV_DOMAIN_H
#define HV_DOMAIN_H

#include <hv/lib.h>
#include <hv/list.h>
#include <hv/percpu.h>
#include <hv/softirq.h>
#include <hv/spinlock.h>
#include <hv/timer.h>
#include <hv/sched.h>
#include <xen-lite.h>
#include <xen/xen.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/domctl.h>
#include <asm/domain.h>

#define MAX_VCPUS XEN_LITE_MAX_VCPUS /* per domain */

/* Why a vcpu does not run: bits of v->pause_flags. It runs when none is set and
 * the pause counts, its own and its domain's, are 0. */
#define VPF_BLOCKED   0 /* SCHEDOP_block or _poll, until an event */
#define VPF_DOWN      1 /* not brought up, or VCPUOP_down */
#define VPF_SUSPENDED 2 /* domain is shut down */

struct evtchn_domain; /* common/event_channel */
struct evtchn_fifo_vcpu;
struct grant_table;

struct vcpu {
    /* Hot on every entry and exit: keep in the first cache lines. */
    struct arch_vcpu arch;

    struct domain *domain;
    uint16_t vcpu_id;
    uint16_t processor;   /* [SCHED] CPU it runs or last ran on */
    bool is_initialised;  /* has a context (VCPUOP_initialise/domctl) */
    bool is_running;      /* on a CPU now */
    uint32_t pause_flags; /* VPF_*, atomic bits */
    uint32_t pause_count; /* vcpu_pause() nesting, atomic */

    struct vcpu_info *vcpu_info; /* in shared_info or registered page; never
                                    NULL: a dummy until one exists */
    mfn_t vcpu_info_mfn;         /* registered page, or INVALID_MFN */

    struct vcpu_runstate_info runstate;
    uint64_t runstate_guest; /* guest virtual address, 0 = none */
    uint64_t time_info_guest;

    struct timer singleshot_timer, periodic_timer, poll_timer;
    s_time_t periodic_period, periodic_last;

    int32_t poll_evtchn;               /* >0 port, 0 none, -1 several */
    uint32_t virq_to_evtchn[NR_VIRQS]; /* [EVTCHN] */
    struct evtchn_fifo_vcpu *evtchn_fifo;

    struct sched_vcpu sched; /* scheduler's own, see sched.h */
};

/* Only forward: alive until domain_kill(), dead when nothing is left to take.
 */
enum domain_death { DOMDYING_alive, DOMDYING_dying, DOMDYING_dead };

struct domain {
    domid_t id;
    bool is_privileged; /* dom0 */
    bool is_special;    /* pseudo owner: no vcpus, never runs */
    uint8_t is_dying;   /* enum domain_death; set with d->lock held */
    bool is_shutting_down, is_shut_down;
    int32_t shutdown_code; /* SHUTDOWN_*, -1 */
    uint32_t refcnt;       /* atomic */
    uint32_t pause_count;  /* domain_pause() nesting, atomic */
    uint32_t controller_pause_count;
    spinlock_t lock; /* LOCK_DOMAIN */

    struct domain *next_in_list; /* [DOMLIST], read under RCU section */
    struct rcu_head rcu;

    uint8_t handle[16];    /* xen_domain_handle_t */
    uint32_t create_flags; /* XEN_DOMCTL_CDF_* */
    s_time_t created;

    struct vcpu **vcpu; /* [max_vcpus], NULL until created */
    uint32_t max_vcpus;

    struct shared_info *shared_info;
    mfn_t shared_info_mfn;

    uint64_t owned_frames;   /* RAM and lent; > 0 holds a domain reference */
    uint64_t mfn_lo, mfn_hi; /* frames it ever owned lie in here */
    /* Memory accounting, pages; changed atomically. tot_pages <= max_pages. */
    uint64_t tot_pages, max_pages;
    uint64_t outstanding_claim;

    /* Events: d->evtchn has the lock. */
    struct evtchn_domain *evtchn;
    uint32_t *pirq_to_port; /* [NR_PIRQS], 0: not bound; event lock */
    struct grant_table *grant_table;
    uint32_t max_evtchn_port;
    uint32_t suspend_port; /* XEN_DOMCTL_subscribe; 0 none */
    uint32_t nr_polling;   /* vcpus in SCHEDOP_poll, atomic */
    uint64_t vm_assist;    /* VMASST bits */

    struct sched_domain sched;

    struct arch_domain arch;

    struct log_limit log; /* of gprintk() */
    bool crash_told;      /* may_report_crash() */

    struct timer watchdog_timer[2]; /* SCHEDOP_watchdog */
    uint32_t watchdog_inuse;
    int64_t time_offset_seconds;
    uint32_t max_grant_frames, max_maptrack_frames;
};

/*
 * The list has dom0 and all guests. The pseudo domains own frames that no guest
 * does (dom_xen: the hypervisor's that are shared; dom_io: those of devices) or
 * have the idle vcpus, one for each CPU; they live for ever.
 */
extern struct domain *domain_list;     /* by ascending id */
extern struct domain *hardware_domain; /* dom0 */
extern struct domain *dom_xen, *dom_io, *idle_domain;
extern struct vcpu *idle_vcpu[NR_CPUS];

/*
 * Iterate inside one hypercall (structures outlive it); ids ascend. A domain
 * that is made or removed meanwhile may be met or not. vcpus that were not
 * created are left out.
 */
#define for_each_domain(d)                                                     \
    for ((d) = atomic_load(&domain_list); (d);                                 \
         (d) = atomic_load(&(d)->next_in_list))
#define for_each_vcpu(d, v)                                                    \
    for (uint32_t i_ = 0; i_ < (d)->max_vcpus; i_++)                           \
        if (((v) = (d)->vcpu[i_]) != NULL)

/* The vcpu that this CPU runs, or runs for: never NULL after boot. */
#define current (get_cpu_info()->current_vcpu)
static inline bool is_idle_vcpu(const struct vcpu *v)
{
    return v->domain == idle_domain;
}
static inline bool is_hardware_domain(const struct domain *d)
{
    return d == hardware_domain;
}

/*
 * Look-ups. get_* return a reference or NULL; DOMID_SELF is not resolved, and
 * pseudo domains are not found. A dying domain is found until its last
 * reference goes. No lock is needed.
 */
struct domain *get_domain_by_id(domid_t id);
/* DOMID_SELF or an id; NULL if there is none. Pair with put_domain(). */
struct domain *get_domain_by_any_id(domid_t id);
/* Owner of a frame by id, pseudo domains included, without a reference; valid
 * while the caller holds a reference on one of its frames or until exit. */
struct domain *domain_by_owner_id(domid_t id);
/* One more reference; false when the domain is being freed. */
bool get_domain(struct domain *d);
/* Drops one. The last one removes d from the list and frees it later: it takes
 * DOMLIST, so the caller may hold no lock from there on. */
void put_domain(struct domain *d);
/* The vcpu with this number; NULL if it was not created. No reference. */
static inline struct vcpu *domain_vcpu(const struct domain *d, uint32_t id)
{
    return id < d->max_vcpus ? d->vcpu[id] : NULL;
}

/*
 * A new domain, paused once by its controller, without memory and vcpus, and on
 * the list. config is a private copy that was checked. The control lock is
 * held, or it is boot. NULL with *err = -EEXIST: the id is taken; -ERESTART:
 * some domain's last frames are just going; -ENOMEM, or another error of a
 * part; nothing is left of it then.
 */
struct domain *domain_create(domid_t id,
                             const struct xen_domctl_createdomain *config,
                             bool privileged, int *err);
/*
 * A vcpu that is down and not initialised; NULL when out of memory. It lives as
 * long as its domain. The control lock is held, or it is boot.
 */
struct vcpu *vcpu_create(struct domain *d, uint32_t vcpu_id);
/*
 * Takes everything that d has: vcpus, events, grants, memory. The control lock
 * is held. d is no pseudo domain and not the caller's own. 0: it is dead, and
 * goes with its last reference; -ERESTART: call again.
 */
int domain_kill(struct domain *d);
/*
 * Synchronous pause: returns when no vcpu of d is running. Nests. d is not the
 * caller's own. Waits for other CPUs: no lock from EVTCHN on may be held.
 * Unpause undoes one and does not wait.
 */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);
/*
 * The toolstack's pauses, counted beside all others. 0; -EOVERFLOW after 255;
 * -EINVAL for an unpause without a pause.
 */
int domain_pause_by_controller(struct domain *d);
int domain_unpause_by_controller(struct domain *d);
/* The same for one vcpu, which must not be current. */
void vcpu_pause(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);

/*
 * The guest has ended (SHUTDOWN_*): stops its vcpus, tells the toolstack. For
 * dom0 the machine ends, and this does not return. An earlier code stands
 * before 'reason'; a domain that has ended already stays as it is. Does not
 * wait; always 0. No lock from EVTCHN on is held.
 */
int domain_shutdown(struct domain *d, int reason);
/*
 * Undoes a shutdown: the vcpus go on where they stopped. Nothing happens if d
 * has not shut down. The control lock is held.
 */
void domain_resume(struct domain *d);
/*
 * The guest broke a rule: report and shut down with SHUTDOWN_crash. fmt is a
 * sentence without a newline. It returns, from exceptions too; the vcpu stops
 * on its way to the guest. No lock from EVTCHN on is held.
 */
void domain_crash(struct domain *d, const char *fmt, ...) __printf(2, 3);

void domain_init(void); /* pseudo domains, idle domain */
/*
 * Something that kept v from running may be over: queues it if it is runnable,
 * else does nothing. Any context; no lock from SCHED on is held.
 */
void vcpu_wake(struct vcpu *v);
/* current stops at the next softirq, unless an event is pending. */
void vcpu_block(void);
/* Ends v's block or poll and wakes it. As vcpu_wake(). */
void vcpu_unblock(struct vcpu *v);
/* v with a periodic timer has got this CPU. Ticks come while it has one. */
void vcpu_resume_ticks(struct vcpu *v);
static inline bool vcpu_runnable(const struct vcpu *v)
{
    return !(READ_ONCE(v->pause_flags) | READ_ONCE(v->pause_count) |
             READ_ONCE(v->domain->pause_count));
}
/* Stands in for vcpu_info where a guest has none; nothing is delivered there.
 */
extern struct vcpu_info dummy_vcpu_info;
/*
 * Run states (RUNSTATE_*): how long, in ns, v was in each. A change is made by
 * the scheduler with its lock held; a look takes that lock, and counts the
 * current state until now.
 */
void vcpu_runstate_change(struct vcpu *v, int new_state, s_time_t now);
void vcpu_runstate_get(const struct vcpu *v,
                       struct vcpu_runstate_info *runstate);
/* Writes runstate to the guest's area, if it has one, in v's own context. An
 * area that cannot be written is left alone: the guest's own loss. */
void update_runstate_area(struct vcpu *v);
/* The time for which d's vcpus ran, summed up. */
uint64_t domain_cpu_time_ns(const struct domain *d);
/*
 * VCPUOP_register_vcpu_info: moves v's vcpu_info to the guest's frame, which
 * keeps a reference. Errors as there. d->lock is held. Unmapping goes back to
 * the dummy; v never runs again.
 */
int map_vcpu_info(struct vcpu *v, uint64_t gfn, uint32_t offset);
void unmap_vcpu_info(struct vcpu *v);
/*
 * Sends a virtual interrupt to v's own port, or to the domain that handles a
 * global one. Nothing happens if it is not bound. From any context, with no
 * lock from EVTCHN on held.
 */
void send_guest_vcpu_virq(struct vcpu *v, uint32_t virq);
void send_global_virq(uint32_t virq);

#include <hv/arch.h>

#endif
