/* SPDX-License-Identifier: MIT */
/*
 * The x86 part of the interface that does not depend on register size: guest
 * handles, trap tables, the complete state of a vcpu, CPUID and MSR records.
 */
#include "../xen.h"

#ifndef __XEN_PUBLIC_ARCH_X86_XEN_H__
#define __XEN_PUBLIC_ARCH_X86_XEN_H__

/*
 * A guest handle is an address in the caller's memory, wrapped in a structure
 * so that the hypervisor cannot follow it by accident. The pointer keeps its
 * type: copy helpers deduce the element from it. On 64-bit hosts the _64 and
 * _PARAM forms are the same thing.
 *
 * The address is used by way of the calling vcpu's kernel root: -EFAULT where
 * its tables do not allow the access, and for addresses in the hypervisor's
 * range. The memory must be there during the call alone, unless an operation
 * says that it keeps the address. Fields that an operation does not write keep
 * the caller's values.
 */
#define ___DEFINE_XEN_GUEST_HANDLE(name, type)                                 \
    typedef struct {                                                           \
        type *p;                                                               \
    } __guest_handle_##name
#define __DEFINE_XEN_GUEST_HANDLE(name, type)                                  \
    ___DEFINE_XEN_GUEST_HANDLE(name, type);                                    \
    ___DEFINE_XEN_GUEST_HANDLE(const_##name, const type)
#define DEFINE_XEN_GUEST_HANDLE(name) __DEFINE_XEN_GUEST_HANDLE(name, name)
#define __XEN_GUEST_HANDLE(name)      __guest_handle_##name
#define XEN_GUEST_HANDLE(name)        __XEN_GUEST_HANDLE(name)
#define XEN_GUEST_HANDLE_64(name)     XEN_GUEST_HANDLE(name)
#define XEN_GUEST_HANDLE_PARAM(name)  XEN_GUEST_HANDLE(name)
#define set_xen_guest_handle_raw(hnd, val)                                     \
    do {                                                                       \
        (hnd).p = val;                                                         \
    } while (0)
#define set_xen_guest_handle(hnd, val) set_xen_guest_handle_raw(hnd, val)

#ifndef __ASSEMBLY__
typedef unsigned long xen_pfn_t;
typedef unsigned long xen_ulong_t;
#define PRI_xen_pfn   "lx"
#define PRIu_xen_pfn  "lu"
#define PRI_xen_ulong "lx"
#endif

#define XEN_HAVE_PV_GUEST_ENTRY 1
#define XEN_HAVE_PV_UPCALL_MASK 1
/*
 * A vcpu's GDT: the first 14 pages are the guest's, the rest is the
 * hypervisor's, with the flat selectors of xen-x86_64.h. A guest that sets more
 * entries than FIRST_RESERVED_GDT_ENTRY is refused (-EINVAL).
 */
#define FIRST_RESERVED_GDT_PAGE  14
#define FIRST_RESERVED_GDT_BYTE  (FIRST_RESERVED_GDT_PAGE * 4096)
#define FIRST_RESERVED_GDT_ENTRY (FIRST_RESERVED_GDT_BYTE / 8)
/* vcpus with a vcpu_info inside shared_info; others must register one. */
#define XEN_LEGACY_MAX_VCPUS 32

#include "xen-x86_64.h"

#ifndef __ASSEMBLY__
/*
 * set_trap_table(list): the handlers of the calling vcpu, one entry each, ended
 * by a zero address; NULL clears the whole table. Any domain may call.
 *
 * Vectors 0 to 31 are the CPU's exceptions, except those that are the
 * hypervisor's own (double fault, machine check). The DPL says who may raise
 * the vector with 'int n': 0 nobody but the kernel, 3 user mode, too. A fault
 * without a handler ends the domain.
 *
 * Entries that the list does not name stay. The list is read during the call
 * only; each entry is in force at once. cs is used with RPL 3. A handler is
 * entered in kernel mode, on the stack of stack_switch if user mode was
 * interrupted. Its stack pointer points to rcx, r11, an error code where the
 * CPU has one, and the frame to return by, in this order.
 *
 * Errors  -EINVAL an address in the hypervisor's range: entries before it are
 *         set
 * Restart continued at the entry reached
 */
struct trap_info {
    uint8_t vector;
    uint8_t flags; /* bits 0-1: DPL for int n; bit 2: mask events on entry */
    uint16_t cs;
    unsigned long address;
};
typedef struct trap_info trap_info_t;
DEFINE_XEN_GUEST_HANDLE(trap_info_t);
#define TI_GET_DPL(_ti)       ((_ti)->flags & 3)
#define TI_GET_IF(_ti)        ((_ti)->flags & 4)
#define TI_SET_DPL(_ti, _dpl) ((_ti)->flags |= (_dpl))
#define TI_SET_IF(_ti, _if)   ((_ti)->flags |= ((!!(_if)) << 2))

typedef uint64_t tsc_timestamp_t;

/*
 * All of a vcpu's state: IN for VCPUOP_initialise and setvcpucontext, OUT of
 * getvcpucontext. It doubles as the format of saved guests.
 *
 * The guest continues in ring 3 with interrupts on whatever selectors and flags
 * say: cs and ss get RPL 3, IOPL, NT, VM, VIF and VIP are dropped from rflags.
 * On a vcpu in kernel mode (VGCF_in_kernel) ctrlreg[3]'s tables are loaded,
 * else those of ctrlreg[1], which must not be 0 then. fpu_ctxt is ignored
 * without VGCF_i387_valid: the FPU starts afresh.
 *
 * Of ctrlreg[0] only TS counts; IOPL in rflags is the vcpu's I/O privilege. A
 * vm_assist other than 0 replaces the domain's if the vcpu is number 0, and is
 * ignored on others. The roots, GDT and LDT frames are taken by reference: the
 * domain cannot free them or make them writable while the vcpu uses them.
 *
 * Errors  -EINVAL a handler, callback or rip in the hypervisor's range, a base
 *         that is not canonical, more than 8192 LDT entries, a breakpoint that
 *         set_debugreg refuses, or a root that is no L4 table of the domain
 */
struct vcpu_guest_context {
    struct {
        char x[512]; /* FXSAVE image */
    } fpu_ctxt;
#define _VGCF_i387_valid               0
#define VGCF_i387_valid                (1 << _VGCF_i387_valid)
#define _VGCF_in_kernel                2
#define VGCF_in_kernel                 (1 << _VGCF_in_kernel)
#define _VGCF_failsafe_disables_events 3
#define VGCF_failsafe_disables_events  (1 << _VGCF_failsafe_disables_events)
#define _VGCF_syscall_disables_events  4
#define VGCF_syscall_disables_events   (1 << _VGCF_syscall_disables_events)
#define _VGCF_online                   5
#define VGCF_online                    (1 << _VGCF_online)
#define VGCF_I387_VALID                VGCF_i387_valid
#define VGCF_IN_KERNEL                 VGCF_in_kernel
    unsigned long flags; /* VGCF_* */
    struct cpu_user_regs user_regs;
    struct trap_info trap_ctxt[256];
    unsigned long ldt_base, ldt_ents;       /* address, entries */
    unsigned long gdt_frames[16], gdt_ents; /* mfns, entries */
    unsigned long kernel_ss, kernel_sp;     /* stack_switch */
    unsigned long ctrlreg[8];               /* cr3: xen_pfn_to_cr3 forms;
                                               [1] is the user root */
    unsigned long debugreg[8];
    unsigned long event_callback_eip;
    unsigned long failsafe_callback_eip;
    unsigned long syscall_callback_eip;
    unsigned long vm_assist; /* bit per VMASST_TYPE_* */
    uint64_t fs_base;
    uint64_t gs_base_kernel;
    uint64_t gs_base_user;
};
typedef struct vcpu_guest_context vcpu_guest_context_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_guest_context_t);

/*
 * [GST] unless marked: where the toolstack finds the guest's pfn-to-mfn table,
 * either as a tree of frames or as one virtual range. The toolstack must not
 * trust any of it. The hypervisor itself reads max_pfn alone, for maximum_gpfn
 * and for the size of the log of dirty frames, which it limits.
 */
struct arch_shared_info {
    unsigned long max_pfn;                /* entries in the table */
    xen_pfn_t pfn_to_mfn_frame_list_list; /* mfn of the top of a 3-level tree */
    unsigned long nmi_reason;             /* [XEN] XEN_NMIREASON_* */
    unsigned long p2m_cr3;        /* or: a root in xen_pfn_to_cr3 form, */
    unsigned long p2m_vaddr;      /* the table's address under it, */
    unsigned long p2m_generation; /* odd while it changes */
};
typedef struct arch_shared_info arch_shared_info_t;

/*
 * createdomain's x86 part. PV guests have no emulated devices: emulation_flags
 * other than 0 are -EOPNOTSUPP, unknown ones -EINVAL. IN of createdomain, OUT
 * of getdomaininfo, which shows the PIT for dom0 and nothing for others, and
 * misc_flags always as 0.
 */
struct xen_arch_domainconfig {
#define _XEN_X86_EMU_LAPIC    0
#define XEN_X86_EMU_LAPIC     (1U << _XEN_X86_EMU_LAPIC)
#define _XEN_X86_EMU_HPET     1
#define XEN_X86_EMU_HPET      (1U << _XEN_X86_EMU_HPET)
#define _XEN_X86_EMU_PM       2
#define XEN_X86_EMU_PM        (1U << _XEN_X86_EMU_PM)
#define _XEN_X86_EMU_RTC      3
#define XEN_X86_EMU_RTC       (1U << _XEN_X86_EMU_RTC)
#define _XEN_X86_EMU_IOAPIC   4
#define XEN_X86_EMU_IOAPIC    (1U << _XEN_X86_EMU_IOAPIC)
#define _XEN_X86_EMU_PIC      5
#define XEN_X86_EMU_PIC       (1U << _XEN_X86_EMU_PIC)
#define _XEN_X86_EMU_VGA      6
#define XEN_X86_EMU_VGA       (1U << _XEN_X86_EMU_VGA)
#define _XEN_X86_EMU_IOMMU    7
#define XEN_X86_EMU_IOMMU     (1U << _XEN_X86_EMU_IOMMU)
#define _XEN_X86_EMU_PIT      8
#define XEN_X86_EMU_PIT       (1U << _XEN_X86_EMU_PIT)
#define _XEN_X86_EMU_USE_PIRQ 9
#define XEN_X86_EMU_USE_PIRQ  (1U << _XEN_X86_EMU_USE_PIRQ)
#define _XEN_X86_EMU_VPCI     10
#define XEN_X86_EMU_VPCI      (1U << _XEN_X86_EMU_VPCI)
#define XEN_X86_EMU_ALL       ((1U << (_XEN_X86_EMU_VPCI + 1)) - 1)
    uint32_t emulation_flags;
/*
 * Reads of MSRs that the CPU has and PV guests do not give 0, and writes to
 * them vanish. Without it they fault.
 */
#define XEN_X86_MSR_RELAXED (1u << 0)
    uint32_t misc_flags;
};
#define XEN_X86_MISC_FLAGS_MAX XEN_X86_MSR_RELAXED

/*
 * A CPU policy travels as a list of these (XEN_DOMCTL_get_cpu_policy). A leaf
 * without subleaves has XEN_CPUID_NO_SUBLEAF ...
 */
typedef struct xen_cpuid_leaf {
#define XEN_CPUID_NO_SUBLEAF 0xffffffffu
    uint32_t leaf, subleaf;
    uint32_t a, b, c, d;
} xen_cpuid_leaf_t;
DEFINE_XEN_GUEST_HANDLE(xen_cpuid_leaf_t);

/*
 * ... and a list of these (flags: 0). Of a leaf that is listed twice the last
 * one counts. The MSRs are PLATFORM_INFO and ARCH_CAPS; they tell a PV guest
 * nothing. So their values are checked when they are set, and read as 0.
 */
typedef struct xen_msr_entry {
    uint32_t idx;
    uint32_t flags;
    uint64_t val;
} xen_msr_entry_t;
DEFINE_XEN_GUEST_HANDLE(xen_msr_entry_t);
#endif /* !__ASSEMBLY__ */

/*
 * CPUID does not fault in ring 3, so a guest that wants the policy's answer
 * puts this prefix (ud2a, "xen") before it and we emulate the pair. Kernel and
 * user mode may use it. Before another instruction the prefix is an ordinary
 * invalid opcode.
 */
#ifdef __ASSEMBLY__
/* clang-format off */
#define XEN_EMULATE_PREFIX .byte 0x0f,0x0b,0x78,0x65,0x6e ;
#define XEN_CPUID          XEN_EMULATE_PREFIX cpuid
/* clang-format on */
#else
/* The same for inline assembly. */
#define XEN_EMULATE_PREFIX ".byte 0x0f,0x0b,0x78,0x65,0x6e ; "
#define XEN_CPUID          XEN_EMULATE_PREFIX "cpuid"
#endif

#endif
