/* SPDX-License-Identifier: MIT */
/*
 * Exceptions of guests, and bounce frames: how a guest kernel is entered.
 *
 * A bounce is what a trap gate does on hardware: change to kernel mode and the
 * kernel's stack if user mode was interrupted, push a frame, continue at the
 * handler. The frame, lowest address first:
 *
 *   rcx r11 [error code] rip cs|mask<<32 rflags rsp ss
 *
 * cs tells the mode by its RPL (3 user, 0 kernel), IF shows whether events were
 * unmasked. A guest whose stack cannot take the frame is crashed.
 */
#include <hv/lib.h>
#include <hv/guest_access.h>
#include <asm/guest_tables.h>
#include <asm/log_dirty.h>
#include <asm/pv.h>

#define FRAME_MAX_BYTES 128 /* more than any frame */
#define RFLAGS_CLEARED                                                         \
    (X86_EFLAGS_AC | X86_EFLAGS_VM | X86_EFLAGS_RF | X86_EFLAGS_NT |           \
     X86_EFLAGS_TF | X86_EFLAGS_IOPL)

/* Stack top to push a frame to; 0: frames would touch what is not the
 * guest's. */
static uint64_t usable_stack(uint64_t sp)
{
    sp &= ~15ULL;
    return sp > FRAME_MAX_BYTES &&
                   guest_range_ok(sp - FRAME_MAX_BYTES, FRAME_MAX_BYTES)
               ? sp
               : 0;
}

void pv_set_kernel_stack(struct vcpu *v, uint16_t ss, uint64_t sp)
{
    bool was_usable = v->arch.bounce_sp;

    v->arch.kernel_ss = ss | 3;
    v->arch.kernel_sp = sp;
    v->arch.bounce_sp = usable_stack(sp);
    if (unlikely(!was_usable || !v->arch.bounce_sp))
        pv_update_fast_paths(v);
}

void pv_update_fast_paths(struct vcpu *v)
{
    struct arch_vcpu *a = &v->arch;
    bool slow =
        !a->syscall_callback || !a->bounce_sp ||
        !(a->vgc_flags & VGCF_syscall_disables_events) ||
        (v->domain->vm_assist & (1UL << VMASST_TYPE_architectural_iopl));

    ASSERT(v == current || !READ_ONCE(v->is_running));
    if (slow)
        a->flags |= TF_SYSCALL_SLOW;
    else
        a->flags &= ~TF_SYSCALL_SLOW;
    slow |=
        !a->flat_user_segments || (a->flags & (TF_IO_OPEN | TF_NMI_BLOCKED));
    a->sysret_cs = slow ? 0 : USER_CS;
}

static uint64_t frame_rflags(const struct vcpu *v, uint64_t rflags, bool masked)
{
    rflags &= ~(uint64_t)(X86_EFLAGS_IF | X86_EFLAGS_IOPL);
    if (!masked)
        rflags |= X86_EFLAGS_IF;
    if (v->domain->vm_assist & (1UL << VMASST_TYPE_architectural_iopl))
        rflags |= (uint64_t)v->arch.iopl << 12;
    return rflags;
}

/* Push n words and the common upper part; the new stack pointer or 0. */
static uint64_t push_frame(struct vcpu *v, const struct cpu_regs *regs,
                           uint64_t sp, const uint64_t *words, unsigned int n,
                           bool from_user)
{
    bool masked = v->vcpu_info->evtchn_upcall_mask;
    uint64_t cs = from_user ? regs->cs | 3 : regs->cs & ~3u;

    stac();
    put_guest_word(sp - 8, (uint64_t)regs->ss, fault);
    put_guest_word(sp - 16, regs->rsp, fault);
    put_guest_word(sp - 24, frame_rflags(v, regs->rflags, masked), fault);
    put_guest_word(sp - 32, cs | (uint64_t)masked << 32, fault);
    put_guest_word(sp - 40, regs->rip, fault);
    sp -= 40;
    while (n) {
        sp -= 8;
        put_guest_word(sp, words[--n], fault);
    }
    clac();
    return sp;
fault:
    clac();
    return 0;
}

static void bounce_words(struct vcpu *v, const struct bounce *b,
                         const uint64_t *words, unsigned int n)
{
    struct cpu_regs *regs = guest_cpu_regs();
    bool from_user = !guest_kernel_mode(v);
    uint64_t sp;

    if (from_user) {
        toggle_guest_mode(v);
        sp = v->arch.bounce_sp;
    } else {
        sp = usable_stack(regs->rsp);
    }
    if (!sp || !(sp = push_frame(v, regs, sp, words, n, from_user))) {
        domain_crash(
            v->domain, "v%d: kernel stack is not writable (%lx)", v->vcpu_id,
            (unsigned long)(from_user ? v->arch.kernel_sp : regs->rsp));
        return;
    }
    if (b->mask_events)
        v->vcpu_info->evtchn_upcall_mask = 1;
    regs->rip = b->rip;
    regs->cs = b->cs | 3;
    regs->rflags = (regs->rflags & ~(uint64_t)RFLAGS_CLEARED) | X86_EFLAGS_IF;
    regs->rsp = sp;
    regs->ss = FLAT_DS;
}

void pv_bounce(struct vcpu *v, const struct bounce *b)
{
    const struct cpu_regs *regs = guest_cpu_regs();
    uint64_t words[3] = {regs->rcx, regs->r11, b->error_code};

    bounce_words(v, b, words, b->has_error_code ? 3 : 2);
}

static void enter_handler(struct vcpu *v, unsigned int vector,
                          bool has_error_code, uint32_t error_code)
{
    const struct trap_info *ti = &v->arch.trap_ctxt[vector];
    struct bounce b = {
        .rip = ti->address,
        .cs = ti->cs,
        .mask_events = TI_GET_IF(ti),
        .has_error_code = has_error_code,
        .error_code = error_code,
    };

    if (!ti->address || !(ti->cs & ~3)) {
        domain_crash(v->domain, "v%d: no handler for exception %u (code %x)",
                     v->vcpu_id, vector, error_code);
        return;
    }
    pv_bounce(v, &b);
}

void pv_inject_trap(struct vcpu *v, unsigned int vector, uint32_t error_code)
{
    bool has_error_code =
        vector < 32 && (X86_TRAP_HAVE_ERROR_CODE >> vector & 1);

    enter_handler(v, vector, has_error_code, error_code);
}

void pv_inject_software_interrupt(struct vcpu *v, unsigned int vector)
{
    enter_handler(v, vector, false, 0);
}

void pv_inject_page_fault(struct vcpu *v, uint64_t cr2, uint32_t error_code)
{
    v->vcpu_info->arch.cr2 = cr2;
    /* Both of its modes run in ring 3: the bit follows the guest's mode. */
    if (guest_kernel_mode(v))
        error_code &= ~PFEC_user;
    else
        error_code |= PFEC_user;
    pv_inject_trap(v, X86_TRAP_PF, error_code);
}

void pv_deliver_event(struct cpu_regs *regs)
{
    struct vcpu *v = current;

    if (!v->arch.event_callback) {
        domain_crash(v->domain, "v%d: no callback for events", v->vcpu_id);
        return;
    }
    pv_bounce(v, &(struct bounce){.rip = v->arch.event_callback,
                                  .cs = FLAT_CS64,
                                  .mask_events = true});
}

/*
 * The frame to which a guest wanted to return does not load. Its failsafe
 * callback gets the frame and the data selectors, and repairs the frame or
 * gives up.
 */
void pv_failsafe(struct cpu_regs *regs)
{
    struct vcpu *v = current;
    struct bounce b = {
        .rip = v->arch.failsafe_callback,
        .cs = FLAT_CS64,
        .mask_events = v->arch.vgc_flags & VGCF_failsafe_disables_events,
    };
    uint64_t words[6] = {regs->rcx,         regs->r11,
                         read_selector(ds), read_selector(es),
                         read_selector(fs), read_selector(gs)};

    if (!b.rip) {
        domain_crash(v->domain, "v%d: bad return frame and no failsafe",
                     v->vcpu_id);
        return;
    }
    bounce_words(v, &b, words, 6);
}

void do_bad_bounce(struct cpu_regs *regs)
{
    domain_crash(current->domain, "v%d: kernel stack is not writable (%lx)",
                 current->vcpu_id, (unsigned long)current->arch.kernel_sp);
}

/* --- system calls off the fast path --------------------------------------- */

static void bounce_to_callback(struct vcpu *v, struct cpu_regs *regs,
                               uint64_t callback, bool mask_events)
{
    if (!callback) {
        regs->rip -= 2;
        pv_inject_trap(v, X86_TRAP_UD, 0);
        return;
    }
    pv_bounce(v, &(struct bounce){.rip = callback,
                                  .cs = FLAT_CS64,
                                  .mask_events = mask_events});
}

void do_guest_syscall(struct cpu_regs *regs)
{
    struct vcpu *v = current;

    bounce_to_callback(v, regs, v->arch.syscall_callback,
                       v->arch.vgc_flags & VGCF_syscall_disables_events);
}

void do_guest_syscall32(struct cpu_regs *regs)
{
    struct vcpu *v = current;

    bounce_to_callback(v, regs,
                       guest_kernel_mode(v) ? 0 : v->arch.syscall32_callback,
                       v->arch.syscall32_disables_events);
}

void do_guest_sysenter(struct cpu_regs *regs)
{
    struct vcpu *v = current;

    if (guest_kernel_mode(v) || !v->arch.sysenter_callback)
        pv_inject_gp(v, 0);
    else
        bounce_to_callback(v, regs, v->arch.sysenter_callback,
                           v->arch.sysenter_disables_events);
}

/* --- exceptions ----------------------------------------------------------- */

void do_guest_page_fault(struct cpu_regs *regs)
{
    struct vcpu *v = current;
    uint64_t addr = READ_CR(2);
    uint32_t ec = regs->error_code;

    if (vtlb_fault(addr, &ec))
        return;
    local_irq_enable();
    if (guest_kernel_mode(v)) {
        if ((ec & (PFEC_present | PFEC_write | PFEC_insn)) ==
                (PFEC_present | PFEC_write) &&
            guest_addr_ok(addr) && ptwr_do_page_fault(v, addr, regs))
            return;
    }
    /* The CPU looked for a descriptor in the LDT window: its own access, not
     * the guest's, whose would have the user bit. */
    if (unlikely(addr - LDT_VIRT_START(v) < 16 * PAGE_SIZE) &&
        !(ec & (PFEC_present | PFEC_user))) {
        if (map_ldt_shadow_page((addr - LDT_VIRT_START(v)) >> PAGE_SHIFT))
            return;
        addr += v->arch.ldt_base - LDT_VIRT_START(v);
    }
    pv_inject_page_fault(v, addr, ec);
}

static void guest_debug_trap(struct vcpu *v)
{
    unsigned long dr6;

    asm volatile("mov %%dr6, %0" : "=r"(dr6));
    asm volatile("mov %0, %%dr6" ::"r"(0xffff0ff0UL));
    v->arch.dr[6] |= dr6 & DR6_STATUS;
    local_irq_enable();
    pv_inject_trap(v, X86_TRAP_DB, 0);
}

/* The CPU's gate is open to both modes of the guest, whatever its table says;
 * but the CPU cannot know that there is no handler. */
static void guest_int80(struct vcpu *v, struct cpu_regs *regs)
{
    if (v->arch.trap_ctxt[GUEST_INT80_VECTOR].address) {
        pv_inject_software_interrupt(v, GUEST_INT80_VECTOR);
    } else {
        regs->rip -= 2;
        pv_refuse_software_interrupt(v, GUEST_INT80_VECTOR);
    }
}

void do_guest_exception(struct cpu_regs *regs)
{
    struct vcpu *v = current;
    unsigned int vector = regs->entry_vector;

    if (vector == X86_TRAP_DB) {
        guest_debug_trap(v);
        return;
    }
    local_irq_enable();
    switch (vector) {
    case GUEST_INT80_VECTOR:
        guest_int80(v, regs);
        break;
    case X86_TRAP_UD:
        if (!pv_emulate_forced_cpuid(v, regs))
            pv_inject_trap(v, vector, 0);
        break;
    case X86_TRAP_NM:
        asm volatile("clts");
        if (v->arch.ctrlreg_cr0 & CR0_TS) {
            v->arch.ctrlreg_cr0 &= ~CR0_TS;
            pv_inject_trap(v, vector, 0);
        }
        break;
    case X86_TRAP_GP:
        if (!pv_emulate_privileged_op(v, regs))
            pv_inject_gp(v, regs->error_code);
        break;
    default:
        pv_inject_trap(v, vector, regs->error_code);
        break;
    }
}
