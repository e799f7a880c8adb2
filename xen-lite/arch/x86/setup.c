/* SPDX-License-Identifier: MIT */
/*
 * Bring-up of the whole hypervisor, in order: __start_xen() is the map.
 * Everything here but the last step is init code, gone once dom0 runs.
 */
#include <hv/acpi.h>
#include <hv/console.h>
#include <hv/dom0.h>
#include <hv/domain.h>
#include <hv/page_alloc.h>
#include <hv/serial.h>
#include <hv/smp.h>
#include <hv/version.h>
#include <asm/apic.h>
#include <asm/e820.h>
#include <asm/firmware.h>
#include <asm/irq.h>
#include <asm/paging.h>
#include <asm/setup.h>
#include <asm/time.h>
#include <asm/tlb.h>
#include "boot/boot.h"

noreturn void __start_xen(uint32_t magic, paddr_t info);

struct boot_info boot_info __initdata;
static char opt_console[64] __initdata = "com1,vga";
HV_OPTION(OPT_STR, "console", opt_console);
/* Accepted, so that common command lines pass; there is none. */
static int __init opt_watchdog(const char *value)
{
    return 0;
}
HV_OPTION_FN("watchdog", opt_watchdog);

static void __init read_boot_info(uint32_t magic, paddr_t info)
{
    if (magic == MB2_BOOT_MAGIC)
        multiboot2_read(info);
    else if (magic == MB1_BOOT_MAGIC)
        multiboot1_read(info);
    cmdline_parse(boot_info.cmdline);
    serial_init(opt_console);
    if (magic != MB1_BOOT_MAGIC && magic != MB2_BOOT_MAGIC)
        panic("Not started by a multiboot loader (magic %08x)", magic);
}

/* Reads what dom0 will ask for, while low memory is as firmware left it. */
#define BDA_KBD_FLAGS 0x417
struct efi_system_table {
    uint64_t signature;
    uint32_t revision, header_size, crc, reserved;
    uint64_t vendor;
    uint32_t vendor_revision, pad;
    uint64_t console[6], runtime, boot;
    uint64_t nr_tables, tables;
};

static void __init read_firmware(void)
{
    const struct efi_system_table *st;
    const uint16_t *vendor;

    if (!boot_info.efi_system_table) {
        firmware.kbd_shift_flags = *(uint8_t *)maddr_to_virt(BDA_KBD_FLAGS);
        return;
    }
    st = maddr_to_virt(boot_info.efi_system_table);
    if (!boot_info.efi_64bit || boot_info.efi_system_table >= GB(4UL) ||
        st->vendor >= GB(4UL))
        return;
    firmware.efi = true;
    firmware.efi_revision = st->revision;
    firmware.efi_vendor_revision = st->vendor_revision;
    firmware.efi_config_table = st->tables;
    firmware.efi_config_entries = st->nr_tables;
    vendor = maddr_to_virt(st->vendor);
    for (unsigned int i = 0;
         i < ARRAY_SIZE(firmware.efi_vendor) - 1 && vendor[i]; i++)
        firmware.efi_vendor[i] = vendor[i];
}

/* --- memory --- */

/* A page that is RAM by the map. It is firmware's again, and dom0 may map it,
 * once the other CPUs have started. */
static paddr_t trampoline __initdata;

static void __init find_trampoline(paddr_t s, paddr_t e)
{
    if (!trampoline && s >= PAGE_SIZE && s < 0x9f000)
        trampoline = s;
}

/* Reserves what the hypervisor uses, before memory is handed out. */
static void __init memory_map_init(void)
{
    e820_finish();
    printk(XENLOG_INFO "Memory map:\n");
    e820_print();
    boot_reserve(0, PAGE_SIZE);
    boot_reserve(virt_to_maddr(_start),
                 virt_to_maddr(_start) + (_end - _start));
    for (unsigned int i = 0; i < boot_info.nr_modules; i++) {
        const struct boot_module *m = &boot_info.modules[i];

        printk(XENLOG_INFO "Module %u: [%lx, %lx) %s\n", i, m->start,
               m->start + m->size, m->cmdline);
        if (m->size)
            boot_reserve(m->start & PAGE_MASK,
                         ROUND_UP(m->start + m->size, PAGE_SIZE));
    }
    e820_for_each_free_ram(find_trampoline);
    if (!trampoline)
        panic("No page below 1 MiB for the start of other CPUs");
    boot_reserve(0, FIRMWARE_MEMORY_END);
}

static void __init heap_init(void)
{
    paging_init();
    e820_for_each_free_ram(init_heap_pages);
    heap_init_done();
    printk(XENLOG_INFO "%lu MiB of RAM, image at %lx, %lu KiB of it for boot\n",
           total_pages >> (20 - PAGE_SHIFT), xen_phys_start,
           (__init_end - __init_begin) / 1024UL);
}

static void __init free_modules(void)
{
    for (unsigned int i = 0; i < boot_info.nr_modules; i++) {
        const struct boot_module *m = &boot_info.modules[i];

        if (m->size)
            init_heap_pages(MAX(m->start & PAGE_MASK, FIRMWARE_MEMORY_END),
                            ROUND_UP(m->start + m->size, PAGE_SIZE));
    }
}

/* --- dom0 --- */

static void __init create_dom0(void)
{
    static const struct boot_module none = {.cmdline = ""};
    const struct boot_module *m = boot_info.modules;

    if (!boot_info.nr_modules)
        panic("No kernel for dom0: the boot loader gave no module");
    construct_dom0(&m[0], boot_info.nr_modules > 1 ? &m[1] : &none);
    free_modules();
}

/* The image's init part becomes RAM: out of the window, writable elsewhere. */
static void free_init_memory(void)
{
    unsigned long size = __init_end - __init_begin;
    paddr_t pa = virt_to_maddr(__init_begin);
    unsigned long alias = (unsigned long)maddr_to_virt(pa);

    unmap_xen((unsigned long)__init_begin, size >> PAGE_SHIFT);
    modify_xen_mappings(alias, alias + size, HV_PTE_RW);
    init_heap_pages(pa, pa + size);
}

/* Frees .init.text, which holds its caller: hence neither __init nor
 * inlined. */
static noreturn __attribute__((noinline)) void start_dom0(void)
{
    vga_end_boot();
    free_init_memory();
    tlb_clock_end_boot();
    printk(XENLOG_INFO "%lu MiB free, starting dom0\n",
           total_free_pages() >> (20 - PAGE_SHIFT));
    console_tell_input();
    domain_unpause_by_controller(hardware_domain);
    startup_cpu_idle_loop();
}

noreturn void __init __start_xen(uint32_t magic, paddr_t info)
{
    get_cpu_info()->cpu = 0;
    get_cpu_info()->per_cpu_offset = 0;
    smp_prepare_boot_cpu();
    read_boot_info(magic, info);
    printk("%s\n", xen_lite_banner);
    printk(XENLOG_INFO "Loader: %s, command line: %s\n", boot_info.loader,
           boot_info.cmdline);
    read_firmware();
    cpu_identify();
    cpu_init_features();
    printk(XENLOG_WARNING "No mitigations of speculation flaws of CPUs: run "
                          "only guests that you trust\n");
    trap_init();

    memory_map_init();
    heap_init();
    vga_init(opt_console);
    cpu_init_traps(0, cpu0_stack);

    disable_i8259();
    lapic_map();
    acpi_init(boot_info.rsdp, boot_info.rsdp_size);
    lapic_init_cpu();
    init_irqs();
    time_init();

    softirq_init();
    timer_init();
    scheduler_init();
    domain_init();
    get_cpu_info()->current_vcpu = vcpu_create(idle_domain, 0);
    if (!current)
        panic("No memory for the idle vcpu");
    local_irq_enable();
    smp_prepare_cpus(trampoline);
    time_start_following();
    serial_start_interrupts();

    create_dom0();
    start_dom0();
}
