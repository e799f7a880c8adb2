/* SPDX-License-Identifier: MIT */
/*
 * Which kinds of devices an administrator leaves to the kernel's drivers: each
 * by a line of xl.conf(5), vbd.default.driver="kernel" for disks. Processes are
 * what nobody has to choose, so a driver that cannot be had is only reported.
 */
#ifndef BACKENDS_SUPERVISOR_KERNEL_CHOICE_H
#define BACKENDS_SUPERVISOR_KERNEL_CHOICE_H

/*
 * Loads the drivers that the file wants; there need not be one. Not that of a
 * kind of which devices have a process or wait for the next one, by their files
 * in run_dir: it would take their devices, too.
 */
void kernel_choice(const char *file, const char *run_dir);

#endif
