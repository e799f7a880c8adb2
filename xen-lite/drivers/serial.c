/* SPDX-License-Identifier: MIT */
/*
 * NS16550 serial line: com1= and com2= give speed and format
 * ("115200,8n1[,port]"); console=com1 makes it the console.
 *
 * Output waits for the transmitter (the FIFO takes 16 bytes at a time), which
 * works at any moment, panics included. Input comes by the line's interrupt,
 * or by a timer where there is none.
 */
#include <hv/console.h>
#include <hv/lib.h>
#include <hv/serial.h>
#include <hv/timer.h>
#include <asm/device_access.h>
#include <asm/irq.h>
#include <asm/processor.h>

#define UART_DATA 0 /* divisor low while LCR_DLAB is set */
#define UART_IER  1 /* divisor high */
#define UART_FCR  2
#define UART_LCR  3
#define UART_MCR  4
#define UART_LSR  5
#define UART_SCR  7

#define IER_RX      0x01
#define FCR_ENABLE  0x07 /* on, both FIFOs cleared */
#define LCR_DLAB    0x80
#define MCR_DTR_RTS 0x03
#define MCR_OUT2    0x08 /* lets the interrupt out of the chip */
#define LSR_DATA    0x01
#define LSR_EMPTY   0x20 /* FIFO empty */

#define FIFO_SIZE   16
#define UART_CLOCK  115200
#define POLL_PERIOD MILLISECS(20)

struct uart {
    const char *name;
    uint16_t io_base;
    uint8_t irq;
    char options[32];
    struct timer poll;
};

static struct uart uarts[] = {
    {.name = "com1", .io_base = 0x3f8, .irq = 4},
    {.name = "com2", .io_base = 0x2f8, .irq = 3},
};
static struct uart *console_uart;

static int __init opt_com1(const char *value)
{
    strlcpy(uarts[0].options, value, sizeof(uarts[0].options));
    return 0;
}
HV_OPTION_FN("com1", opt_com1);

static int __init opt_com2(const char *value)
{
    strlcpy(uarts[1].options, value, sizeof(uarts[1].options));
    return 0;
}
HV_OPTION_FN("com2", opt_com2);

static void uart_write(const char *s, size_t n)
{
    const struct uart *u = console_uart;
    unsigned int room = 0;

    for (size_t i = 0; i < n; i++) {
        /* CR goes before LF; both need a place. */
        for (unsigned int spins = 0; room < 2; spins++) {
            if (inb(u->io_base + UART_LSR) & LSR_EMPTY)
                room = FIFO_SIZE;
            else if (spins > 100000) /* a stuck line must not stop us */
                return;
        }
        if (s[i] == '\n') {
            outb(u->io_base + UART_DATA, '\r');
            room--;
        }
        outb(u->io_base + UART_DATA, s[i]);
        room--;
    }
}

static struct console_driver uart_driver = {.write = uart_write};

static void uart_receive(void *data)
{
    const struct uart *u = data;

    for (int n = 0; n < 256 && (inb(u->io_base + UART_LSR) & LSR_DATA); n++)
        console_rx(inb(u->io_base + UART_DATA));
}

static void uart_poll(void *data)
{
    struct uart *u = data;

    uart_receive(u);
    set_timer(&u->poll, get_s_time() + POLL_PERIOD);
}

/* "115200,8n1,0x3f8": each part may be missing; "auto" keeps the speed. */
static void __init uart_configure(struct uart *u)
{
    const char *o = u->options;
    unsigned int baud = 115200, bits = 8, stop = 1;
    char parity = 'n';
    uint8_t lcr;

    if (*o >= '0' && *o <= '9')
        baud = simple_strtoul(o, &o, 10);
    if ((o = strchr(o, ',')) != NULL && o[1] >= '5' && o[1] <= '8' && o[2]) {
        bits = o[1] - '0';
        parity = o[2];
        stop = o[3] == '2' ? 2 : 1;
        if ((o = strchr(o + 1, ',')) != NULL && o[1] == '0')
            u->io_base = simple_strtoul(o + 1, NULL, 0);
    }
    lcr = (bits - 5) | (stop == 2 ? 4 : 0) |
          (parity == 'o'   ? 8
           : parity == 'e' ? 0x18
                           : 0);
    outb(u->io_base + UART_IER, 0);
    outb(u->io_base + UART_LCR, lcr | LCR_DLAB);
    baud = UART_CLOCK / (baud ? MIN(baud, UART_CLOCK) : UART_CLOCK);
    outb(u->io_base + UART_DATA, baud);
    outb(u->io_base + UART_IER, baud >> 8);
    outb(u->io_base + UART_LCR, lcr);
    outb(u->io_base + UART_FCR, FCR_ENABLE);
    outb(u->io_base + UART_MCR, MCR_DTR_RTS | MCR_OUT2);
}

static bool __init uart_present(const struct uart *u)
{
    outb(u->io_base + UART_SCR, 0x5a);
    return inb(u->io_base + UART_SCR) == 0x5a;
}

bool __init serial_init(const char *console)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(uarts) && !console_uart; i++) {
        struct uart *u = &uarts[i];

        if (!strstr(console, u->name))
            continue;
        uart_configure(u);
        if (!uart_present(u))
            continue;
        console_uart = u;
        console_register(&uart_driver);
        ioports_deny_dom0(u->io_base, u->io_base + 7);
    }
    return console_uart != NULL;
}

void __init serial_start_input(void)
{
    struct uart *u = console_uart;

    if (!u)
        return;
    if (request_irq(u->irq, uart_receive, u) == 0) {
        outb(u->io_base + UART_IER, IER_RX);
        uart_receive(u);
        return;
    }
    init_timer(&u->poll, uart_poll, u, 0);
    set_timer(&u->poll, get_s_time() + POLL_PERIOD);
}
