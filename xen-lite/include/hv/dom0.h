/* SPDX-License-Identifier: MIT */
/* Building dom0 from the boot loader's modules. */
#ifndef HV_DOM0_H
#define HV_DOM0_H

#include <hv/kernel.h>
#include <hv/types.h>

/* Physical range; stays reserved until construct_dom0() has returned. */
struct boot_module {
    paddr_t start;
    size_t size;         /* 0: no such module */
    const char *cmdline; /* file name already dropped; never NULL */
};

/*
 * Creates domain 0 from a kernel and an optional initrd; leaves it paused by
 * its controller. Both are files from disk: every offset is checked. Panics if
 * dom0 cannot be built, with the reason.
 */
void construct_dom0(const struct boot_module *kernel,
                    const struct boot_module *initrd);

/* kernel_unpack() for the boot CPU: with the FPU, FS and interrupts as the
 * libraries need them. heap: scratch memory. */
int boot_unpack(const struct kernel_payload *payload, void *out, void *heap,
                size_t heap_size, struct why *why);

#endif
