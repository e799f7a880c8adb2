/* SPDX-License-Identifier: MIT */
/*
 * The domains of the world, with vcpus that have no more than roots: references
 * to them, by id or to the owner of a frame, and their end.
 */
#include <stdlib.h>
#include "hv_world.h"
#include <asm/pv.h>
#include <asm/tlb.h>

struct domain *world_domain[WORLD_DOMAINS];
struct domain *domain_list, *hardware_domain, *idle_domain;
static struct domain special[2] = {
    {.id = DOMID_XEN, .is_special = true, .refcnt = 1},
    {.id = DOMID_IO, .is_special = true, .refcnt = 1}};
struct domain *dom_xen = &special[0], *dom_io = &special[1];

struct domain *domain_by_owner_id(domid_t id)
{
    if (id == DOMID_XEN)
        return dom_xen;
    if (id == DOMID_IO)
        return dom_io;
    return id < WORLD_DOMAINS ? world_domain[id] : NULL;
}

static void relink(void)
{
    domain_list = NULL;
    for (int i = WORLD_DOMAINS - 1; i >= 0; i--)
        if (world_domain[i]) {
            world_domain[i]->next_in_list = domain_list;
            domain_list = world_domain[i];
        }
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

/* Those that are gone: freed when no code holds a pointer any more. */
static struct domain *gone;

void put_domain(struct domain *d)
{
    if (atomic_dec(&d->refcnt))
        return;
    BUG_ON(d->owned_frames);
    world_domain[d->id] = NULL;
    relink();
    d->next_in_list = gone;
    gone = d;
}

void world_free_domains(void)
{
    while (gone) {
        struct domain *d = gone;

        gone = d->next_in_list;
        for (unsigned int i = 0; i < WORLD_VCPUS; i++)
            free(d->vcpu[i]);
        free(d->vcpu);
        free(d);
    }
}

struct domain *get_domain_by_id(domid_t id)
{
    struct domain *d = domain_by_owner_id(id);

    return d && get_domain(d) ? d : NULL;
}

struct domain *get_domain_by_any_id(domid_t id)
{
    return get_domain_by_id(id == DOMID_SELF ? current->domain->id : id);
}

struct domain *world_create_domain(domid_t id, uint64_t max_pages)
{
    struct domain *d = calloc(1, sizeof(*d));

    d->id = id;
    d->is_privileged = id == 0;
    d->refcnt = 1;
    d->max_pages = max_pages;
    d->vm_assist = ~0UL;
    d->max_vcpus = WORLD_VCPUS;
    d->vcpu = calloc(WORLD_VCPUS, sizeof(*d->vcpu));
    for (unsigned int i = 0; i < WORLD_VCPUS; i++) {
        struct vcpu *v = d->vcpu[i] = calloc(1, sizeof(*v));

        v->domain = d;
        v->vcpu_id = i;
        v->arch.guest_root = v->arch.guest_root_user = INVALID_MFN;
        v->vcpu_info_mfn = INVALID_MFN;
    }
    world_domain[id] = d;
    if (id == 0)
        hardware_domain = d;
    relink();
    return d;
}

bool world_kill_domain(domid_t id)
{
    struct domain *d = world_domain[id];
    bool empty;

    d->is_dying = DOMDYING_dying;
    world_leave_roots(id);
    d->arch.dirty_cpumask = 0;
    for (unsigned int i = 0; i < WORLD_VCPUS; i++)
        while (vcpu_destroy_pagetables(d->vcpu[i]))
            ;
    while (relinquish_memory(d))
        ;
    domain_set_outstanding_pages(d, 0);
    empty = d->owned_frames == 0;
    put_domain(d);
    return empty;
}

void world_run(unsigned int cpu, struct vcpu *v)
{
    test_cpu.cpu = cpu;
    test_cpu.current_vcpu = v;
    v->processor = cpu;
    root_load(v->arch.cr3_kernel, v->domain);
}

void vcpu_pause(struct vcpu *v)
{
}

void vcpu_unpause(struct vcpu *v)
{
}
