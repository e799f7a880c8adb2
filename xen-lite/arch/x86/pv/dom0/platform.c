/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_platform_op: dom0's kernel tells the time, asks what firmware left
 * and which CPUs there are, and switches the machine off.
 */
#include <hv/acpi.h>
#include <hv/domain.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/subop.h>
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

static long firmware_info(struct domain *unused, void *arg)
{
    struct xenpf_firmware_info *info = arg;
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

static long pcpu_info(struct domain *unused, void *arg)
{
    struct xenpf_pcpuinfo *info = arg;
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

static long pcpu_version(struct domain *unused, void *arg)
{
    struct xenpf_pcpu_version *version = arg;
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

static long enter_acpi_sleep(struct domain *unused, void *arg)
{
    const struct xenpf_enter_acpi_sleep *sleep = arg;
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
static long get_symbol(struct domain *unused, void *arg)
{
    struct xenpf_symdata *sym = arg;
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

static long settime32(struct domain *unused, void *arg)
{
    const struct xenpf_settime32 *t = arg;

    set_wallclock(t->secs, t->nsecs, t->system_time);
    return 0;
}

static long settime64(struct domain *unused, void *arg)
{
    const struct xenpf_settime64 *t = arg;

    if (t->mbz)
        return -EINVAL;
    set_wallclock(t->secs, t->nsecs, t->system_time);
    return 0;
}

static long cpu_online(struct domain *unused, void *arg)
{
    const struct xenpf_cpu_ol *c = arg;

    return c->cpuid < NR_CPUS && cpumask_test(c->cpuid, cpu_present_map)
               ? 0
               : -EINVAL;
}

static long cpu_offline(struct domain *d, void *arg)
{
    return cpu_online(d, arg) ?: -EOPNOTSUPP;
}

static const struct subop platform_table[] = {
    [XENPF_settime32] = {.fn = settime32, .flags = SUBOP_OUT},
    [XENPF_settime64] = {.fn = settime64, .flags = SUBOP_OUT},
    [XENPF_firmware_info] = {.fn = firmware_info, .flags = SUBOP_OUT},
    [XENPF_get_cpuinfo] = {.fn = pcpu_info, .flags = SUBOP_OUT},
    [XENPF_get_cpu_version] = {.fn = pcpu_version, .flags = SUBOP_OUT},
    [XENPF_get_symbol] = {.fn = get_symbol, .flags = SUBOP_OUT},
    [XENPF_enter_acpi_sleep] = {.fn = enter_acpi_sleep, .flags = SUBOP_OUT},
    [XENPF_cpu_online] = {.fn = cpu_online, .flags = SUBOP_OUT},
    [XENPF_cpu_offline] = {.fn = cpu_offline},
    [XENPF_cpu_hotadd] = {.rc = -EOPNOTSUPP},
    [XENPF_mem_hotadd] = {.rc = -EOPNOTSUPP},
    [XENPF_core_parking] = {.rc = -EOPNOTSUPP},
    [XENPF_resource_op] = {.rc = -EOPNOTSUPP},
    [XENPF_microcode_update] = {.rc = -EOPNOTSUPP},
};

/* Frequency and idle states are not managed; no run-time UEFI. */
static const struct subop_family platform_ops = {
    .call = __HYPERVISOR_platform_op,
    .rows = {{platform_table, ARRAY_SIZE(platform_table)}},
    .otherwise = {.rc = -ENOSYS},
    .version = XENPF_INTERFACE_VERSION,
    .size = sizeof(struct xen_platform_op),
    .body = offsetof(struct xen_platform_op, u),
};

long do_platform_op(uint64_t arg)
{
    return subop_call_headed(&platform_ops, arg);
}
