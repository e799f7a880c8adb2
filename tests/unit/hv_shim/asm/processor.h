/* SPDX-License-Identifier: MIT */
/* No privileged instruction runs in a process. */
#ifndef SHIM_PROCESSOR_H
#define SHIM_PROCESSOR_H
#define local_irq_disable real_irq_disable
#define local_irq_enable  real_irq_enable
#define inb               real_inb
#define outb              real_outb
#include_next <asm/processor.h>
#undef local_irq_disable
#undef local_irq_enable
#undef inb
#undef outb
/* A test that needs devices has them. */
uint8_t inb(uint16_t port);
void outb(uint16_t port, uint8_t v);
#define local_irq_disable()  ((void)0)
#define local_irq_enable()   ((void)0)
#define local_irq_save()     0UL
#define local_irq_restore(f) ((void)(f))
#endif
