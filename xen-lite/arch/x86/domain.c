/* SPDX-License-Identifier: MIT */
/*
 * The x86 part of a domain's and a vcpu's life, and the complete state of a
 * vcpu as guests and tools exchange it (struct vcpu_guest_context).
 */
#include <hv/domctl.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/page_alloc.h>
#include <asm/guest_tables.h>
#include <asm/irq.h>
#include <asm/log_dirty.h>
#include <asm/paging.h>
#include <asm/pv.h>
#include <asm/time.h>

#define IOPORT_BITMAP_ORDER 2 /* 8 KiB + 1 */

/* --- domains -------------------------------------------------------------- */

static int alloc_shared_info(struct domain *d)
{
    struct shared_info *si = alloc_xenheap_page();

    if (!si)
        return -ENOMEM;
    d->shared_info = si;
    d->shared_info_mfn = virt_to_mfn(si);
    share_xen_page_with_guest(virt_to_page(si), d, false);
    return 0;
}

int arch_domain_create(struct domain *d,
                       const struct xen_domctl_createdomain *config)
{
    struct arch_domain *a = &d->arch;
    int rc;

    spin_lock_init(&a->e820_lock, LOCK_DOMAIN);
    spin_lock_init(&a->mm_lock, LOCK_UNDO);
    a->tsc_khz = cpu_khz;
    a->msr_relaxed = config->arch.misc_flags & XEN_X86_MSR_RELAXED;
    a->pirq_eoi_mfn = INVALID_MFN;
    d->pirq_to_port = xzalloc_array(uint32_t, NR_PIRQS);
    a->pirq_to_irq = xzalloc_array(int32_t, NR_PIRQS);
    if (!d->pirq_to_port || !a->pirq_to_irq)
        return -ENOMEM;
    rc = cpu_policy_create(d);
    if (!rc && d->is_privileged)
        rc = io_bitmap_create(d);
    if (!rc)
        rc = alloc_shared_info(d);
    return rc;
}

void arch_domain_destroy(struct domain *d)
{
    struct arch_domain *a = &d->arch;

    if (d->shared_info)
        free_xenheap_page(d->shared_info);
    d->shared_info = NULL;
    destroy_perdomain(d);
    cpu_policy_destroy(d);
    if (a->ioport_bitmap)
        free_xenheap_pages(a->ioport_bitmap, IOPORT_BITMAP_ORDER);
    xfree(d->pirq_to_port);
    xfree(a->pirq_to_irq);
    xfree(a->e820);
}

int arch_domain_relinquish(struct domain *d)
{
    struct vcpu *v;
    int rc;

    ASSERT_HELD(&domctl_lock);
    free_domain_pirqs(d);
    log_dirty_end(d);
    for_each_vcpu (d, v) {
        rc = vcpu_destroy_pagetables(v);
        if (rc)
            return rc;
        invalidate_ldt(v);
        pv_destroy_gdt(v);
    }
    return relinquish_memory(d);
}

void arch_dump_domain(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu (d, v)
        if (v->is_initialised)
            arch_dump_vcpu(v);
}

/* --- vcpus ---------------------------------------------------------------- */

int arch_vcpu_create(struct vcpu *v)
{
    struct arch_vcpu *a = &v->arch;
    int rc;

    a->guest_root = a->guest_root_user = INVALID_MFN;
    spin_lock_init(&a->ldt_lock, LOCK_LDT);
    a->tlb_cpu = NR_CPUS;
    if (is_idle_vcpu(v))
        return 0;
    a->flags = TF_KERNEL_MODE;
    a->ctrlreg_cr0 = 0;
    a->trap_ctxt = alloc_xenheap_page();
    if (!a->trap_ctxt)
        return -ENOMEM;
    rc = fpu_create(v);
    if (!rc)
        rc = create_perdomain_vcpu(v);
    if (rc) {
        arch_vcpu_destroy(v);
        return rc;
    }
    pv_init_gdt_window(v);
    return 0;
}

void arch_vcpu_destroy(struct vcpu *v)
{
    fpu_destroy(v);
    if (v->arch.trap_ctxt)
        free_xenheap_page(v->arch.trap_ctxt);
    v->arch.trap_ctxt = NULL;
}

int arch_vcpu_reset(struct vcpu *v)
{
    int rc = vcpu_destroy_pagetables(v);

    if (rc)
        return rc;
    pv_set_ldt(v, 0, 0);
    pv_destroy_gdt(v);
    memset(v->arch.trap_ctxt, 0, PAGE_SIZE);
    fpu_reset(v);
    v->arch.nmi_pending = false;
    return 0;
}

/* --- the complete state --------------------------------------------------- */

static bool address_ok(uint64_t a)
{
    return !a || guest_addr_ok(a);
}

static bool context_ok(const struct vcpu_guest_context *c)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(c->trap_ctxt); i++)
        if (!address_ok(c->trap_ctxt[i].address))
            return false;
    return guest_addr_ok(c->user_regs.rip) &&
           address_ok(c->event_callback_eip) &&
           address_ok(c->failsafe_callback_eip) &&
           address_ok(c->syscall_callback_eip) && is_canonical(c->fs_base) &&
           is_canonical(c->gs_base_kernel) && is_canonical(c->gs_base_user) &&
           c->gdt_ents <= FIRST_RESERVED_GDT_ENTRY && c->ldt_ents <= 8192;
}

static uint64_t cr3_of(mfn_t root)
{
    return mfn_eq(root, INVALID_MFN) ? 0 : mfn_x(root) << PAGE_SHIFT;
}

void set_vcpu_cr3(struct vcpu *v)
{
    v->arch.cr3_kernel = cr3_of(v->arch.guest_root);
    v->arch.cr3_user = cr3_of(v->arch.guest_root_user);
}

/* Both roots or none. */
static int set_roots(struct vcpu *v, const struct vcpu_guest_context *c)
{
    mfn_t kernel = _mfn(xen_cr3_to_pfn(c->ctrlreg[3])), user = INVALID_MFN;
    int rc = take_root(v, kernel);

    if (rc)
        return rc;
    if (c->ctrlreg[1]) {
        user = _mfn(xen_cr3_to_pfn(c->ctrlreg[1]));
        rc = take_root(v, user);
    }
    if (rc) {
        put_page_and_type(mfn_to_page(kernel));
        return rc;
    }
    v->arch.guest_root = kernel;
    v->arch.guest_root_user = user;
    set_vcpu_cr3(v);
    return 0;
}

/* An initialised vcpu keeps its tables: they must be the ones it has. */
static bool same_tables(const struct vcpu *v,
                        const struct vcpu_guest_context *c)
{
    if (xen_cr3_to_pfn(c->ctrlreg[3]) != mfn_x(v->arch.guest_root) ||
        (c->ctrlreg[1]
             ? xen_cr3_to_pfn(c->ctrlreg[1]) != mfn_x(v->arch.guest_root_user)
             : v->arch.cr3_user != 0) ||
        c->gdt_ents != v->arch.gdt_ents || c->ldt_ents != v->arch.ldt_ents)
        return false;
    for (unsigned int i = 0; i < DIV_ROUND_UP(c->gdt_ents, 512); i++)
        if (c->gdt_frames[i] != mfn_x(v->arch.gdt_frames[i]))
            return false;
    return true;
}

static void set_registers(struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct cpu_regs *r = &v->arch.regs;

    memcpy(r, &c->user_regs, sizeof(*r));
    r->entry_vector = 0; /* how the vcpu came in is not the guest's to say */
    r->cs |= 3;
    r->ss |= 3;
    r->rflags =
        ((uint32_t)r->rflags & ~(uint64_t)RFLAGS_NEVER) | X86_EFLAGS_IF | 2;
    /* Its place in the flags is where a context carries it. */
    v->arch.iopl = (c->user_regs.rflags & X86_EFLAGS_IOPL) >> 12;
    v->arch.ds = c->user_regs.ds;
    v->arch.es = c->user_regs.es;
    v->arch.fs = c->user_regs.fs;
    v->arch.gs = c->user_regs.gs;
    v->arch.fs_base = c->fs_base;
    v->arch.gs_base_kernel = c->gs_base_kernel;
    v->arch.gs_base_user = c->gs_base_user;
}

static void set_traps(struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct arch_vcpu *a = &v->arch;

    memcpy(a->trap_ctxt, c->trap_ctxt, sizeof(c->trap_ctxt));
    for (unsigned int i = 0; i < 256; i++)
        a->trap_ctxt[i].cs |= 3;
    a->event_callback = c->event_callback_eip;
    a->failsafe_callback = c->failsafe_callback_eip;
    a->syscall_callback = c->syscall_callback_eip;
    a->vgc_flags = c->flags & (VGCF_failsafe_disables_events |
                               VGCF_syscall_disables_events);
    a->flags = c->flags & VGCF_in_kernel ? TF_KERNEL_MODE : 0;
}

static int set_debug_state(struct vcpu *v, const unsigned long *dr)
{
    for (unsigned int i = 0; i < 8; i++)
        if (i != 4 && i != 5 && set_debugreg(v, i, dr[i]))
            return -EINVAL;
    return 0;
}

int arch_set_info_guest(struct vcpu *v, const struct vcpu_guest_context *c)
{
    bool fresh = !v->is_initialised;
    int rc;

    if (!context_ok(c) || (!(c->flags & VGCF_in_kernel) && !c->ctrlreg[1]))
        return -EINVAL;
    if (!fresh && !same_tables(v, c))
        return -EOPNOTSUPP;
    if ((rc = set_debug_state(v, c->debugreg)) != 0)
        return rc;
    if (fresh) {
        if ((rc = set_roots(v, c)) != 0)
            return rc;
        if ((rc = pv_set_gdt(v, c->gdt_frames, c->gdt_ents)) != 0 ||
            (rc = pv_set_ldt(v, c->ldt_base, c->ldt_ents)) != 0)
            goto drop;
    }
    set_registers(v, c);
    set_traps(v, c);
    if (c->flags & VGCF_i387_valid)
        fpu_import(v, &c->fpu_ctxt);
    else
        fpu_reset(v);
    v->arch.ctrlreg_cr0 = c->ctrlreg[0] & CR0_TS;
    v->arch.ctrlreg_cr4 = c->ctrlreg[4] & CR4_GUEST_OWN;
    if (v->vcpu_id == 0) {
        if (c->vm_assist)
            v->domain->vm_assist = c->vm_assist & VM_ASSIST_VALID;
        /* The builder has cleared the shared page, or filled it from an image:
         * the guest is about to read it. */
        update_domain_wallclock_time(v->domain);
    }
    pv_set_kernel_stack(v, c->kernel_ss, c->kernel_sp);
    pv_update_fast_paths(v);
    v->is_initialised = true;
    return 0;

drop:
    pv_destroy_gdt(v);
    if (v->arch.cr3_user)
        put_page_and_type(mfn_to_page(v->arch.guest_root_user));
    put_page_and_type(mfn_to_page(v->arch.guest_root));
    v->arch.guest_root = v->arch.guest_root_user = INVALID_MFN;
    set_vcpu_cr3(v);
    return rc;
}

/*
 * Fast paths leave out IOPL, so they go out of use with this assist. The fast
 * paths of another vcpu cannot be changed while it runs: a guest must choose
 * the assist at boot, on its first vcpu.
 */
int arch_vm_assist(struct domain *d, unsigned int type, bool on)
{
    struct vcpu *v;

    if (type == VMASST_TYPE_architectural_iopl)
        for_each_vcpu (d, v)
            if (v != current && v->is_initialised)
                return -EBUSY;
    if (on)
        atomic_or(&d->vm_assist, 1ULL << type);
    else
        atomic_and(&d->vm_assist, ~(1ULL << type));
    pv_update_fast_paths(current);
    return 0;
}

/* c is zeroed, v is not running. */
void arch_get_info_guest(struct vcpu *v, struct vcpu_guest_context *c)
{
    const struct arch_vcpu *a = &v->arch;

    fpu_export(v, &c->fpu_ctxt);
    c->flags = VGCF_i387_valid | a->vgc_flags;
    if (guest_kernel_mode(v))
        c->flags |= VGCF_in_kernel;
    if (!test_bit(VPF_DOWN, &v->pause_flags))
        c->flags |= VGCF_online;
    memcpy(&c->user_regs, &a->regs, sizeof(a->regs));
    c->user_regs.entry_vector = c->user_regs.error_code = 0;
    c->user_regs.rflags |= (uint64_t)a->iopl << 12;
    c->user_regs.ds = a->ds;
    c->user_regs.es = a->es;
    c->user_regs.fs = a->fs;
    c->user_regs.gs = a->gs;
    memcpy(c->trap_ctxt, a->trap_ctxt, sizeof(c->trap_ctxt));
    c->ldt_base = a->ldt_base;
    c->ldt_ents = a->ldt_ents;
    for (unsigned int i = 0; i < DIV_ROUND_UP(a->gdt_ents, 512); i++)
        c->gdt_frames[i] = mfn_x(a->gdt_frames[i]);
    c->gdt_ents = a->gdt_ents;
    c->kernel_ss = a->kernel_ss;
    c->kernel_sp = a->kernel_sp;
    c->ctrlreg[0] = a->ctrlreg_cr0;
    c->ctrlreg[4] = a->ctrlreg_cr4;
    if (!mfn_eq(a->guest_root, INVALID_MFN))
        c->ctrlreg[3] = xen_pfn_to_cr3(mfn_x(a->guest_root));
    if (!mfn_eq(a->guest_root_user, INVALID_MFN))
        c->ctrlreg[1] = xen_pfn_to_cr3(mfn_x(a->guest_root_user));
    memcpy(c->debugreg, a->dr, sizeof(c->debugreg));
    c->event_callback_eip = a->event_callback;
    c->failsafe_callback_eip = a->failsafe_callback;
    c->syscall_callback_eip = a->syscall_callback;
    c->vm_assist = v->domain->vm_assist;
    c->fs_base = a->fs_base;
    c->gs_base_kernel = a->gs_base_kernel;
    c->gs_base_user = a->gs_base_user;
}

void arch_dump_vcpu(struct vcpu *v)
{
    const struct cpu_regs *regs =
        v == current ? guest_cpu_regs() : &v->arch.regs;

    printk("d%dv%d on CPU%u, guest %s mode\n", v->domain->id, v->vcpu_id,
           v->processor, guest_kernel_mode(v) ? "kernel" : "user");
    show_registers(regs);
    printk("kernel_sp %lx, roots %lx %lx, events pending %d masked %d\n",
           (unsigned long)v->arch.kernel_sp, (unsigned long)v->arch.cr3_kernel,
           (unsigned long)v->arch.cr3_user, v->vcpu_info->evtchn_upcall_pending,
           v->vcpu_info->evtchn_upcall_mask);
}
