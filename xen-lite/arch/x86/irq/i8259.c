/* SPDX-License-Identifier: MIT */
/* The two old interrupt controllers: switched off. */
#include <hv/lib.h>
#include <asm/irq.h>
#include <asm/processor.h>

#define MASTER_COMMAND 0x20
#define MASTER_DATA    0x21
#define SLAVE_COMMAND  0xa0
#define SLAVE_DATA     0xa1
#define SLAVE_LINE     2    /* of the master */
#define ICW1_INIT      0x11 /* and: more words follow, on the data port */
#define ICW4_8086      1
#define ALL_LINES      0xff

/*
 * Remaps the two old controllers out of the way and masks every line. This must
 * happen before the local APIC stops taking their requests, so that none stays
 * half delivered.
 */
void __init disable_i8259(void)
{
    outb(MASTER_COMMAND, ICW1_INIT);
    outb(SLAVE_COMMAND, ICW1_INIT);
    outb(MASTER_DATA, FIRST_DYNAMIC_VECTOR);
    outb(SLAVE_DATA, FIRST_DYNAMIC_VECTOR + 8);
    outb(MASTER_DATA, 1 << SLAVE_LINE);
    outb(SLAVE_DATA, SLAVE_LINE);
    outb(MASTER_DATA, ICW4_8086);
    outb(SLAVE_DATA, ICW4_8086);
    outb(MASTER_DATA, ALL_LINES);
    outb(SLAVE_DATA, ALL_LINES);
}
