/* SPDX-License-Identifier: MIT */
/* NMIs: one that a vcpu sends itself comes before the next instruction, and
 * none comes inside the handler of another. run: timeout=60 */
#include <pv/pv.h>
#include <xen/nmi.h>

static volatile unsigned int count, depth, deepest;

static void on_nmi(struct trap_frame *f)
{
    if (++depth > deepest)
        deepest = depth;
    if (++count == 1) {
        HC3(vcpu_op, VCPUOP_send_nmi, 0, 0);
        HC2(sched_op, SCHEDOP_yield, 0);
        asm volatile("ud2; .ascii \"xen\"; cpuid" /* a slow exit */
                     :
                     : "a"(0), "c"(0)
                     : "rbx", "rdx", "memory");
    }
    depth--;
}

static void send_one(unsigned int before)
{
    is(HC3(vcpu_op, VCPUOP_send_nmi, 0, 0), 0, "An NMI to oneself is sent");
    ok(count > before, "It is taken on the way out of that hypercall");
}

int main(void)
{
    struct xennmi_callback cb = {.handler_address = trap_stubs[2]};

    set_trap_handler(2, on_nmi);
    is(HC2(nmi_op, XENNMI_register_callback, &cb), 0,
       "A handler for NMIs is registered");
    is(HC3(vcpu_op, VCPUOP_send_nmi, 0, &cb), -EINVAL,
       "An NMI that is asked for with an argument is refused");
    is(count, 0, "It does not come");
    is(HC3(vcpu_op, VCPUOP_send_nmi, 50, &cb), -ENOENT,
       "An NMI to a vcpu that does not exist is -ENOENT all the same");
    send_one(0);
    is(count, 2,
       "An NMI sent in the handler is taken when the handler returns");
    is(deepest, 1, "No NMI is taken inside the handler of another");
    send_one(2);
    is(count, 3, "NMIs come as before after one had to wait");
    return 0;
}
