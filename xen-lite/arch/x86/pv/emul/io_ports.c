/* SPDX-License-Identifier: MIT */
/*
 * Ports.
 *
 * dom0 may use nearly all of them, some 36 000 times per boot. A bitmap in the
 * TSS lets it pass, but the CPU cannot tell dom0's kernel from its programs.
 * So the bitmap is out of force until the kernel's first access of a stay traps
 * here, and goes out of force again on the way to user mode; a system call that
 * touches no port costs nothing.
 *
 * Not passed through: the PCI configuration ports (a pair that we use, too),
 * the PIC and the PIT, which the hypervisor drives, and whatever was denied at
 * boot. A port a guest may not use reads as all ones, like an empty bus; writes
 * vanish.
 */
#include <hv/lib.h>
#include <hv/guest_access.h>
#include <hv/page_alloc.h>
#include <asm/device_access.h>
#include <asm/msi.h>
#include <asm/pv.h>

#define IOPORT_BITMAP_ORDER 2 /* 8 KiB + 1 */
#define NR_PORTS            65536u

#define PORT_PIT_CH2 0x42
#define PORT_NMI_SC  0x61 /* gate and output of PIT channel 2 */
#define PIT_CH2_OUT  0x20
#define PORT_CF8     0xcf8
#define PORT_RESET   0xcf9
#define PORT_CFC     0xcfc
#define CF8_ENABLE   0x80000000u

static DEFINE_PER_CPU(bool, tss_has_bitmap);

/* Denied to dom0 from the start; drivers add their own at boot. */
static struct {
    uint16_t first, last;
} denied[8] = {
    {0x20, 0x21}, {0x40, 0x43}, {0x61, 0x61}, {0xa0, 0xa1}, {0xcf8, 0xcff}};
static unsigned int nr_denied = 5;

void __init ioports_deny_dom0(unsigned int first, unsigned int last)
{
    BUG_ON(nr_denied == ARRAY_SIZE(denied));
    denied[nr_denied].first = first;
    denied[nr_denied++].last = last;
}

int io_bitmap_create(struct domain *d)
{
    uint8_t *bitmap = alloc_xenheap_pages(IOPORT_BITMAP_ORDER, 0);

    if (!bitmap)
        return -ENOMEM;
    bitmap[NR_PORTS / 8] = 0xff; /* the CPU reads one byte further */
    for (unsigned int i = 0; i < nr_denied; i++)
        for (unsigned int p = denied[i].first; p <= denied[i].last; p++)
            __set_bit(p, bitmap);
    d->arch.ioport_bitmap = bitmap;
    return 0;
}

bool ioports_access_permitted(const struct domain *d, unsigned int s,
                              unsigned int e)
{
    if (!d->arch.ioport_bitmap || e >= NR_PORTS || s > e)
        return false;
    for (; s <= e; s++)
        if (test_bit(s, d->arch.ioport_bitmap))
            return false;
    return true;
}

void io_bitmap_open(struct vcpu *v)
{
    struct tss_block *tb = this_cpu_tss();

    if (!this_cpu(tss_has_bitmap)) { /* only dom0 ever has one */
        memcpy(tb->iobmp, v->domain->arch.ioport_bitmap, sizeof(tb->iobmp));
        this_cpu(tss_has_bitmap) = true;
    }
    tb->tss.iopb = TSS_IOPB_VALID;
    v->arch.flags |= TF_IO_OPEN;
    pv_update_fast_paths(v);
}

void io_bitmap_close(struct vcpu *v)
{
    this_cpu_tss()->tss.iopb = TSS_IOPB_INVALID;
    v->arch.flags &= ~TF_IO_OPEN;
    pv_update_fast_paths(v);
}

/* Two bytes of the bitmap that the guest kernel keeps for the process; what
 * does not exist permits nothing. */
static uint16_t process_bitmap(const struct vcpu *v, unsigned int port)
{
    uint64_t addr = v->arch.iobmp + port / 8;
    uint16_t bits;

    borrow_kernel_root(v);
    if (copy_from_guest_raw(&bits, addr, 2)) {
        bits = 0xffff;
        if (copy_from_guest_raw(&bits, addr, 1))
            bits = 0xffff;
    }
    return_root(v);
    return bits;
}

bool guest_iopl_permits(const struct vcpu *v)
{
    bool arch_iopl =
        v->domain->vm_assist & (1UL << VMASST_TYPE_architectural_iopl);
    unsigned int cpl = !guest_kernel_mode(v) ? 3 : arch_iopl ? 0 : 1;

    return v->arch.iopl >= cpl;
}

/* By I/O privilege level, or by the process's bitmap (0 bits permit). */
bool guest_io_permitted(const struct vcpu *v, unsigned int port,
                        unsigned int bytes)
{
    if (guest_iopl_permits(v))
        return true;
    if (!v->arch.iobmp || port + bytes > v->arch.iobmp_limit)
        return false;
    return !(process_bitmap(v, port) >> (port & 7) & ((1u << bytes) - 1));
}

/* --- a device at a time --------------------------------------------------- */

static uint32_t all_ones(unsigned int bytes)
{
    return bytes == 4 ? ~0u : (1u << 8 * bytes) - 1;
}

static uint32_t hw_read(unsigned int port, unsigned int bytes)
{
    return bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
}

static void hw_write(unsigned int port, unsigned int bytes, uint32_t data)
{
    if (bytes == 1)
        outb(port, data);
    else if (bytes == 2)
        outw(port, data);
    else
        outl(port, data);
}

static bool is_pci_data(const struct vcpu *v, unsigned int port,
                        unsigned int bytes)
{
    return port >= PORT_CFC && port + bytes <= PORT_CFC + 4 &&
           v->domain->is_privileged && (v->arch.pci_cf8 & CF8_ENABLE);
}

/* This is the first access since the kernel was entered: from the next one on
 * the CPU lets them pass. */
static void pass_from_now_on(struct vcpu *v)
{
    if (guest_kernel_mode(v) && guest_iopl_permits(v) &&
        !(v->arch.flags & TF_IO_OPEN))
        io_bitmap_open(v);
}

uint32_t guest_io_read(struct vcpu *v, unsigned int port, unsigned int bytes)
{
    if (ioports_access_permitted(v->domain, port, port + bytes - 1)) {
        pass_from_now_on(v);
        return hw_read(port, bytes);
    }
    if (port == PORT_CF8 && bytes == 4)
        return v->arch.pci_cf8;
    if (is_pci_data(v, port, bytes))
        return pci_cf8_read(v->arch.pci_cf8, port - PORT_CFC, bytes);
    /* A channel that has run out long ago, and reads as zero: calibration
     * against it gives up at once instead of after 50 000 tries. */
    if (port == PORT_PIT_CH2 && bytes == 1)
        return 0;
    if (port == PORT_NMI_SC && bytes == 1)
        return PIT_CH2_OUT;
    return all_ones(bytes);
}

void guest_io_write(struct vcpu *v, unsigned int port, unsigned int bytes,
                    uint32_t data)
{
    if (ioports_access_permitted(v->domain, port, port + bytes - 1)) {
        pass_from_now_on(v);
        hw_write(port, bytes, data);
    } else if (port == PORT_CF8 && bytes == 4) {
        v->arch.pci_cf8 = data;
    } else if (is_pci_data(v, port, bytes)) {
        pci_cf8_write(v->arch.pci_cf8, port - PORT_CFC, bytes, data);
    } else if (port == PORT_RESET && bytes == 1 && v->domain->is_privileged) {
        outb(PORT_RESET, data);
    }
}
