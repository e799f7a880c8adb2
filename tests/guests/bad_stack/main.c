/* SPDX-License-Identifier: MIT */
/*
 * A trap whose frame would have to be pushed into the hypervisor's range ends
 * the domain. run: says=shut_down,_reason_3|Dom0_crashed
 */
#include <pv/pv.h>

int main(void)
{
    asm volatile("mov %0, %%rsp\n\tud2" ::"r"(0xffff830000800000UL));
    ok(false, "a frame in the hypervisor's range ends the domain");
    return 0;
}
