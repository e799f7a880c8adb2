/* SPDX-License-Identifier: MIT */
/* Tiny domUs as dom0 uses them: start, calls by the mailbox, end. */
#include "mailbox.h"

#define ERESTART   85
#define PATIENCE   10000000000UL /* ns; a call takes far less */
#define MOST_DOMUS 4
#define P2M_PAGES  2

static struct domu domus[MOST_DOMUS];

long domu_control(domid_t id, uint32_t cmd, struct xen_domctl *d)
{
    long rc;

    d->cmd = cmd;
    d->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    d->domain = id;
    do
        rc = HC1(domctl, d);
    while (rc == -ERESTART);
    return rc;
}

long bind_vcpu(domid_t id, unsigned int vcpu, unsigned int cpu)
{
    struct xen_domctl d = {
        .u.vcpuaffinity = {.vcpu = vcpu, .flags = XEN_VCPUAFFINITY_HARD}};
    uint64_t map = 1UL << cpu;

    d.u.vcpuaffinity.cpumap_hard.bitmap.p = (void *)&map;
    d.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
    return domu_control(id, XEN_DOMCTL_setvcpuaffinity, &d);
}

/* Slots are used again with their pages: domains may come and go for long. */
struct domu *domu_start(unsigned int vcpus)
{
    struct domu *u = domus;

    while (u->id)
        u++;
    if (!u->p2m) {
        u->p2m = alloc_pages(P2M_PAGES);
        u->mailbox = alloc_page();
    }
    u->asked = 0;
    domu_build(u, vcpus);
    return u;
}

static void show_text(struct domu *u)
{
    struct mailbox *m = u->mailbox;
    uint32_t n = m->text_len < sizeof(m->text) ? m->text_len : sizeof(m->text);

    for (uint32_t from = 0, i = 0; i < n; i++)
        if (m->text[i] == '\n' || i + 1 == n) {
            char line[200] = "";
            uint32_t len = i - from + (m->text[i] != '\n');

            memcpy(line, m->text + from,
                   len < sizeof(line) ? len : sizeof(line) - 1);
            diag("d%u: %s", u->id, line);
            from = i + 1;
        }
    m->text_len = 0;
}

uint32_t domu_flags(const struct domu *u)
{
    static struct xen_domctl d;

    if (domu_control(u->id, XEN_DOMCTL_getdomaininfo, &d) || d.domain != u->id)
        return 0;
    return d.u.getdomaininfo.flags;
}

void domu_ask(struct domu *u, domu_fn fn, uint64_t a, uint64_t b)
{
    struct mailbox *m = u->mailbox;

    m->fn = fn;
    m->a = a;
    m->b = b;
    __atomic_store_n(&m->asked, ++u->asked, __ATOMIC_RELEASE);
}

bool domu_answered(struct domu *u, long *result)
{
    struct mailbox *m = u->mailbox;

    if (__atomic_load_n(&m->answered, __ATOMIC_ACQUIRE) == u->asked)
        *result = m->result;
    else if (domu_flags(u) & XEN_DOMINF_shutdown)
        *result = DOMU_GONE;
    else
        return false;
    show_text(u);
    return true;
}

long domu_call(struct domu *u, domu_fn fn, uint64_t a, uint64_t b)
{
    uint64_t end = system_time() + PATIENCE;
    long result = DOMU_HANGS;

    domu_ask(u, fn, a, b);
    while (!domu_answered(u, &result) && system_time() < end)
        mailbox_wait();
    return result;
}

void domu_destroy(struct domu *u)
{
    static struct xen_domctl d;

    map_va(u->mailbox, 0, UVMF_INVLPG);
    domu_control(u->id, XEN_DOMCTL_destroydomain, &d);
    u->id = 0;
}
