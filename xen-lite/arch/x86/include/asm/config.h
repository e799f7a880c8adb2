/* SPDX-License-Identifier: MIT */
/*
 * The address map: L4 slots 256 to 271 are the hypervisor's.
 *
 *   slot  from                what
 *   256   0xffff800000000000  machine-to-phys for guests, read-only, NX
 *   257+  0xffff808000000000  empty for ever (no linear maps)
 *   260   0xffff820000000000  per domain: 32 pages per vcpu, 16 GDT + 16 LDT
 *   261   0xffff828000000000  ours: writable M2P, vmap, image window, frames
 *   262-  0xffff830000000000  direct map of all RAM, NX
 */
#ifndef ASM_CONFIG_H
#define ASM_CONFIG_H

#ifdef __ASSEMBLY__
#define ADDR(x) x
#else
#define ADDR(x) x##UL
#endif

/* The whole of our slots. Guests learn its start, which is ABI
 * (XENVER_platform_parameters), and have nothing of their own in it. */
#define HYPERVISOR_VIRT_START ADDR(0xffff800000000000)
#define HYPERVISOR_VIRT_END   ADDR(0xffff880000000000)
#define ROOT_SLOT_FIRST       256
#define ROOT_SLOT_LAST        271

#define RO_MPT_VIRT_START ADDR(0xffff800000000000)
#define RO_MPT_VIRT_END   ADDR(0xffff808000000000)

/* The area of a vcpu: its GDT and LDT while it runs, behind those of the vcpus
 * before it. */
#define PERDOMAIN_SLOT       260
#define PERDOMAIN_VIRT_START ADDR(0xffff820000000000)
#define PERDOMAIN_VCPU_SHIFT 17 /* 32 pages */
#define PERDOMAIN_VCPU_PAGES 32
#define GDT_VIRT_START(v)                                                      \
    (PERDOMAIN_VIRT_START +                                                    \
     ((unsigned long)(v)->vcpu_id << PERDOMAIN_VCPU_SHIFT))
#define LDT_VIRT_START(v) (GDT_VIRT_START(v) + 16 * 4096)

#define RDWR_MPT_VIRT_START   ADDR(0xffff828000000000) /* 256 GiB */
#define RDWR_MPT_VIRT_END     ADDR(0xffff82c000000000)
#define VMAP_VIRT_START       ADDR(0xffff82c000000000) /* 64 GiB: MMIO maps */
#define VMAP_VIRT_END         ADDR(0xffff82d000000000)
#define IMAGE_WINDOW_START    ADDR(0xffff82d040000000) /* 2 GiB window */
#define XEN_VIRT_START        ADDR(0xffff82d040000000) /* image itself */
#define XEN_VIRT_END          ADDR(0xffff82d040800000) /* at most 8 MiB */
#define FIXADDR_START         ADDR(0xffff82d07fe00000) /* one 2 MiB L1 */
#define FRAMETABLE_VIRT_START ADDR(0xffff82e000000000) /* 128 GiB */
#define FRAMETABLE_VIRT_END   ADDR(0xffff830000000000)
#define DIRECTMAP_VIRT_START  ADDR(0xffff830000000000)
#define DIRECTMAP_VIRT_END    ADDR(0xffff880000000000)
/* Up to this machine address: beyond its end are the guests' addresses. */
#define DIRECTMAP_SIZE ADDR(0x0000050000000000)

/* Guests: everything canonical outside our slots. */
#define GUEST_LOW_END ADDR(0x0000800000000000)

/* Our GDT entries start after the guest's 14 pages. */
#define FIRST_RESERVED_GDT_PAGE  14
#define FIRST_RESERVED_GDT_BYTE  (FIRST_RESERVED_GDT_PAGE * 4096)
#define FIRST_RESERVED_GDT_ENTRY (FIRST_RESERVED_GDT_BYTE / 8)

/* Selectors in the reserved page; the 0xe0xx ones are ABI (FLAT_*). */
#define HV_CS64   0xe008
#define HV_DS     0xe010
#define FLAT_CS32 0xe023 /* ring 3, 32 bit: FLAT_RING3_CS32 */
/* Where guests keep their flat user segments: what sysret loads. */
#define USER_CS          0x33
#define USER_SS          0x2b
#define FLAT_DS          0xe02b /* ring 3: FLAT_RING3_DS32, SS */
#define FLAT_CS64        0xe033 /* ring 3, 64 bit: FLAT_RING3_CS64 */
#define TSS_SELECTOR     0xe040 /* 16 bytes */
#define LDT_SELECTOR     0xe050 /* 16 bytes */
#define PER_CPU_SELECTOR 0xe060 /* limit = cpu number, DPL 3, for LSL */

#define STACK_ORDER 3 /* 32 KiB: IST pages at the bottom, main on top */
#define STACK_SIZE  (4096 << STACK_ORDER)

#define BOOT_PHYS_BASE 0x100000 /* where multiboot1 puts the image */

#endif
