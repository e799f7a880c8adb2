/* SPDX-License-Identifier: MIT */
/*
 * Domains: creation, look-up, death.
 *
 * Death has three parts. domain_kill() takes everything the domain holds, in
 * preemptible steps that can be repeated; put_domain() drops references; the
 * last one unlinks the domain, and its memory goes when every CPU has left the
 * hypervisor once. While another domain still maps one of its frames a
 * reference remains and the toolstack sees it dying.
 */
#include <hv/domctl.h>
#include <hv/domain.h>
#include <hv/event_channel.h>
#include <hv/grant_table.h>
#include <hv/mm.h>
#include <hv/smp.h>
#include <hv/console.h>
#include <hv/stretch.h>
#include <hv/version.h>

struct domain *domain_list;
struct domain *hardware_domain;
struct domain *dom_xen, *dom_io, *idle_domain;
struct vcpu *idle_vcpu[NR_CPUS];

static spinlock_t domlist_lock = SPIN_LOCK_INIT(LOCK_DOMLIST);
/* Domains by id, in pages of pointers made on demand: look-ups are two loads.
 * A page is never freed. */
#define IDS_PER_PAGE (PAGE_SIZE / sizeof(struct domain *))
static struct domain **domain_ids[DIV_ROUND_UP(0x8000, IDS_PER_PAGE)];
/* Domains that have no id any more, but frames that are lent to it. */
static uint32_t nr_leaving;

static struct domain *domain_by_id(domid_t id)
{
    struct domain **page;

    if (id >= 0x8000)
        return NULL;
    page = atomic_load(&domain_ids[id / IDS_PER_PAGE]);
    return page ? atomic_load(&page[id % IDS_PER_PAGE]) : NULL;
}

bool get_domain(struct domain *d)
{
    uint32_t old = READ_ONCE(d->refcnt);

    do {
        if (!old)
            return false;
    } while (!atomic_cas(&d->refcnt, &old, old + 1));
    return true;
}

struct domain *get_domain_by_id(domid_t id)
{
    struct domain *d = domain_by_id(id);

    return d && !d->is_special && get_domain(d) ? d : NULL;
}

struct domain *get_domain_by_any_id(domid_t id)
{
    return get_domain_by_id(id == DOMID_SELF ? current->domain->id : id);
}

struct domain *domain_by_owner_id(domid_t id)
{
    return domain_by_id(id);
}

/* --- creation ------------------------------------------------------------- */

static int list_domain(struct domain *d)
{
    struct domain ***slot = &domain_ids[d->id / IDS_PER_PAGE];
    struct domain **prev = &domain_list;
    int rc = 0;

    spin_lock(&domlist_lock);
    if (!*slot) {
        struct domain **page = alloc_xenheap_page();

        if (!page) {
            rc = -ENOMEM;
            goto out;
        }
        atomic_store(slot, page);
    }
    if ((*slot)[d->id % IDS_PER_PAGE]) {
        rc = -EEXIST;
        goto out;
    }
    if (!d->is_special) {
        while (*prev && (*prev)->id < d->id)
            prev = &(*prev)->next_in_list;
        d->next_in_list = *prev;
        atomic_store(prev, d);
    }
    atomic_store(&(*slot)[d->id % IDS_PER_PAGE], d);
out:
    spin_unlock(&domlist_lock);
    return rc;
}

static void unlist_domain(struct domain *d)
{
    struct domain **prev = &domain_list;

    spin_lock(&domlist_lock);
    while (*prev && *prev != d)
        prev = &(*prev)->next_in_list;
    if (*prev)
        atomic_store(prev, d->next_in_list); /* d's own link stays readable */
    atomic_store(&domain_ids[d->id / IDS_PER_PAGE][d->id % IDS_PER_PAGE], NULL);
    spin_unlock(&domlist_lock);
}

#define FREE_BATCH 64

/* Frees some of d; true: that was all. Nobody can find d any more. */
static bool free_some(struct domain *d)
{
    unsigned int left = FREE_BATCH;

    for (uint32_t i = 0; i < d->max_vcpus; i++) {
        struct vcpu *v = d->vcpu[i];

        if (!v)
            continue;
        if (!left--)
            return false;
        sched_vcpu_destroy(v);
        arch_vcpu_destroy(v);
        xfree(v);
        d->vcpu[i] = NULL;
    }
    if (!grant_table_destroy(d, &left) || !evtchn_destroy_final(d, &left))
        return false;
    arch_domain_destroy(d);
    xfree(d->vcpu);
    xfree(d);
    return true;
}

static struct domain *alloc_special_domain(domid_t id)
{
    struct domain *d = xzalloc(struct domain);

    if (!d)
        panic("no memory for pseudo domain %x", id);
    d->id = id;
    d->is_special = true;
    d->refcnt = 1;
    spin_lock_init(&d->lock, LOCK_DOMAIN);
    d->shared_info_mfn = INVALID_MFN;
    if (list_domain(d))
        panic("cannot register pseudo domain %x", id);
    return d;
}

void __init domain_init(void)
{
    dom_xen = alloc_special_domain(DOMID_XEN);
    dom_io = alloc_special_domain(DOMID_IO);
    idle_domain = alloc_special_domain(DOMID_IDLE);
    idle_domain->max_vcpus = NR_CPUS;
    idle_domain->vcpu = idle_vcpu;
    idle_domain->sched.weight = SCHED_DEFAULT_WEIGHT;
}

static void watchdog_fired(void *data)
{
    struct domain *d = data;

    gprintk(d, "domain watchdog expired");
    domain_shutdown(d, SHUTDOWN_watchdog);
}

struct domain *domain_create(domid_t id,
                             const struct xen_domctl_createdomain *config,
                             bool privileged, int *err)
{
    struct domain *d = xzalloc(struct domain);
    int rc = -ENOMEM;

    ASSERT(privileged || lock_is_held(&domctl_lock));
    *err = rc;
    if (!d)
        return NULL;
    /* Frames are lent to an id: it must be nobody else's. */
    if (domain_by_id(id) || READ_ONCE(nr_leaving)) {
        *err = domain_by_id(id) ? -EEXIST : -ERESTART;
        xfree(d);
        return NULL;
    }
    d->id = id;
    d->is_privileged = privileged;
    d->refcnt = 1;
    d->pause_count = d->controller_pause_count = 1;
    d->shutdown_code = -1;
    d->created = get_s_time();
    d->create_flags = config->flags;
    memcpy(d->handle, config->handle, sizeof(d->handle));
    spin_lock_init(&d->lock, LOCK_DOMAIN);
    d->sched.weight = SCHED_DEFAULT_WEIGHT;
    d->sched.cpupool = config->cpupool_id;
    d->max_vcpus = config->max_vcpus;
    d->max_evtchn_port = config->max_evtchn_port;
    d->max_grant_frames = config->max_grant_frames;
    d->max_maptrack_frames = config->max_maptrack_frames;
    d->shared_info_mfn = INVALID_MFN;
    d->max_pages = privileged ? ~0U : 0;
    for (unsigned int i = 0; i < 2; i++)
        init_timer(&d->watchdog_timer[i], watchdog_fired, d, 0);

    d->vcpu = xzalloc_array(struct vcpu *, d->max_vcpus);
    if (!d->vcpu || (rc = arch_domain_create(d, config)) != 0 ||
        (rc = evtchn_init(d)) != 0 ||
        (rc = grant_table_init(d, config->max_grant_frames,
                               config->max_maptrack_frames)) != 0 ||
        (rc = list_domain(d)) != 0)
        goto fail;
    *err = 0;
    return d;

fail:
    *err = rc;
    d->is_dying = DOMDYING_dead;
    /* Every part's destructor accepts a part not made. */
    if (d->vcpu)
        while (!free_some(d))
            ;
    else
        xfree(d);
    return NULL;
}

/* --- pausing -------------------------------------------------------------- */

void vcpu_pause(struct vcpu *v)
{
    ASSERT(v != current);
    atomic_inc(&v->pause_count);
    vcpu_sleep_sync(v);
}

void vcpu_unpause(struct vcpu *v)
{
    if (!atomic_dec(&v->pause_count))
        vcpu_wake(v);
}

void domain_pause(struct domain *d)
{
    struct vcpu *v;

    ASSERT(d != current->domain);
    atomic_inc(&d->pause_count);
    for_each_vcpu (d, v)
        vcpu_sleep_sync(v);
}

void domain_unpause(struct domain *d)
{
    struct vcpu *v;

    if (!atomic_dec(&d->pause_count))
        for_each_vcpu (d, v)
            vcpu_wake(v);
}

#define MAX_CONTROLLER_PAUSE 255

int domain_pause_by_controller(struct domain *d)
{
    uint32_t old = READ_ONCE(d->controller_pause_count);

    do {
        if (old >= MAX_CONTROLLER_PAUSE)
            return -EOVERFLOW;
    } while (!atomic_cas(&d->controller_pause_count, &old, old + 1));
    domain_pause(d);
    return 0;
}

int domain_unpause_by_controller(struct domain *d)
{
    uint32_t old = READ_ONCE(d->controller_pause_count);

    do {
        if (!old)
            return -EINVAL;
    } while (!atomic_cas(&d->controller_pause_count, &old, old - 1));
    domain_unpause(d);
    return 0;
}

/* --- the end -------------------------------------------------------------- */

static void dom0_shutdown(int reason)
{
    console_force_unlock(); /* another CPU may have it for ever */
    printk("Hardware domain shut down, reason %d\n", reason);
    stretch_dump();
    lock_holds_dump();
    if (reason == SHUTDOWN_poweroff ||
        (reason == SHUTDOWN_crash && opt_noreboot))
        reason == SHUTDOWN_crash ? machine_halt() : machine_power_off();
    machine_restart();
}

/* What guests read of their clock follows time while they are not shut down. No
 * change of it is under way when this returns. */
static void set_shut_down(struct domain *d, bool down)
{
    unsigned long flags = clock_records_lock();

    atomic_store(&d->is_shut_down, down);
    clock_records_unlock(flags);
}

/*
 * Only marks and pauses: it may run with locks held and inside the domain's
 * own context, which leaves the CPU on its way out.
 *
 * is_shutting_down is set first and cleared last, is_shut_down the other way
 * round: of shutdown and resume one is done before the other begins.
 */
int domain_shutdown(struct domain *d, int reason)
{
    unsigned long flags = local_irq_save();
    int32_t none = -1;
    struct vcpu *v;

    /* The code of an earlier SCHEDOP_shutdown_code replaces any later
     * reason. */
    if (d == hardware_domain)
        dom0_shutdown(d->shutdown_code >= 0 ? d->shutdown_code : reason);
    if (atomic_xchg(&d->is_shutting_down, true)) {
        local_irq_restore(flags);
        return 0;
    }
    atomic_cas(&d->shutdown_code, &none, (int32_t)reason);
    reason = READ_ONCE(d->shutdown_code);
    for_each_vcpu (d, v)
        set_bit(VPF_SUSPENDED, &v->pause_flags);
    set_shut_down(d, true);
    smp_mb();
    for_each_vcpu (d, v)
        vcpu_sleep_nosync(v);
    if (reason == SHUTDOWN_suspend && d->suspend_port)
        evtchn_send(d, d->suspend_port);
    else
        send_global_virq(VIRQ_DOM_EXC);
    local_irq_restore(flags);
    return 0;
}

void domain_resume(struct domain *d)
{
    struct vcpu *v;

    ASSERT_HELD(&domctl_lock);
    if (!atomic_load(&d->is_shut_down))
        return;
    domain_pause(d);
    d->shutdown_code = -1;
    d->crash_told = false;
    for_each_vcpu (d, v)
        clear_bit(VPF_SUSPENDED, &v->pause_flags);
    set_shut_down(d, false);
    update_domain_system_time(d); /* which stood still */
    atomic_store(&d->is_shutting_down, false);
    domain_unpause(d);
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
    va_list ap;

    if (may_report_crash(d)) {
        va_start(ap, fmt);
        printk(XENLOG_WARNING "d%d crashed: ", d->id);
        vprintk(fmt, ap);
        printk("\n");
        va_end(ap);
        if (d == current->domain)
            arch_dump_vcpu(current);
    }
    domain_shutdown(d, SHUTDOWN_crash);
}

int domain_kill(struct domain *d)
{
    ASSERT_HELD(&domctl_lock);
    struct vcpu *v;
    int rc;

    ASSERT(d != current->domain && !d->is_special);
    if (d->is_dying == DOMDYING_dead)
        return 0;
    if (d->is_dying == DOMDYING_alive) {
        domain_pause(d);
        spin_lock(&d->lock);
        d->is_dying = DOMDYING_dying;
        spin_unlock(&d->lock);
        for (unsigned int i = 0; i < 2; i++)
            kill_timer(&d->watchdog_timer[i]);
        for_each_vcpu (d, v) {
            kill_timer(&v->singleshot_timer);
            kill_timer(&v->periodic_timer);
            kill_timer(&v->poll_timer);
        }
        domain_set_outstanding_pages(d, 0);
    }
    /* Each step is repeatable: after -ERESTART the next call goes on. */
    if ((rc = evtchn_destroy(d)) != 0 || (rc = gnttab_release_mappings(d)) != 0)
        return rc;
    for_each_vcpu (d, v)
        unmap_vcpu_info(v);
    rc = arch_domain_relinquish(d);
    if (rc)
        return rc;
    d->is_dying = DOMDYING_dead;
    put_domain(d); /* the one from creation */
    send_global_virq(VIRQ_DOM_EXC);
    return 0;
}

/* A domain may have thousands of parts: other softirqs come in between. */
static void free_domain_rcu(struct rcu_head *head)
{
    if (free_some(container_of(head, struct domain, rcu)))
        atomic_dec(&nr_leaving);
    else
        call_rcu(head, free_domain_rcu);
}

void put_domain(struct domain *d)
{
    if (atomic_dec(&d->refcnt))
        return;
    BUG_ON(d->is_special);
    atomic_inc(&nr_leaving);
    unlist_domain(d);
    call_rcu(&d->rcu, free_domain_rcu);
    send_global_virq(VIRQ_DOM_EXC);
}

uint64_t domain_cpu_time_ns(const struct domain *d)
{
    uint64_t sum = 0;
    struct vcpu *v;

    for_each_vcpu (d, v) {
        struct vcpu_runstate_info rs;

        vcpu_runstate_get(v, &rs);
        sum += rs.time[RUNSTATE_running];
    }
    return sum;
}
