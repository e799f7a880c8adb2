/* SPDX-License-Identifier: MIT */
/*
 * Bring-up: what head.S and the linker script leave behind, and the steps that
 * __start_xen() (setup.c) and the APs (smpboot.c) call in their rooms.
 *
 * Until paging_init(): CR3 = boot_l4; the first 4 GiB of physical memory are
 * mapped at 0 and at DIRECTMAP_VIRT_START (so maddr_to_virt() works below
 * 4 GiB), the image at XEN_VIRT_START with its final W^X permissions.
 * paging_init() builds idle_root: slot 261 keeps xen_l3; it loads CR3 itself.
 */
#ifndef ASM_SETUP_H
#define ASM_SETUP_H

#include <hv/types.h>
#include <asm/page.h>

/* Linker script. Bounds are page aligned. */
extern char _start[], _end[];
extern char _stext[], _etext[];           /* RX */
extern char _srodata[], _erodata[];       /* R  */
extern char __init_begin[], __init_end[]; /* freed before dom0 runs */
extern char _sinittext[], _einittext[];   /* RX, in init */
extern char _sinitdata[], _einitdata[];   /* RW, in init */
extern char _sdata[];                     /* RW, to _end */
extern char __per_cpu_start[], __per_cpu_end[];
/* Records collected by section: struct hv_option (.init.options) and the
 * fault fix-up table (.ex_table). */
extern char __options_start[], __options_end[];

/* Tables made by head.S. boot_l4 is init memory: the identity map for boot and
 * AP start-up. The others are permanent. */
extern pte_t boot_l4[PT_ENTRIES];
extern pte_t xen_l3[PT_ENTRIES];   /* slot 261 */
extern pte_t image_l2[PT_ENTRIES]; /* 1 GiB from IMAGE_WINDOW_START */
extern pte_t image_l1[4 * PT_ENTRIES];
extern pte_t fixmap_l1[PT_ENTRIES]; /* 2 MiB from FIXADDR_START */
extern char cpu0_stack[STACK_SIZE];

/* Steps. PV CPU: IDT, then GDT/TSS/IST/system-call stubs of one CPU, on that
 * CPU; stack is its STACK_SIZE block. */
void trap_init(void);
void cpu_init_traps(unsigned int cpu, void *stack);

/* One CPU's local parts, on that CPU. */
void lapic_init_cpu(void);

#endif
