/* SPDX-License-Identifier: MIT */
/*
 * The 64-bit part: selectors, the address range that belongs to the
 * hypervisor, registers, and the stack frame of the iret hypercall.
 */
#include "xen.h"

#ifndef __XEN_PUBLIC_ARCH_X86_XEN_X86_64_H__
#define __XEN_PUBLIC_ARCH_X86_XEN_X86_64_H__

/*
 * Flat segments that every vcpu's GDT offers. Guest kernel and user mode both
 * run in ring 3: there is one set. Their descriptors lie in the hypervisor's
 * part of the GDT, which a guest can neither change nor move, so they may be
 * used before there is a GDT of its own.
 *
 * CS32 is for 32-bit programs in user mode; a kernel runs on CS64. The null
 * selector does as a 64-bit data segment, but not as a stack segment: the CPU
 * refuses it in ring 3.
 */
#define FLAT_RING3_CS32 0xe023
#define FLAT_RING3_CS64 0xe033
#define FLAT_RING3_DS32 0xe02b
#define FLAT_RING3_DS64 0x0000
#define FLAT_RING3_SS32 0xe02b
#define FLAT_RING3_SS64 0xe02b

/*
 * The same by use. The selectors have RPL 3 in either mode. In a frame that the
 * hypervisor pushes, and in one that iret pops, the RPL of cs says which mode
 * is meant: 0 the kernel, 3 user mode. So a kernel that builds a frame for
 * itself must clear these two bits of FLAT_KERNEL_CS.
 */
#define FLAT_KERNEL_CS32 FLAT_RING3_CS32
#define FLAT_KERNEL_CS64 FLAT_RING3_CS64
#define FLAT_KERNEL_CS   FLAT_KERNEL_CS64
#define FLAT_KERNEL_DS32 FLAT_RING3_DS32
#define FLAT_KERNEL_DS64 FLAT_RING3_DS64
#define FLAT_KERNEL_DS   FLAT_KERNEL_DS64
#define FLAT_KERNEL_SS32 FLAT_RING3_SS32
#define FLAT_KERNEL_SS64 FLAT_RING3_SS64
#define FLAT_KERNEL_SS   FLAT_KERNEL_SS64

#define FLAT_USER_CS32 FLAT_RING3_CS32
#define FLAT_USER_CS64 FLAT_RING3_CS64
#define FLAT_USER_CS   FLAT_USER_CS64
#define FLAT_USER_DS32 FLAT_RING3_DS32
#define FLAT_USER_DS64 FLAT_RING3_DS64
#define FLAT_USER_DS   FLAT_USER_DS64
#define FLAT_USER_SS32 FLAT_RING3_SS32
#define FLAT_USER_SS64 FLAT_RING3_SS64
#define FLAT_USER_SS   FLAT_USER_SS64

/*
 * L4 slots 256 to 271 are the hypervisor's: a guest's entries there are
 * replaced when a table becomes an L4. Of this range guests may read the first
 * slot alone, the machine-to-phys table: pfn by mfn, 8 bytes each.
 *
 * An address in this range is never a guest's: as a handler it is -EINVAL, as a
 * buffer of a hypercall -EFAULT, whatever is mapped there. What the
 * machine-to-phys table says of a domain's frames, that domain has chosen, or
 * who built it (MMU_MACHPHYS_UPDATE): nobody may rely on it for another's.
 */
#define __HYPERVISOR_VIRT_START 0xFFFF800000000000
#define __HYPERVISOR_VIRT_END   0xFFFF880000000000
#define __MACH2PHYS_VIRT_START  0xFFFF800000000000
#define __MACH2PHYS_VIRT_END    0xFFFF804000000000
#ifndef HYPERVISOR_VIRT_START
#define HYPERVISOR_VIRT_START xen_mk_ulong(__HYPERVISOR_VIRT_START)
#define HYPERVISOR_VIRT_END   xen_mk_ulong(__HYPERVISOR_VIRT_END)
#endif
#define MACH2PHYS_VIRT_START xen_mk_ulong(__MACH2PHYS_VIRT_START)
#define MACH2PHYS_VIRT_END   xen_mk_ulong(__MACH2PHYS_VIRT_END)
#define MACH2PHYS_NR_ENTRIES ((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3)
#ifndef machine_to_phys_mapping
#define machine_to_phys_mapping ((unsigned long *)HYPERVISOR_VIRT_START)
#endif

/*
 * set_segment_base(which, base or selector): of the calling vcpu, at once.
 * GS_USER is the GS of user mode, GS_KERNEL the one in use now. Errors: -EINVAL
 * a base that is not canonical, or another 'which'. A selector that cannot be
 * loaded becomes 0.
 *
 * Any domain may call. FS is the one of both modes. The bases belong to the
 * vcpu and are saved with it; loading a selector replaces the base, as on a
 * bare machine, so a kernel loads selectors first and sets bases after.
 */
#define SEGBASE_FS          0
#define SEGBASE_GS_USER     1
#define SEGBASE_GS_KERNEL   2
#define SEGBASE_GS_USER_SEL 3 /* a selector: loads user GS */

/*
 * iret_context.flags: rcx and r11 may be lost, so sysret will do. The
 * hypervisor does not need to be told: it takes sysret where it makes no
 * difference, which is where rcx equals rip and r11 equals rflags.
 */
#define _VGCF_in_syscall 8
#define VGCF_in_syscall  (1 << _VGCF_in_syscall)
#define VGCF_IN_SYSCALL  VGCF_in_syscall

#ifndef __ASSEMBLY__
/*
 * iret: the frame is found at the guest's stack pointer; the call does not
 * return. The guest continues at rip in user mode if cs has RPL 3, else in
 * kernel mode; always in ring 3 with interrupts on. The IF of rflags goes to
 * evtchn_upcall_mask, inverted.
 *
 * A frame that cannot be read, or user mode without a user root, ends the
 * domain. A selector or rip that the CPU refuses enters the failsafe callback.
 *
 * All IN. rax, r11 and rcx are loaded from the frame because the hypercall
 * itself uses them; the guest's other registers stay as they are. Of rflags
 * IOPL, NT, VM, VIF and VIP are dropped; with the assist architectural_iopl
 * IOPL becomes the vcpu's I/O privilege instead. The upper half of cs, in which
 * the hypervisor's own frames have the former event mask, is ignored. An iret
 * also ends the blocking of NMIs. If events become possible by it and one
 * waits, the event callback is entered on the way.
 */
struct iret_context {
    uint64_t rax, r11, rcx, flags, rip, cs, rflags, rsp, ss;
};

/*
 * A register has the architecture's names for its parts. Which narrow parts
 * exist differs: rax has eax, ax, al and ah; rbp no high byte; rip no bytes.
 */
#define XEN_REG_A_TO_D(letter)                                                 \
    union {                                                                    \
        uint64_t r##letter##x;                                                 \
        uint32_t e##letter##x;                                                 \
        uint16_t letter##x;                                                    \
        struct {                                                               \
            uint8_t letter##l;                                                 \
            uint8_t letter##h;                                                 \
        };                                                                     \
    }
#define XEN_REG_INDEX(name)                                                    \
    union {                                                                    \
        uint64_t r##name;                                                      \
        uint32_t e##name;                                                      \
        uint16_t name;                                                         \
        uint8_t name##l;                                                       \
    }
#define XEN_REG_NO_BYTE(name)                                                  \
    union {                                                                    \
        uint64_t r##name;                                                      \
        uint32_t e##name;                                                      \
        uint16_t name;                                                         \
    }
#define XEN_REG_NUMBERED(n)                                                    \
    union {                                                                    \
        uint64_t r##n;                                                         \
        uint32_t r##n##d;                                                      \
        uint16_t r##n##w;                                                      \
        uint8_t r##n##b;                                                       \
    }
/*
 * Registers, in the order of the hypervisor's own frame, which is part of the
 * ABI by vcpu_guest_context. There error_code and entry_vector are ignored and
 * read as 0, saved_upcall_mask means nothing (vcpu_info has the mask), and the
 * selectors of data segments may be any: one that does not load becomes 0 when
 * the vcpu next gets a CPU.
 */
struct cpu_user_regs {
    XEN_REG_NUMBERED(15);
    XEN_REG_NUMBERED(14);
    XEN_REG_NUMBERED(13);
    XEN_REG_NUMBERED(12);
    XEN_REG_INDEX(bp);
    XEN_REG_A_TO_D(b);
    XEN_REG_NUMBERED(11);
    XEN_REG_NUMBERED(10);
    XEN_REG_NUMBERED(9);
    XEN_REG_NUMBERED(8);
    XEN_REG_A_TO_D(a);
    XEN_REG_A_TO_D(c);
    XEN_REG_A_TO_D(d);
    XEN_REG_INDEX(si);
    XEN_REG_INDEX(di);
    uint32_t error_code;   /* the hypervisor's own, meaningless to others */
    uint32_t entry_vector; /* likewise */
    XEN_REG_NO_BYTE(ip);
    uint16_t cs, _pad0[1];
    uint8_t saved_upcall_mask; /* evtchn_upcall_mask before the upcall */
    uint8_t _pad1[3];
    XEN_REG_NO_BYTE(flags); /* IF shows !saved_upcall_mask */
    XEN_REG_INDEX(sp);
    uint16_t ss, _pad2[3];
    uint16_t es, _pad3[3];
    uint16_t ds, _pad4[3];
    uint16_t fs, _pad5[3]; /* a base in vcpu_guest_context wins over it */
    uint16_t gs, _pad6[3];
};
typedef struct cpu_user_regs cpu_user_regs_t;
DEFINE_XEN_GUEST_HANDLE(cpu_user_regs_t);
#undef XEN_REG_A_TO_D
#undef XEN_REG_INDEX
#undef XEN_REG_NO_BYTE
#undef XEN_REG_NUMBERED

/*
 * How vcpu_guest_context.ctrlreg[3] and [1] hold a root's frame number. With 64
 * bits that is its address; the low bits are ignored where a context is set.
 */
#define xen_pfn_to_cr3(pfn) ((unsigned long)(pfn) << 12)
#define xen_cr3_to_pfn(cr3) ((unsigned long)(cr3) >> 12)

/* Part of vcpu_info. */
struct arch_vcpu_info {
    unsigned long cr2; /* [XEN] address of the last page fault; [GST] may set */
    unsigned long pad;
};
typedef struct arch_vcpu_info arch_vcpu_info_t;

typedef unsigned long xen_callback_t; /* an address */
#endif

#endif
