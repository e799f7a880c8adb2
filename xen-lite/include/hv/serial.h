/* SPDX-License-Identifier: MIT */
/* The serial line as a console (drivers/serial.c), and the VGA text one. */
#ifndef HV_SERIAL_H
#define HV_SERIAL_H

#include <hv/types.h>

/* console: the console= option. Registers the line it names; true if one was
 * found. */
bool serial_init(const char *console);
/* Interrupts and timers work: input is taken, and output waits no more. */
void serial_start_interrupts(void);
void vga_init(const char *console);
struct dom0_vga_console_info;
/* The loader has set a graphics mode: it is kept for dom0, nothing is drawn. */
void vga_set_framebuffer(const struct dom0_vga_console_info *info);
/* dom0 is about to draw: stop, unless console=vga,keep. */
void vga_end_boot(void); /* before the boot part is freed */

#endif
