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
    is(run(XENPF_settime64), -EINVAL, "settime64 with mbz set is -EINVAL");
    op.u.settime64.mbz = 0;
    is(run(XENPF_settime64), 0, "settime64 returns 0");
    is((long)(shared_info->wc_sec + (now + shared_info->wc_nsec) / 1000000000),
       1700000000, "the shared page shows the time that was set");
}

static void machine_checks(void)
{
    static struct mc_info record;
    struct xen_mc mc = {.cmd = XEN_MC_fetch,
                        .interface_version = XEN_MCA_INTERFACE_VERSION};

    mc.u.mc_fetch.flags = XEN_MC_NONURGENT;
    is(HC1(mca, &mc), -EINVAL,
       "a fetch of machine checks without a buffer is -EINVAL");
    set_xen_guest_handle(mc.u.mc_fetch.data, &record);
    is(HC1(mca, &mc), 0, "a fetch of machine checks returns 0");
    ok(mc.u.mc_fetch.flags & XEN_MC_NODATA,
       "a fetch of machine checks finds no record");
    mc.u.mc_fetch.flags = 0;
    is(HC1(mca, &mc), -EINVAL,
       "a fetch of machine checks from no queue is -EINVAL");
    memset(&mc.u, 0, sizeof(mc.u));
    mc.cmd = XEN_MC_physcpuinfo;
    is(HC1(mca, &mc), 0, "the number of CPUs can be asked");
    is(mc.u.mc_physcpuinfo.ncpus, 2, "there are two CPUs");
    mc.interface_version++;
    is(HC1(mca, &mc), -EACCES, "mca of another version is -EACCES");
}

int main(void)
{
    op.cmd = XENPF_get_cpuinfo;
    op.interface_version = XENPF_INTERFACE_VERSION + 1;
    is(HC1(platform_op, &op), -EACCES,
       "platform_op of another version is -EACCES");
    is(HC1(platform_op, 0xffff830000000000UL), -EFAULT,
       "platform_op at a bad address is -EFAULT");
    is(run(1000), -ENOSYS, "an unknown command of platform_op is -ENOSYS");

    is(firmware(XEN_FW_DISK_INFO, 100), -ESRCH,
       "firmware_info of a BIOS disk is -ESRCH");
    is(firmware(XEN_FW_DISK_MBR_SIGNATURE, 100), -ESRCH,
       "firmware_info of a disk's signature is -ESRCH");
    is(firmware(XEN_FW_EFI_INFO, XEN_FW_EFI_VERSION), -ENOSYS,
       "firmware_info of UEFI is -ENOSYS");
    is(firmware(XEN_FW_KBD_SHIFT_FLAGS, 0), 0,
       "firmware_info tells the shift flags");
    is(firmware(XEN_FW_KBD_SHIFT_FLAGS, 1), -ESRCH,
       "firmware_info of a second keyboard is -ESRCH");
    is(firmware(99, 0), -EINVAL, "firmware_info of an unknown type is -EINVAL");

    is(pcpu(0), 0, "get_cpuinfo of CPU 0 returns 0");
    is(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_ONLINE,
       "get_cpuinfo says that CPU 0 is online");
    is(op.u.pcpu_info.max_present, 1,
       "get_cpuinfo says that CPU 1 is the last");
    is(pcpu(1), 0, "get_cpuinfo of CPU 1 returns 0");
    is(op.u.pcpu_info.apic_id, 1, "get_cpuinfo says that CPU 1 has APIC id 1");
    is(pcpu(1000), 0, "get_cpuinfo of CPU 1000 returns 0");
    is(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_INVALID,
       "get_cpuinfo says that CPU 1000 does not exist");

    memset(&op, 0, sizeof(op));
    op.u.enter_acpi_sleep.sleep_state = 77;
    is(run(XENPF_enter_acpi_sleep), -EINVAL, "sleep state 77 is -EINVAL");

    wall_clock();
    machine_checks();
    return 0;
}
