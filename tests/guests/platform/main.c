/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_platform_op and HYPERVISOR_mca of dom0. run: smp=2 */
#include <pv/pv.h>
#include <xen/platform.h>
#include <xen/arch-x86/xen-mca.h>

#ifndef EACCES
#define EACCES 13
#endif

static struct xen_platform_op op;

static long run(uint32_t cmd)
{
    op.cmd = cmd;
    op.interface_version = XENPF_INTERFACE_VERSION;
    return HC1(platform_op, &op);
}

static long firmware(uint32_t type, uint32_t index)
{
    memset(&op, 0, sizeof(op));
    op.u.firmware_info.type = type;
    op.u.firmware_info.index = index;
    return run(XENPF_firmware_info);
}

static long pcpu(uint32_t cpu)
{
    memset(&op, 0, sizeof(op));
    op.u.pcpu_info.xen_cpuid = cpu;
    return run(XENPF_get_cpuinfo);
}

static void wall_clock(void)
{
    uint64_t now = system_time();

    memset(&op, 0, sizeof(op));
    op.u.settime64.secs = 1700000000;
    op.u.settime64.nsecs = 123;
    op.u.settime64.system_time = now;
    op.u.settime64.mbz = 1;
    is(run(XENPF_settime64), -EINVAL, "a field that must be zero");
    op.u.settime64.mbz = 0;
    is(run(XENPF_settime64), 0, "set the time");
    is((long)(shared_info->wc_sec + (now + shared_info->wc_nsec) / 1000000000),
       1700000000, "the shared page says so");
}

static void machine_checks(void)
{
    static struct mc_info record;
    struct xen_mc mc = {.cmd = XEN_MC_fetch,
                        .interface_version = XEN_MCA_INTERFACE_VERSION};

    mc.u.mc_fetch.flags = XEN_MC_NONURGENT;
    is(HC1(mca, &mc), -EINVAL, "fetch without a buffer");
    set_xen_guest_handle(mc.u.mc_fetch.data, &record);
    is(HC1(mca, &mc), 0, "fetch of a record");
    ok(mc.u.mc_fetch.flags & XEN_MC_NODATA, "there is none");
    mc.u.mc_fetch.flags = 0;
    is(HC1(mca, &mc), -EINVAL, "fetch from no queue");
    memset(&mc.u, 0, sizeof(mc.u));
    mc.cmd = XEN_MC_physcpuinfo;
    is(HC1(mca, &mc), 0, "number of CPUs");
    is(mc.u.mc_physcpuinfo.ncpus, 2, "two");
    mc.interface_version++;
    is(HC1(mca, &mc), -EACCES, "wrong version");
}

int main(void)
{
    op.cmd = XENPF_get_cpuinfo;
    op.interface_version = XENPF_INTERFACE_VERSION + 1;
    is(HC1(platform_op, &op), -EACCES, "wrong version");
    is(HC1(platform_op, 0xffff830000000000UL), -EFAULT, "bad pointer");
    is(run(1000), -ENOSYS, "unknown command");

    is(firmware(XEN_FW_DISK_INFO, 100), -ESRCH, "no such disk");
    is(firmware(XEN_FW_DISK_MBR_SIGNATURE, 100), -ESRCH, "nor its signature");
    is(firmware(XEN_FW_EFI_INFO, XEN_FW_EFI_VERSION), -ENOSYS, "no UEFI");
    is(firmware(XEN_FW_KBD_SHIFT_FLAGS, 0), 0, "shift flags");
    is(firmware(XEN_FW_KBD_SHIFT_FLAGS, 1), -ESRCH, "of one keyboard");
    is(firmware(99, 0), -EINVAL, "unknown type");

    is(pcpu(0), 0, "CPU 0");
    is(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_ONLINE, "is online");
    is(op.u.pcpu_info.max_present, 1, "CPU 1 is the last");
    is(pcpu(1), 0, "CPU 1");
    is(op.u.pcpu_info.apic_id, 1, "has APIC 1");
    is(pcpu(1000), 0, "CPU 1000");
    is(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_INVALID, "does not exist");

    memset(&op, 0, sizeof(op));
    op.u.enter_acpi_sleep.sleep_state = 77;
    is(run(XENPF_enter_acpi_sleep), -EINVAL, "sleep state 77");

    wall_clock();
    machine_checks();
    return 0;
}
