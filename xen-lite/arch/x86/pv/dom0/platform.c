/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_platform_op: dom0's kernel tells the time, asks what firmware left
 * and which CPUs there are, and switches the machine off. The table has let
 * only dom0 in.
 */
#include <hv/acpi.h>
#include <hv/domain.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/symbols.h>
#include <asm/apic.h>
#include <asm/firmware.h>
#include <asm/page.h>
#include <xen/platform.h>

struct firmware_facts firmware;

/* --- firmware --- */

static long efi_info(uint32_t index, union xenpf_efi_info *info)
{
    uint32_t room, n;

    if (!firmware.efi)
        return -ENOSYS;
    switch (index) {
    case XEN_FW_EFI_VERSION:
        info->version = firmware.efi_revision;
        return 0;
    case XEN_FW_EFI_CONFIG_TABLE:
        info->cfg.addr = firmware.efi_config_table;
        info->cfg.nent = firmware.efi_config_entries;
        return 0;
    case XEN_FW_EFI_VENDOR:
        info->vendor.revision = firmware.efi_vendor_revision;
        if (guest_handle_is_null(info->vendor.name))
            return 0;
        room = info->vendor.bufsz;
        n = sizeof(firmware.efi_vendor);
        if (room < n)
            return -EOVERFLOW;
        return copy_to_guest_raw(guest_handle_addr(info->vendor.name, 0),
                                 firmware.efi_vendor, n)
                   ? -EFAULT
                   : 0;
    case XEN_FW_EFI_MEM_INFO:
    case XEN_FW_EFI_PCI_ROM:
    case XEN_FW_EFI_APPLE_PROPERTIES:
        return -ENODATA;
    default:
        return -EINVAL;
    }
}

static long firmware_info(struct xenpf_firmware_info *info)
{
    switch (info->type) {
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
    case XEN_FW_VBEDDC_INFO:
        return -ESRCH; /* would need the BIOS, which is behind us */
    case XEN_FW_EFI_INFO:
        return efi_info(info->index, &info->u.efi_info);
    case XEN_FW_KBD_SHIFT_FLAGS:
        if (info->index)
            return -ESRCH;
        info->u.kbd_shift_flags = firmware.kbd_shift_flags;
        return 0;
    default:
        return -EINVAL;
    }
}

/* --- CPUs --- */

static uint32_t last_present_cpu(void)
{
    return fls64(cpu_present_map.bits);
}

static long pcpu_info(struct xenpf_pcpuinfo *info)
{
    uint32_t cpu = info->xen_cpuid;

    info->max_present = last_present_cpu();
    if (cpu >= NR_CPUS || !cpumask_test(cpu, cpu_present_map)) {
        info->flags = XEN_PCPU_FLAGS_INVALID;
        return 0;
    }
    info->apic_id = cpu_to_apicid[cpu];
    info->acpi_id = acpi.cpu[cpu].acpi_id;
    info->flags = cpumask_test(cpu, cpu_online_map) ? XEN_PCPU_FLAGS_ONLINE : 0;
    return 0;
}

static long pcpu_version(struct xenpf_pcpu_version *version)
{
    uint32_t cpu = version->xen_cpuid;

    version->max_present = last_present_cpu();
    memset(version->vendor_id, 0, sizeof(version->vendor_id));
    version->family = version->model = version->stepping = 0;
    if (cpu < NR_CPUS && cpumask_test(cpu, cpu_online_map)) {
        memcpy(version->vendor_id, boot_cpu.vendor, sizeof(version->vendor_id));
        version->family = boot_cpu.family;
        version->model = boot_cpu.model;
        version->stepping = boot_cpu.stepping;
    }
    return 0;
}

/* --- sleep --- */

static long enter_acpi_sleep(const struct xenpf_enter_acpi_sleep *sleep)
{
    if (sleep->sleep_state < 1 || sleep->sleep_state > 5)
        return -EINVAL;
    if (sleep->sleep_state != 5)
        return -EOPNOTSUPP; /* the hypervisor's own state is not saved */
    if (sleep->flags & ~XENPF_ACPI_SLEEP_EXTENDED)
        return -EINVAL;
    if (sleep->flags & XENPF_ACPI_SLEEP_EXTENDED)
        return -EPERM;
    return acpi_enter_s5(sleep->val_a, sleep->val_b);
}

/* dom0 reads one by one: symnum unchanged means that there are no more. */
static long get_symbol(struct xenpf_symdata *sym)
{
    unsigned long addr = 0;
    const char *name = symbol_at(sym->symnum, &addr);

    sym->type = 't';
    sym->address = addr;
    if (name)
        sym->symnum++;
    else
        name = "";
    sym->namelen = MIN(sym->namelen, (uint32_t)strlen(name) + 1);
    return copy_to_guest(sym->name, name, sym->namelen) ? -EFAULT : 0;
}

static long run(struct xen_platform_op *op)
{
    switch (op->cmd) {
    case XENPF_settime32:
        set_wallclock(op->u.settime32.secs, op->u.settime32.nsecs,
                      op->u.settime32.system_time);
        return 0;
    case XENPF_settime64:
        if (op->u.settime64.mbz)
            return -EINVAL;
        set_wallclock(op->u.settime64.secs, op->u.settime64.nsecs,
                      op->u.settime64.system_time);
        return 0;
    case XENPF_firmware_info:
        return firmware_info(&op->u.firmware_info);
    case XENPF_get_cpuinfo:
        return pcpu_info(&op->u.pcpu_info);
    case XENPF_get_cpu_version:
        return pcpu_version(&op->u.pcpu_version);
    case XENPF_get_symbol:
        return get_symbol(&op->u.symdata);
    case XENPF_enter_acpi_sleep:
        return enter_acpi_sleep(&op->u.enter_acpi_sleep);
    case XENPF_cpu_online:
    case XENPF_cpu_offline:
        if (op->u.cpu_ol.cpuid >= NR_CPUS ||
            !cpumask_test(op->u.cpu_ol.cpuid, cpu_present_map))
            return -EINVAL;
        return op->cmd == XENPF_cpu_online ? 0 : -EOPNOTSUPP;
    case XENPF_cpu_hotadd:
    case XENPF_mem_hotadd:
    case XENPF_core_parking:
    case XENPF_resource_op:
    case XENPF_microcode_update:
        return -EOPNOTSUPP;
    default:
        /* Frequency and idle states are not managed; no run-time UEFI. */
        return -ENOSYS;
    }
}

long do_platform_op(uint64_t arg)
{
    struct xen_platform_op op;
    long rc;

    if (!current->domain->is_privileged)
        return -EPERM;
    if (copy_object_from_guest(&op, arg))
        return -EFAULT;
    if (op.interface_version != XENPF_INTERFACE_VERSION)
        return -EACCES;
    rc = run(&op);
    if (!rc && copy_object_to_guest(arg, &op))
        rc = -EFAULT;
    return rc;
}
