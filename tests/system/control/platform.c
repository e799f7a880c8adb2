/* SPDX-License-Identifier: MIT */
/*
 * platform_op and physdev_op. Left out: sleep states, changes of memory types
 * (they take effect), the clock, CPUs going away, programming of interrupt
 * lines that dom0 uses.
 */
#include "control.h"

static int has_effect(uint32_t command)
{
    switch (command) {
    case XENPF_settime32:
    case XENPF_settime64:
    case XENPF_enter_acpi_sleep:
    case XENPF_cpu_offline:
    case XENPF_change_freq:
        return 1;
    }
    return 0;
}

static void platform_numbers(void)
{
    for (v = 0; v < 70; v++) {
        FOR(w, 0, 0x03000000, 0x03000002)
        {
            memset(arg, 0, sizeof(arg->p));
            arg->p.cmd = v;
            arg->p.interface_version = w;
            report(
                "platform_op",
                hypercall(__HYPERVISOR_platform_op, (uint64_t)arg, 0, 0, 0, 0),
                "platform_op of another version");
        }
        if (has_effect(v))
            continue;
        memset(arg, 0, sizeof(arg->p));
        platform(v, "platform_op", "");
    }
    v = 0;
}

static void platform_fields(void)
{
    FOR(v, 1, ~0u)
    PLATFORM(settime64, P.settime64.mbz = v);
    FOR(v, 0, 1, 2, 3, 4, 5, 6, 7, ~0u)
    FOR(w, 0, 1, 0x40, 0x80, ~0u)
    PLATFORM(firmware_info, P.firmware_info.type = v;
             P.firmware_info.index = w);
    FOR(v, 0, 1, 2, 63, 64, 1000, ~0u)
    {
        PLATFORM(get_cpuinfo, P.pcpu_info.xen_cpuid = v);
        field("max", P.pcpu_info.max_present);
        field("flags", P.pcpu_info.flags);
        field("apic", P.pcpu_info.apic_id);
        PLATFORM(get_cpu_version, P.pcpu_version.xen_cpuid = v);
        field("family", P.pcpu_version.family);
        field("model", P.pcpu_version.model);
        field("vendor", *(uint32_t *)P.pcpu_version.vendor_id);
        if (v) {
            PLATFORM(cpu_online, P.cpu_ol.cpuid = v);
            PLATFORM(cpu_offline, P.cpu_ol.cpuid = v);
        }
    }
    FOR(v, 0, 1, 8, 64, 1000)
    {
        memset(buffer, 0xff, 256);
        PLATFORM(getidletime, P.getidletime.cpumap_nr_cpus = v;
                 H(P.getidletime.cpumap_bitmap, buffer);
                 H(P.getidletime.idletime, buffer + 4096));
        field("map", *(uint64_t *)buffer);
        PLATFORM(getidletime, P.getidletime.cpumap_nr_cpus = v;
                 H(P.getidletime.cpumap_bitmap, NOWHERE);
                 H(P.getidletime.idletime, buffer));
        memset(buffer, 0xff, 256);
        PLATFORM(getidletime, P.getidletime.cpumap_nr_cpus = v;
                 H(P.getidletime.cpumap_bitmap, buffer);
                 H(P.getidletime.idletime, NOWHERE));
    }
    FOR(v, 0, 1, 2, 3, 4, 8, ~0u)
    FOR(w, 0, 1, ~0u)
    PLATFORM(set_processor_pminfo, P.set_pminfo.type = v; P.set_pminfo.id = w);
    FOR(v, 0, 1, 2, ~0u)
    {
        PLATFORM(core_parking, P.core_parking.type = v);
        PLATFORM(efi_runtime_call, P.efi_runtime_call.function = v);
        PLATFORM(platform_quirk, P.platform_quirk.quirk_id = v);
        PLATFORM(microcode_update, P.microcode.length = v);
        PLATFORM(read_memtype, P.read_memtype.reg = v + 100);
        PLATFORM(del_memtype, P.del_memtype.reg = v + 100);
    }
    FOR(v, 0, 1, 2, 3, 4, ~0u)
    FOR(w, 0, 1, ~0u)
    PLATFORM(resource_op, P.resource_op.nr_entries = v; P.resource_op.cpu = w;
             memset(buffer, 0, 4096); H(P.resource_op.entries, buffer));
    FOR(v, 0, 1, 5, ~0u)
    PLATFORM(get_symbol, P.symdata.symnum = v; P.symdata.namelen = 64;
             H(P.symdata.name, buffer));
    PLATFORM(get_symbol, P.symdata.namelen = 64; H(P.symdata.name, NOWHERE));
    FOR(v, 0, 1, ~0u)
    {
        PLATFORM(cpu_hotadd, P.cpu_add.apic_id = v + 1000);
        PLATFORM(mem_hotadd, P.mem_add.spfn = v; P.mem_add.epfn = v);
    }
}

/* --- physdev_op ----------------------------------------------------------- */

#define DEV(sub, type, ...)                                                    \
    CALL("physdev_op", physdev_op, sub, #sub, type, #__VA_ARGS__, __VA_ARGS__)
#define LINES 15, 16, 17, 23, 24, 48, 255, 256, 1000, ~0u

static void physdev(void)
{
    for (v = 0; v < 40; v++) {
        switch (v) {
        case PHYSDEVOP_eoi: /* of lines that may be in service */
        case PHYSDEVOP_pirq_eoi_gmfn_v1:
        case PHYSDEVOP_pirq_eoi_gmfn_v2:
        case PHYSDEVOP_set_iopl:
        case PHYSDEVOP_apic_write:
        case PHYSDEVOP_map_pirq:
        case PHYSDEVOP_unmap_pirq:
        case PHYSDEVOP_setup_gsi:
        case PHYSDEVOP_pci_device_remove:
        case PHYSDEVOP_manage_pci_remove:
        case PHYSDEVOP_prepare_msix:
        case PHYSDEVOP_release_msix:
            break;
        default:
            memset(arg, 0, 256);
            RAW("physdev_op", physdev_op, v, arg, 0, 0, 0);
        }
        RAW("physdev_op", physdev_op, v, NOWHERE, 0, 0, 0);
    }
    v = 0;
    FOR(v, LINES)
    {
        DEV(PHYSDEVOP_eoi, struct physdev_eoi, a->irq = v);
        DEV(PHYSDEVOP_irq_status_query, struct physdev_irq_status_query,
            a->irq = v);
        DEV(PHYSDEVOP_alloc_irq_vector, struct physdev_irq, a->irq = v);
        DEV(PHYSDEVOP_free_irq_vector, struct physdev_irq, a->irq = v);
        FOR(w, 0, T, GONE, DOMID_SELF)
        {
            if (v < 48)
                continue; /* may be dom0's */
            DEV(PHYSDEVOP_unmap_pirq, struct physdev_unmap_pirq, a->domid = w;
                a->pirq = v);
        }
        DEV(PHYSDEVOP_setup_gsi, struct physdev_setup_gsi,
            a->gsi = v < 24 ? v + 1000 : v);
    }
    FOR(v, 0, 1, 2, 3, 4, 5, ~0u)
    FOR(w, T, GONE, DOMID_SELF)
    DEV(PHYSDEVOP_map_pirq, struct physdev_map_pirq, a->domid = w; a->type = v;
        a->index = 0x7fffffff; a->pirq = -1);
    FOR(v, 0, 1, 2, 3, ~0u)
    DEV(PHYSDEVOP_set_iobitmap, struct physdev_set_iobitmap,
        a->nr_ports = v * 65537);
    FOR(v, 4, 5, ~0u)
    DEV(PHYSDEVOP_set_iopl, struct physdev_set_iopl, a->iopl = v);
    FOR(v, 0, 0xfec00000, 0xfed00000, ~0ULL)
    FOR(w, 0, 1, 0x10, 0x3f, 0x40, 0xff)
    DEV(PHYSDEVOP_apic_read, struct physdev_apic, a->apic_physbase = v;
        a->reg = w);
    FOR(v, 1, 0xfed00000)
    DEV(PHYSDEVOP_apic_write, struct physdev_apic, a->apic_physbase = v);
    FOR(v, 0, 1, 2, 3, 4, ~0u)
    DEV(PHYSDEVOP_get_free_pirq, struct physdev_get_free_pirq, a->type = v);
    FOR(v, 0xf8, 0xff)
    {
        DEV(PHYSDEVOP_pci_device_remove, struct physdev_pci_device, a->bus = v);
        DEV(PHYSDEVOP_manage_pci_remove, struct physdev_manage_pci, a->bus = v);
        DEV(PHYSDEVOP_restore_msi, struct physdev_restore_msi, a->bus = v);
        DEV(PHYSDEVOP_restore_msi_ext, struct physdev_pci_device, a->bus = v);
        DEV(PHYSDEVOP_prepare_msix, struct physdev_pci_device, a->bus = v);
        DEV(PHYSDEVOP_release_msix, struct physdev_pci_device, a->bus = v);
    }
    FOR(v, 0, 1, 2, 3)
    DEV(PHYSDEVOP_dbgp_op, struct physdev_dbgp_op, a->op = v; a->bus = 7);
    FOR(v, 0, 1, 0x100000, 0xb0000000)
    DEV(PHYSDEVOP_pci_mmcfg_reserved, struct physdev_pci_mmcfg_reserved,
        a->address = v;
        a->segment = 7);
    FOR(v, 0, 1ULL << 40, ~0ULL)
    DEV(PHYSDEVOP_pirq_eoi_gmfn_v1, struct physdev_pirq_eoi_gmfn,
        a->gmfn = v | 1ULL << 50);
}

void try_platform(void)
{
    platform_numbers();
    platform_fields();
    physdev();
}
