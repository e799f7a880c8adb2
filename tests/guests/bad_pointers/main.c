/* SPDX-License-Identifier: MIT */
/* Each call with pointers that it must not follow: ours, non-canonical,
 * unmapped. -EFAULT, and the next call works. */
#include <pv/pv.h>

static const uint64_t bad[] = {
    0xffff800000000000UL - 8 + 8, /* the M2P: readable, not for copies */
    0xffff830000000000UL,         /* the direct map */
    0xffff87fffffffff8UL,         /* its end */
    0x0000800000000000UL,         /* first non-canonical */
    0xffff7ffffffffff8UL,         /* last non-canonical */
    0x0000123450000000UL,         /* nothing there */
};

static void sweep(const char *name, unsigned int nr, unsigned long a,
                  bool pointer_first)
{
    unsigned int wrong = 0;

    for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        long rc = pointer_first ? hypercall(nr, bad[i], 1, 0, DOMID_SELF, 0)
                                : hypercall(nr, a, bad[i], 1, 0, 0);

        if (rc != -EFAULT) {
            diag("%s with %lx: %ld", name, bad[i], rc);
            wrong++;
        }
    }
    is(wrong, 0, "%s", name);
}

int main(void)
{
    sweep("mmu_update", __HYPERVISOR_mmu_update, 0, true);
    sweep("mmuext_op", __HYPERVISOR_mmuext_op, 0, true);
    sweep("set_gdt", __HYPERVISOR_set_gdt, 0, true);
    sweep("multicall", __HYPERVISOR_multicall, 0, true);
    sweep("domctl", __HYPERVISOR_domctl, 0, true);
    sweep("sysctl", __HYPERVISOR_sysctl, 0, true);
    sweep("platform_op", __HYPERVISOR_platform_op, 0, true);
    sweep("event send", __HYPERVISOR_event_channel_op, EVTCHNOP_send, false);
    sweep("alloc_unbound", __HYPERVISOR_event_channel_op,
          EVTCHNOP_alloc_unbound, false);
    sweep("grant map", __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref,
          false);
    sweep("grant copy", __HYPERVISOR_grant_table_op, GNTTABOP_copy, false);
    sweep("poll", __HYPERVISOR_sched_op, SCHEDOP_poll, false);
    sweep("shutdown", __HYPERVISOR_sched_op, SCHEDOP_shutdown, false);
    sweep("exchange", __HYPERVISOR_memory_op, XENMEM_exchange, false);
    sweep("extraversion", __HYPERVISOR_xen_version, XENVER_extraversion, false);
    sweep("machphys_mapping", __HYPERVISOR_memory_op, XENMEM_machphys_mapping,
          false);
    sweep("callback_op", __HYPERVISOR_callback_op, CALLBACKOP_register, false);
    sweep("set_iopl", __HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, false);
    is(HC2(xen_version, XENVER_version, 0), 0x40011, "all is well afterwards");
    return 0;
}
