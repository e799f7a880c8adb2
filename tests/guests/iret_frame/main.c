/* SPDX-License-Identifier: MIT */
/*
 * A frame of iret that the guest cannot read, though the hypervisor can, ends
 * the domain: the guest's own page by way of the direct map.
 * run: says=shut_down,_reason_3|Dom0_crashed
 */
#include <pv/pv.h>

#define DIRECT_MAP 0xffff830000000000UL

static void arrived(void)
{
    ok(false, "a frame in the hypervisor's range ends the domain");
    done_testing();
    shutdown(SHUTDOWN_poweroff);
}

int main(void)
{
    static uint8_t stack[4096] __attribute__((aligned(16)));
    struct callback_register syscall = {.type = CALLBACKTYPE_syscall,
                                        .flags = CALLBACKF_mask_events,
                                        .address = (unsigned long)arrived};
    struct iret_context *c = alloc_page();

    /* For that there is a short way and a long one. */
    HC2(callback_op, CALLBACKOP_register, &syscall);
    HC2(stack_switch, FLAT_KERNEL_SS, stack + sizeof(stack));
    *c = (struct iret_context){.rip = (uint64_t)arrived,
                               .cs = FLAT_KERNEL_CS & ~3UL,
                               .rsp = (uint64_t)(stack + sizeof(stack)) - 8,
                               .ss = FLAT_KERNEL_SS};
    asm volatile("mov %0, %%rsp\n\t"
                 "mov $23, %%eax\n\t"
                 "syscall" ::"r"(DIRECT_MAP + virt_to_mfn(c) * PAGE_SIZE)
                 : "memory");
    return 0;
}
