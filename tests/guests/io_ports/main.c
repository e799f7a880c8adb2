/* SPDX-License-Identifier: MIT */
/* Port I/O of dom0: what passes, what is answered, what reads as nothing. */
#include <pv/io_port.h>
#include <pv/pv.h>

static void raw_in(void *arg)
{
    in8(0x60);
}

int main(void)
{
    struct physdev_set_iopl iopl = {.iopl = 1};
    uint8_t a;

    HC2(physdev_op, PHYSDEVOP_set_iopl, &iopl);
    is(try_call(raw_in, NULL), -1, "a port may be read");
    out32(0xcf8, 0x80000000);
    is(in32(0xcf8), 0x80000000L, "port 0xcf8 reads back what was written");
    is(in32(0xcfc) & 0xffff, 0x8086, "PCI device 00:00.0 is Intel's bridge");
    out32(0xcf8, 0x80000000 | 31 << 11);
    is(in32(0xcfc), 0xffffffffL, "PCI device 31 does not exist");
    out8(0x70, 0x0a);
    a = in8(0x71);
    ok(a != 0xff, "CMOS register A is %x", a);
    is(in8(0x21), 0xff, "the ports of the PIC read as nothing");
    out8(0x21, 0);
    is(in8(0x21), 0xff, "the ports of the PIC cannot be written");
    ok(in8(0x61) != 0xee, "port 0x61 is answered");
    return 0;
}
