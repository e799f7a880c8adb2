/* SPDX-License-Identifier: MIT */
/*
 * An event for a guest that has no callback for events ends the domain: there
 * is nowhere to enter it. run: says=shut_down,_reason_3|Dom0_crashed
 */
#include <pv/pv.h>

static void entered(struct trap_frame *f)
{
    ok(false, "an event without a callback does not enter the guest");
    done_testing();
    shutdown(SHUTDOWN_poweroff);
}

int main(void)
{
    struct callback_register none = {.type = CALLBACKTYPE_event};

    uint32_t port = event_new_ipi(0);

    set_trap_handler(14, entered);
    bind_handler(port, NULL);
    HC2(callback_op, CALLBACKOP_register, &none);
    event_send(port);
    events_enable();
    ok(false, "an event without a callback ends the domain");
    return 0;
}
