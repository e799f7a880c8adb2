/* SPDX-License-Identifier: MIT */
/*
 * ACPI's static tables: RSDP, then RSDT or XSDT, then MADT (CPUs, IO-APICs,
 * interrupt overrides), FADT (power, reset, PM timer), HPET and MCFG. Firmware
 * is trusted to be honest, not to be correct: every length is checked, and a
 * table with a bad checksum is skipped with a message.
 */
#include <hv/acpi.h>
#include <hv/lib.h>
#include <asm/apic.h>
#include <asm/paging.h>

struct acpi_facts acpi;

struct rsdp {
    char signature[8];
    uint8_t checksum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    /* revision 2 */
    uint32_t length;
    uint64_t xsdt;
    uint8_t ext_checksum, reserved[3];
} __packed;
#define RSDP_V1_LENGTH 20

struct table {
    char signature[4];
    uint32_t length;
    uint8_t revision, checksum;
    char oem[6], oem_table[8];
    uint32_t oem_revision, creator, creator_revision;
} __packed;

struct madt {
    struct table h;
    uint32_t lapic_base, flags;
} __packed;

struct madt_entry {
    uint8_t type, length;
    union {
        struct {
            uint8_t acpi_id, apic_id;
            uint32_t flags;
        } __packed lapic;
        struct {
            uint8_t id, reserved;
            uint32_t base, gsi_base;
        } __packed io_apic;
        struct {
            uint8_t bus, irq;
            uint32_t gsi;
            uint16_t flags;
        } __packed override;
        struct {
            uint16_t reserved;
            uint64_t base;
        } __packed lapic_override;
        struct {
            uint16_t reserved;
            uint32_t apic_id, flags, acpi_id;
        } __packed x2apic;
    };
} __packed;
enum {
    MADT_LAPIC = 0,
    MADT_IO_APIC = 1,
    MADT_OVERRIDE = 2,
    MADT_LAPIC_OVERRIDE = 5,
    MADT_X2APIC = 9,
};
#define MADT_ENABLED 1
#define MPS_LOW      3 /* bits 0-1: polarity */
#define MPS_LEVEL    3 /* bits 2-3: trigger */

struct fadt {
    struct table h;
    uint32_t facs, dsdt;
    uint8_t model, profile;
    uint16_t sci;
    uint32_t smi_cmd;
    uint8_t acpi_enable, acpi_disable, s4bios, pstate;
    uint32_t pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_timer;
    uint32_t gpe0, gpe1;
    uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_timer_len;
    uint8_t gpe0_len, gpe1_len, gpe1_base, cst;
    uint16_t c2_latency, c3_latency, flush_size, flush_stride;
    uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
    uint16_t boot_arch;
    uint8_t reserved;
    uint32_t flags;
    struct acpi_gas reset_reg;
    uint8_t reset_value;
} __packed;
#define FADT_RESET (1u << 10)

struct hpet {
    struct table h;
    uint32_t id;
    struct acpi_gas address;
} __packed;

struct mcfg {
    struct table h;
    uint64_t reserved;
    struct {
        uint64_t base;
        uint16_t segment;
        uint8_t start_bus, end_bus;
        uint32_t reserved;
    } __packed entry[];
} __packed;

static bool __init checksum_ok(const void *p, size_t n)
{
    const uint8_t *b = p;
    uint8_t sum = 0;

    while (n--)
        sum += *b++;
    return sum == 0;
}

/* The whole table at pa, mapped for good; NULL with a message if it is bad. */
static const struct table *__init map_table(paddr_t pa)
{
    const struct table *h = pa ? ioremap(pa, sizeof(*h)) : NULL;

    if (!h || h->length < sizeof(*h) || h->length > MB(16))
        return NULL;
    h = ioremap(pa, h->length);
    if (h && !checksum_ok(h, h->length)) {
        printk(XENLOG_WARNING "ACPI: %.4s at %lx has a bad checksum\n",
               h->signature, pa);
        h = NULL;
    }
    return h;
}

static void __init add_cpu(uint32_t acpi_id, uint32_t apic_id, uint32_t flags)
{
    unsigned int n = acpi.nr_cpus;

    if (!(flags & MADT_ENABLED) || n == NR_CPUS)
        return;
    acpi.cpu[n].acpi_id = acpi_id;
    acpi.cpu[n].apic_id = apic_id;
    /* The boot CPU is CPU 0, wherever firmware lists it. */
    if (apic_id == lapic_id()) {
        typeof(acpi.cpu[0]) boot = acpi.cpu[n];
        acpi.cpu[n] = acpi.cpu[0];
        acpi.cpu[0] = boot;
    }
    acpi.nr_cpus++;
}

static void __init add_io_apic(uint8_t id, paddr_t base, uint32_t gsi_base)
{
    unsigned int n = acpi.nr_io_apics;

    if (n == MAX_IO_APICS)
        return;
    acpi.io_apic[n].id = id;
    acpi.io_apic[n].base = base;
    acpi.io_apic[n].gsi_base = gsi_base;
    acpi.nr_io_apics++;
}

static void __init add_override(uint8_t irq, uint32_t gsi, uint16_t flags)
{
    unsigned int n = acpi.nr_overrides;

    if (n == MAX_OVERRIDES)
        return;
    acpi.override[n].isa_irq = irq;
    acpi.override[n].gsi = gsi;
    acpi.override[n].active_low = (flags & 3) == MPS_LOW;
    acpi.override[n].level = ((flags >> 2) & 3) == MPS_LEVEL;
    acpi.nr_overrides++;
}

static void __init read_madt_entry(const struct madt_entry *e)
{
    switch (e->type) {
    case MADT_LAPIC:
        if (e->lapic.apic_id != 0xff)
            add_cpu(e->lapic.acpi_id, e->lapic.apic_id, e->lapic.flags);
        break;
    case MADT_X2APIC:
        if (e->x2apic.apic_id != ~0u)
            add_cpu(e->x2apic.acpi_id, e->x2apic.apic_id, e->x2apic.flags);
        break;
    case MADT_IO_APIC:
        add_io_apic(e->io_apic.id, e->io_apic.base, e->io_apic.gsi_base);
        break;
    case MADT_OVERRIDE:
        add_override(e->override.irq, e->override.gsi, e->override.flags);
        break;
    case MADT_LAPIC_OVERRIDE:
        acpi.lapic_base = e->lapic_override.base;
        break;
    }
}

static void __init read_madt(const struct madt *madt)
{
    const char *p = (const char *)(madt + 1);
    const char *end = (const char *)madt + madt->h.length;

    acpi.lapic_base = madt->lapic_base;
    while (p + 2 <= end) {
        const struct madt_entry *e = (const void *)p;

        if (e->length < 8 || p + e->length > end)
            break;
        read_madt_entry(e);
        p += e->length;
    }
}

static void __init read_fadt(const struct fadt *fadt)
{
    acpi.sci = fadt->sci;
    acpi.pm1a_cnt = fadt->pm1a_cnt;
    acpi.pm1b_cnt = fadt->pm1b_cnt;
    acpi.pm_timer = fadt->pm_timer_len == 4 ? fadt->pm_timer : 0;
    if (fadt->h.length >= sizeof(*fadt) && (fadt->flags & FADT_RESET)) {
        acpi.reset_reg = fadt->reset_reg;
        acpi.reset_value = fadt->reset_value;
        acpi.has_reset = true;
    }
}

static void __init read_mcfg(const struct mcfg *mcfg)
{
    unsigned int n = (mcfg->h.length - sizeof(*mcfg)) / sizeof(mcfg->entry[0]);

    acpi.nr_mcfg = MIN(n, MAX_MCFG);
    for (unsigned int i = 0; i < acpi.nr_mcfg; i++) {
        acpi.mcfg[i].base = mcfg->entry[i].base;
        acpi.mcfg[i].segment = mcfg->entry[i].segment;
        acpi.mcfg[i].start_bus = mcfg->entry[i].start_bus;
        acpi.mcfg[i].end_bus = mcfg->entry[i].end_bus;
    }
}

static void __init read_table(const struct table *t)
{
    if (!memcmp(t->signature, "APIC", 4) && t->length >= sizeof(struct madt))
        read_madt((const void *)t);
    else if (!memcmp(t->signature, "FACP", 4) &&
             t->length >= offsetof(struct fadt, reset_reg))
        read_fadt((const void *)t);
    else if (!memcmp(t->signature, "HPET", 4) &&
             t->length >= sizeof(struct hpet))
        acpi.hpet = ((const struct hpet *)t)->address.address;
    else if (!memcmp(t->signature, "MCFG", 4) &&
             t->length >= sizeof(struct mcfg))
        read_mcfg((const void *)t);
}

static bool __init rsdp_ok(const struct rsdp *r)
{
    return !memcmp(r->signature, "RSD PTR ", 8) &&
           checksum_ok(r, RSDP_V1_LENGTH);
}

static paddr_t __init search_rsdp(paddr_t from, size_t n)
{
    const char *base = ioremap(from, n);

    for (size_t off = 0; base && off + RSDP_V1_LENGTH <= n; off += 16)
        if (rsdp_ok((const void *)(base + off)))
            return from + off;
    return 0;
}

static paddr_t __init find_rsdp(void)
{
    const uint16_t *ebda = ioremap(0x40e, 2);
    paddr_t pa = ebda ? search_rsdp(*ebda << 4, 1024) : 0;

    return pa ?: search_rsdp(0xe0000, 0x20000);
}

void __init acpi_init(const void *loader_rsdp, unsigned int n)
{
    const struct rsdp *r = loader_rsdp;
    const struct table *root;
    unsigned int width;

    if (n < RSDP_V1_LENGTH || !rsdp_ok(r)) {
        acpi.rsdp = find_rsdp();
        r = acpi.rsdp ? ioremap(acpi.rsdp, sizeof(*r)) : NULL;
        n = sizeof(*r);
    }
    if (!r) {
        printk(XENLOG_WARNING "ACPI: no RSDP, one CPU and no IO-APIC\n");
        return;
    }
    if (r->revision >= 2 && n >= sizeof(*r) && r->xsdt) {
        root = map_table(r->xsdt);
        width = 8;
    } else {
        root = map_table(r->rsdt);
        width = 4;
    }
    if (!root)
        return;
    for (const char *p = (const char *)(root + 1);
         p + width <= (const char *)root + root->length; p += width) {
        const struct table *t =
            map_table(width == 8 ? *(const uint64_t *)p : *(const uint32_t *)p);

        if (t)
            read_table(t);
    }
}
