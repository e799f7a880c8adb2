/* SPDX-License-Identifier: MIT */
/*
 * The core of the PV interface: hypercall numbers, virtual interrupts, page
 * table update requests, the shared information page and the page a guest finds
 * when it starts. Numbers and layouts are Xen 4.17's, 64-bit PV only; tests/abi
 * compares each of them with Debian's libxen-dev.
 *
 * How to read public-headers. In a request structure, IN fields are set by the
 * caller, OUT fields by the hypervisor; in shared memory, [XEN] and [GST] say
 * who writes. mfn: frame number of the machine; pfn, gfn: frame number as the
 * guest counts; port: event channel; gref: index in a grant table; maddr:
 * machine address. Times are nanoseconds since the hypervisor started.
 * Everything a guest writes is hostile input to the other side: copy it once,
 * check the copy, use the copy.
 *
 * An operation's comment tells, where there is something to tell:
 *
 *   Caller   who may call; if it is missing, any domain for itself. Only dom0
 *            is privileged.
 *   Errors   beside those that hold everywhere: -EFAULT a pointer that is not
 *            the caller's to read or write, -ENOSYS an unknown number, -EPERM
 *            a caller without the right, -ENOMEM. After an error
 *            OUT fields are undefined, unless it is said.
 *   Restart  whether it may be continued, see below; if it is missing, no.
 *
 * A hypercall is the instruction 'syscall' with the number in rax and up to
 * five arguments in rdi, rsi, rdx, r10, r8; rax returns a value or a negative
 * errno (errno.h). The argument registers may be clobbered. It can only be made
 * in kernel mode.
 *
 * A long operation is continued: when an event or another vcpu waits, the
 * hypervisor changes the argument registers so that they describe the rest,
 * leaves the guest's rip at the 'syscall' and lets the other work go first. The
 * guest sees nothing of it but upcalls that come in between, and arguments in
 * registers and, where it is said, in structures that have moved on.
 *
 * The include guards have Xen's names so that a program may mix these headers
 * with others from libxen-dev. Interfaces that Xen shows to tools only are
 * always visible here.
 */
#ifndef __XEN_PUBLIC_XEN_H__
#define __XEN_PUBLIC_XEN_H__

#define __XEN_LATEST_INTERFACE_VERSION__ 0x00040e00
#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#endif

#ifdef __ASSEMBLY__
#define xen_mk_uint(x)   x
#define xen_mk_ulong(x)  x
#define xen_mk_ullong(x) x
#else
#include <stdint.h>
#define __xen_mk_uint(x)   x##U
#define __xen_mk_ulong(x)  x##UL
#define __xen_mk_ullong(x) x##ULL
#define xen_mk_uint(x)     __xen_mk_uint(x)
#define xen_mk_ulong(x)    __xen_mk_ulong(x)
#define xen_mk_ullong(x)   __xen_mk_ullong(x)
/* Written between the brackets of a trailing array without fixed length. */
#define XEN_FLEX_ARRAY_DIM
#endif

#include "arch-x86/xen.h"

#ifndef __ASSEMBLY__
#define int64_aligned_t  int64_t
#define uint64_aligned_t uint64_t

DEFINE_XEN_GUEST_HANDLE(char);
__DEFINE_XEN_GUEST_HANDLE(uchar, unsigned char);
DEFINE_XEN_GUEST_HANDLE(int);
__DEFINE_XEN_GUEST_HANDLE(uint, unsigned int);
DEFINE_XEN_GUEST_HANDLE(void);
DEFINE_XEN_GUEST_HANDLE(uint64_t);
DEFINE_XEN_GUEST_HANDLE(xen_pfn_t);
DEFINE_XEN_GUEST_HANDLE(xen_ulong_t);
__DEFINE_XEN_GUEST_HANDLE(uint8, uint8_t);
__DEFINE_XEN_GUEST_HANDLE(uint16, uint16_t);
__DEFINE_XEN_GUEST_HANDLE(uint32, uint32_t);
__DEFINE_XEN_GUEST_HANDLE(uint64, uint64_t);
#endif

/*
 * Hypercall numbers. Those whose name is that of a header are told there; those
 * without a header and not below are -ENOSYS, as in a Xen that is built without
 * them.
 *
 *   set_trap_table(list)            arch-x86/xen.h
 *   set_gdt(frames, entries)        up to 14 mfns of 512 entries each. They are
 *                                   descriptor tables until they are replaced.
 *                                   -EINVAL: a frame is not the domain's, is
 *                                   in use as something else, or has an entry
 *                                   that is refused
 *   update_descriptor(maddr, entry) one entry of such a frame, or of ordinary
 *                                   memory. Gates and system segments are
 *                                   -EINVAL; others get DPL 3
 *   stack_switch(ss, sp)            where the kernel's stack is at its entries
 *   set_segment_base(which, base)   arch-x86/xen-x86_64.h
 *   fpu_taskswitch(set)             CR0.TS: whether the next use of the FPU
 *                                   traps
 *   set_debugreg(n, value)          -EPERM: a breakpoint in the hypervisor's
 *                                   range, or one on I/O that is switched on,
 *                                   or general detection; -EINVAL: bits of
 *                                   DR6 or DR7 above 31; -ENODEV: no such
 *                                   register
 *   get_debugreg(n)                 the value, or -ENODEV
 *   set_timer_op(time)              vcpu.h
 *   vm_assist(command, type), console_io, mmu_update, mmuext_op,
 *   update_va_mapping, multicall    below
 *   iret()                          arch-x86/xen-x86_64.h; does not return
 */
#define __HYPERVISOR_set_trap_table                0
#define __HYPERVISOR_mmu_update                    1
#define __HYPERVISOR_set_gdt                       2
#define __HYPERVISOR_stack_switch                  3
#define __HYPERVISOR_set_callbacks                 4
#define __HYPERVISOR_fpu_taskswitch                5
#define __HYPERVISOR_sched_op_compat               6
#define __HYPERVISOR_platform_op                   7
#define __HYPERVISOR_set_debugreg                  8
#define __HYPERVISOR_get_debugreg                  9
#define __HYPERVISOR_update_descriptor             10
#define __HYPERVISOR_memory_op                     12
#define __HYPERVISOR_multicall                     13
#define __HYPERVISOR_update_va_mapping             14
#define __HYPERVISOR_set_timer_op                  15
#define __HYPERVISOR_event_channel_op_compat       16
#define __HYPERVISOR_xen_version                   17
#define __HYPERVISOR_console_io                    18
#define __HYPERVISOR_physdev_op_compat             19
#define __HYPERVISOR_grant_table_op                20
#define __HYPERVISOR_vm_assist                     21
#define __HYPERVISOR_update_va_mapping_otherdomain 22
#define __HYPERVISOR_iret                          23
#define __HYPERVISOR_vcpu_op                       24
#define __HYPERVISOR_set_segment_base              25
#define __HYPERVISOR_mmuext_op                     26
#define __HYPERVISOR_xsm_op                        27
#define __HYPERVISOR_nmi_op                        28
#define __HYPERVISOR_sched_op                      29
#define __HYPERVISOR_callback_op                   30
#define __HYPERVISOR_xenoprof_op                   31
#define __HYPERVISOR_event_channel_op              32
#define __HYPERVISOR_physdev_op                    33
#define __HYPERVISOR_hvm_op                        34
#define __HYPERVISOR_sysctl                        35
#define __HYPERVISOR_domctl                        36
#define __HYPERVISOR_kexec_op                      37
#define __HYPERVISOR_tmem_op                       38
#define __HYPERVISOR_argo_op                       39
#define __HYPERVISOR_xenpmu_op                     40
#define __HYPERVISOR_dm_op                         41
#define __HYPERVISOR_hypfs_op                      42
/* Reserved for the architecture; arch_0 is machine checks on x86. */
#define __HYPERVISOR_arch_0 48
#define __HYPERVISOR_arch_1 49
#define __HYPERVISOR_arch_2 50
#define __HYPERVISOR_arch_3 51
#define __HYPERVISOR_arch_4 52
#define __HYPERVISOR_arch_5 53
#define __HYPERVISOR_arch_6 54
#define __HYPERVISOR_arch_7 55

/*
 * Virtual interrupts, bound to an event channel with EVTCHNOP_bind_virq.
 * "vcpu": each vcpu binds its own; "dom": one per domain; "host": one in the
 * system, for the domain that handles it (dom0 unless
 * XEN_DOMCTL_set_virq_handler names another). The hypervisor here sends TIMER,
 * DOM_EXC, CONSOLE, CON_RING and DEBUG (by a debug key); the others may be
 * bound and stay silent.
 */
#define VIRQ_TIMER      0  /* vcpu: a timer that the guest set has expired */
#define VIRQ_DEBUG      1  /* vcpu: please print your state */
#define VIRQ_CONSOLE    2  /* host: input waits on the emergency console */
#define VIRQ_DOM_EXC    3  /* host: some domain stopped or died */
#define VIRQ_TBUF       4  /* host: trace buffer has records */
#define VIRQ_DEBUGGER   6  /* host: a domain stopped for its debugger */
#define VIRQ_XENOPROF   7  /* vcpu: profiling sample */
#define VIRQ_CON_RING   8  /* host: hypervisor's log has new text */
#define VIRQ_PCPU_STATE 9  /* host: a physical CPU came or went */
#define VIRQ_MEM_EVENT  10 /* host: memory event */
#define VIRQ_ARGO       11 /* dom: argo message */
#define VIRQ_ENOMEM     12 /* host: memory runs low */
#define VIRQ_XENPMU     13 /* vcpu: performance counter */
#define VIRQ_ARCH_0     16 /* on x86: machine check (VIRQ_MCA) */
#define VIRQ_ARCH_1     17
#define VIRQ_ARCH_2     18
#define VIRQ_ARCH_3     19
#define VIRQ_ARCH_4     20
#define VIRQ_ARCH_5     21
#define VIRQ_ARCH_6     22
#define VIRQ_ARCH_7     23
#define NR_VIRQS        24

/*
 * mmu_update(requests, count, &done, foreign): writes page table entries after
 * validation. The two low bits of 'ptr' say what is written; the rest is the
 * machine address of the entry, or of the frame for MMU_MACHPHYS_UPDATE.
 *
 * An entry may map a frame of the domain 'foreign' (DOMID_SELF: the caller's
 * own), never one that is a page table or a descriptor table as writable, and
 * never the hypervisor's. A table that an entry refers to is validated first,
 * so that all tables in use are always valid. A page that is not in use as a
 * table is simply written. The TLB is not flushed for the caller's benefit: use
 * mmuext_op.
 *
 * The upper 16 bits of 'foreign', if not 0, are the id + 1 of the domain whose
 * tables are written.
 *
 * Caller  any domain for its own tables and frames; dom0 also with another
 *         'foreign'. MMIO is dom0's, with DOMID_SELF or DOMID_IO
 * Errors  the first request that fails ends the call; 'done' (may be NULL) is
 *         how many succeeded. -EINVAL an entry, a table or an address that is
 *         refused; -EPERM; -ESRCH no domain 'foreign', or the caller named by
 *         number; -EBUSY a frame that is in use as something else, or that is
 *         not the owner's
 * Restart continued, also in the middle of one request
 */
#define MMU_NORMAL_PT_UPDATE       0 /* *ptr = val */
#define MMU_MACHPHYS_UPDATE        1 /* machine-to-phys[ptr's frame] = val */
#define MMU_PT_UPDATE_PRESERVE_AD  2 /* as 0, keeping Accessed and Dirty */
#define MMU_PT_UPDATE_NO_TRANSLATE 3 /* as 0, val is never translated */

/*
 * mmuext_op(ops, count, &done, foreign): pins, roots, TLBs, page helpers.
 * arg1.mfn: a table, page or root. A pinned table stays valid as a table of
 * that level even when nothing refers to it; a table must not be mapped
 * writable when it is pinned.
 *
 * Flushes concern translations that the guest has changed; the hypervisor does
 * by itself those that its own safety needs. NEW_BASEPTR flushes the caller's
 * TLB. A cleared or copied page must be ordinary memory.
 *
 * Caller  as for mmu_update; pins, clear and copy work on the tables and pages
 *         of 'foreign', the rest (-EPERM) on the caller itself. WBINVD is
 *         dom0's: -EACCES (FLUSH_CACHE), -EINVAL (FLUSH_CACHE_GLOBAL)
 * Errors  'done' as for mmu_update. -EINVAL not a valid table of that level,
 *         pinned already or not pinned; -EOPNOTSUPP MARK_SUPER and UNMARK_SUPER
 * Restart continued, also in the middle of the validation of one table
 */
#define MMUEXT_PIN_L1_TABLE       0
#define MMUEXT_PIN_L2_TABLE       1
#define MMUEXT_PIN_L3_TABLE       2
#define MMUEXT_PIN_L4_TABLE       3
#define MMUEXT_UNPIN_TABLE        4
#define MMUEXT_NEW_BASEPTR        5  /* arg1.mfn: L4 used in kernel mode */
#define MMUEXT_TLB_FLUSH_LOCAL    6  /* this vcpu */
#define MMUEXT_INVLPG_LOCAL       7  /* arg1.linear_addr, this vcpu */
#define MMUEXT_TLB_FLUSH_MULTI    8  /* the vcpus in arg2.vcpumask */
#define MMUEXT_INVLPG_MULTI       9  /* arg1.linear_addr, arg2.vcpumask */
#define MMUEXT_TLB_FLUSH_ALL      10 /* every vcpu of the domain */
#define MMUEXT_INVLPG_ALL         11
#define MMUEXT_FLUSH_CACHE        12 /* WBINVD, if the domain owns devices */
#define MMUEXT_SET_LDT            13 /* arg1.linear_addr, arg2.nr_ents */
#define MMUEXT_NEW_USER_BASEPTR   15 /* arg1.mfn: L4 of user mode, 0: none */
#define MMUEXT_CLEAR_PAGE         16 /* arg1.mfn = zeroes */
#define MMUEXT_COPY_PAGE          17 /* arg1.mfn = arg2.src_mfn */
#define MMUEXT_FLUSH_CACHE_GLOBAL 18 /* WBINVD on every CPU */
#define MMUEXT_MARK_SUPER         19
#define MMUEXT_UNMARK_SUPER       20

/*
 * update_va_mapping(va, new L1 entry, flags), and update_va_mapping_otherdomain
 * with 'foreign' as fourth argument: writes the entry that maps 'va' in the
 * tables that are loaded. flags: what to flush, or'ed with where: this vcpu
 * (LOCAL), all of the domain's (ALL), or a pointer to a bitmap of vcpus in the
 * upper bits (MULTI). The flush is done even if the entry is refused.
 *
 * Caller  as for mmu_update
 * Errors  -EINVAL no L1 table maps 'va', or the entry is refused; as for
 *         mmu_update
 * Restart continued
 */
#define UVMF_NONE           (xen_mk_ulong(0) << 0)
#define UVMF_TLB_FLUSH      (xen_mk_ulong(1) << 0)
#define UVMF_INVLPG         (xen_mk_ulong(2) << 0)
#define UVMF_FLUSHTYPE_MASK (xen_mk_ulong(3) << 0)
#define UVMF_MULTI          (xen_mk_ulong(0) << 2)
#define UVMF_LOCAL          (xen_mk_ulong(0) << 2)
#define UVMF_ALL            (xen_mk_ulong(1) << 2)

/*
 * console_io(command, byte count, buffer): the hypervisor's console. write
 * returns 0 when all bytes are out, read the number of bytes delivered, which
 * may be 0.
 *
 * Caller  dom0 (else -EPERM); other domains have a console ring (io/console.h)
 * Restart write is continued
 */
#define CONSOLEIO_write 0
#define CONSOLEIO_read  1

/*
 * vm_assist(command, type): habits of the hypervisor that a guest may choose.
 * They hold for the whole domain. Those for 32-bit guests are -EINVAL, unknown
 * commands -ENOSYS.
 */
#define VMASST_CMD_enable               0
#define VMASST_CMD_disable              1
#define VMASST_TYPE_4gb_segments        0
#define VMASST_TYPE_4gb_segments_notify 1
/* Plain writes to a mapped L1 table are caught, checked and carried out. */
#define VMASST_TYPE_writable_pagetables 2
#define VMASST_TYPE_pae_extended_cr3    3
/*
 * IOPL in the saved flags works as on hardware: iret takes it from there. To be
 * chosen on the first vcpu before others are initialised (-EBUSY).
 */
#define VMASST_TYPE_architectural_iopl 4
/* XEN_RUNSTATE_UPDATE is maintained in registered run-state areas. */
#define VMASST_TYPE_runstate_update_flag 5
/* User mode does not see the machine-to-phys table. */
#define VMASST_TYPE_m2p_strict 32

/* Domain numbers. Those from 0x7FF0 on are not domains of their own. */
#define DOMID_FIRST_RESERVED xen_mk_uint(0x7FF0)
#define DOMID_SELF           xen_mk_uint(0x7FF0) /* the caller */
#define DOMID_IO             xen_mk_uint(0x7FF1) /* owner of MMIO frames */
#define DOMID_XEN            xen_mk_uint(0x7FF2) /* of the hypervisor's */
#define DOMID_COW            xen_mk_uint(0x7FF3)
#define DOMID_INVALID        xen_mk_uint(0x7FF4)
#define DOMID_IDLE           xen_mk_uint(0x7FFF)
#define DOMID_MASK           xen_mk_uint(0x7FFF)

/* start_info.flags */
#define SIF_PRIVILEGED      (1 << 0)    /* may call platform_op and friends */
#define SIF_INITDOMAIN      (1 << 1)    /* this is dom0 */
#define SIF_MULTIBOOT_MOD   (1 << 2)    /* module is a multiboot list */
#define SIF_MOD_START_PFN   (1 << 3)    /* mod_start is a pfn, not an address */
#define SIF_VIRT_P2M_4TOOLS (1 << 4)    /* tools read the p2m by p2m_vaddr */
#define SIF_PM_MASK         (0xFF << 8) /* power management hints */

#ifndef __ASSEMBLY__
typedef uint16_t domid_t;
typedef uint8_t xen_domain_handle_t[16]; /* a domain's UUID */

/* One request of mmu_update. */
struct mmu_update {
    uint64_t ptr; /* IN: machine address of an entry | MMU_* */
    uint64_t val; /* IN: new contents */
};
typedef struct mmu_update mmu_update_t;
DEFINE_XEN_GUEST_HANDLE(mmu_update_t);

/* One operation. Only the arguments that MMUEXT_* names are looked at. */
struct mmuext_op {
    unsigned int cmd; /* IN: MMUEXT_* */
    union {
        xen_pfn_t mfn;
        unsigned long linear_addr;
    } arg1; /* IN */
    union {
        unsigned int nr_ents;
        XEN_GUEST_HANDLE(const_void) vcpumask;
        xen_pfn_t src_mfn;
    } arg2; /* IN */
};
typedef struct mmuext_op mmuext_op_t;
DEFINE_XEN_GUEST_HANDLE(mmuext_op_t);

/*
 * multicall(entries, count): hypercalls run in order; each gets its result, and
 * an error of one does not end the batch. -EFAULT: an entry could not be read
 * or written; those before it are done. multicall inside is -EINVAL. iret
 * inside is carried out and ends the batch: what follows is not done.
 *
 * Restart continued at the entry reached
 */
struct multicall_entry {
    xen_ulong_t op;      /* IN: __HYPERVISOR_* */
    xen_ulong_t result;  /* OUT */
    xen_ulong_t args[6]; /* IN; clobbered while a call is being continued */
};
typedef struct multicall_entry multicall_entry_t;
DEFINE_XEN_GUEST_HANDLE(multicall_entry_t);

/*
 * Clock page of one vcpu, all [XEN]. 'version' is odd while the rest changes:
 * read it, then the fields, then it again, and retry on a difference.
 *
 *   d   = rdtsc - tsc_timestamp;   d <<= tsc_shift (>>= -shift if negative)
 *   now = system_time + ((d * tsc_to_system_mul) >> 32)
 */
struct vcpu_time_info {
    uint32_t version;
    uint32_t pad0;
    uint64_t tsc_timestamp;
    uint64_t system_time; /* ns at tsc_timestamp */
    uint32_t tsc_to_system_mul;
    int8_t tsc_shift;
    uint8_t flags; /* XEN_PVCLOCK_* */
    uint8_t pad1[2];
};
typedef struct vcpu_time_info vcpu_time_info_t;
#define XEN_PVCLOCK_TSC_STABLE_BIT (1 << 0) /* vcpus agree without fences */
#define XEN_PVCLOCK_GUEST_STOPPED  (1 << 1) /* was stopped from outside */

/*
 * One per vcpu, 64 bytes: in shared_info, or where VCPUOP_register_vcpu_info
 * has put it. Delivery of an event: set the bit in evtchn_pending, then (if
 * unmasked) in evtchn_pending_sel, then upcall_pending; the guest clears them
 * in the opposite order.
 */
struct vcpu_info {
    uint8_t evtchn_upcall_pending;  /* [XEN] sets, [GST] clears */
    uint8_t evtchn_upcall_mask;     /* [GST]; [XEN] sets it at an upcall */
    xen_ulong_t evtchn_pending_sel; /* [XEN] sets, [GST] clears; 2-level ABI */
    struct arch_vcpu_info arch;
    vcpu_time_info_t time;
};
typedef struct vcpu_info vcpu_info_t;

/*
 * One page per domain, at the machine address that start_info names. The guest
 * maps it where it likes.
 */
struct shared_info {
    struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
    /* Port n: bit n % 64 of word n / 64. */
    xen_ulong_t evtchn_pending[sizeof(xen_ulong_t) * 8]; /* as above */
    xen_ulong_t evtchn_mask[sizeof(xen_ulong_t) * 8];    /* [GST] */
    /* [XEN] Wall clock at system time 0; version as in vcpu_time_info. */
    uint32_t wc_version;
    uint32_t wc_sec;
    uint32_t wc_nsec;
    uint32_t wc_sec_hi;
#define xen_wc_sec_hi wc_sec_hi
    struct arch_shared_info arch;
};
typedef struct shared_info shared_info_t;

/*
 * What rsi points to when a PV kernel starts. Addresses are virtual.
 *
 * The kernel starts with a window of its memory mapped at its VIRT_BASE, from
 * pfn 0 up. In it follow each other, each from a page's start:
 *   1. the kernel
 *   2. the ramdisk, unless the kernel has the note MOD_START_PFN
 *   3. the list of frames, mfn_list, unless it has the note INIT_P2M
 *   4. this structure; in dom0 the rest of its page describes the screen
 *   5. the store's ring, then the console's; not in dom0
 *   6. the page tables, which are mapped read-only
 *   7. a page of stack, to whose end rsp points
 *   8. at least 512 KiB that are free, up to a multiple of 4 MiB
 *
 * After a resume only the fields up to and including console are refreshed.
 */
struct start_info {
    char magic[32];            /* "xen-3.0-x86_64" */
    unsigned long nr_pages;    /* frames given to the domain */
    unsigned long shared_info; /* machine address */
    uint32_t flags;            /* SIF_* */
    xen_pfn_t store_mfn;       /* xenstore ring, 0 in dom0 */
    uint32_t store_evtchn;
    union {
        struct {
            xen_pfn_t mfn; /* console ring */
            uint32_t evtchn;
        } domU;
        struct {
            uint32_t info_off; /* of dom0_vga_console_info in this page */
            uint32_t info_size;
        } dom0;
    } console;
    unsigned long pt_base;      /* the L4 table we built */
    unsigned long nr_pt_frames; /* page tables we built, from pt_base on */
    unsigned long mfn_list;     /* array: pfn to mfn */
    unsigned long mod_start;    /* ramdisk: address, or pfn by flag */
    unsigned long mod_len;      /* bytes */
#define MAX_GUEST_CMDLINE 1024
    int8_t cmd_line[MAX_GUEST_CMDLINE]; /* NUL terminated */
    /* Where mfn_list sits if the kernel asked for it outside the mapping. */
    unsigned long first_p2m_pfn;
    unsigned long nr_p2m_frames;
};
typedef struct start_info start_info_t;

struct xen_multiboot_mod_list {
    uint32_t mod_start;
    uint32_t mod_end;
    uint32_t cmdline;
    uint32_t pad;
};

/* The screen as the boot loader left it, for dom0's first messages. */
typedef struct dom0_vga_console_info {
    uint8_t video_type;
#define XEN_VGATYPE_TEXT_MODE_3 0x03
#define XEN_VGATYPE_VESA_LFB    0x23
#define XEN_VGATYPE_EFI_LFB     0x70
    union {
        struct {
            uint16_t font_height;        /* pixels */
            uint16_t cursor_x, cursor_y; /* characters */
            uint16_t rows, columns;
        } text_mode_3;
        struct {
            uint16_t width, height; /* pixels */
            uint16_t bytes_per_line;
            uint16_t bits_per_pixel;
            uint32_t lfb_base; /* physical address, low half */
            uint32_t lfb_size; /* units of 64 KiB */
            uint8_t red_pos, red_size;
            uint8_t green_pos, green_size;
            uint8_t blue_pos, blue_size;
            uint8_t rsvd_pos, rsvd_size;
            uint32_t gbl_caps;
            uint16_t mode_attrs;
            uint16_t pad;
            uint32_t ext_lfb_base; /* physical address, high half */
        } vesa_lfb;
    } u;
} dom0_vga_console_info_t;
#define xen_vga_console_info   dom0_vga_console_info
#define xen_vga_console_info_t dom0_vga_console_info_t

typedef struct {
    uint8_t a[16];
} xen_uuid_t;
#define XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6)                   \
    {                                                                          \
        {                                                                      \
            (uint8_t)((a) >> 24), (uint8_t)((a) >> 16), (uint8_t)((a) >> 8),   \
                (uint8_t)(a), (uint8_t)((b) >> 8), (uint8_t)(b),               \
                (uint8_t)((c) >> 8), (uint8_t)(c), (uint8_t)((d) >> 8),        \
                (uint8_t)(d), e1, e2, e3, e4, e5, e6                           \
        }                                                                      \
    }
#define XEN_DEFINE_UUID(a, b, c, d, e1, e2, e3, e4, e5, e6)                    \
    ((xen_uuid_t)XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6))

/* A bitmap in the caller's memory: bit n is bit n % 8 of byte n / 8. */
struct xenctl_bitmap {
    XEN_GUEST_HANDLE_64(uint8) bitmap;
    uint32_t nr_bits; /* size of the caller's map; we use the smaller one */
};
typedef struct xenctl_bitmap xenctl_bitmap_t;
#endif /* !__ASSEMBLY__ */

#endif
