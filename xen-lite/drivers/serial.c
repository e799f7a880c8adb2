/* SPDX-License-Identifier: MIT */
/*
 * NS16550 serial line: com1= and com2= give speed and format
 * ("115200,8n1[,port]"); console=com1 makes it the console.
 *
 * The transmitter's FIFO takes 16 bytes at a time; the line's interrupt says
 * when it is empty. So at boot and at a panic output waits for it, and
 * otherwise not. Input comes by the interrupt, too. Where there is none, a
 * timer looks; it also looks after a line that always has a reason for one.
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
#define UART_IIR  2 /* read */
#define UART_FCR  2
#define UART_LCR  3
#define UART_MCR  4
#define UART_LSR  5
#define UART_SCR  7

#define IER_RX      0x01
#define IER_TX      0x02
#define IIR_NONE    0x01 /* no reason for an interrupt */
#define FCR_ENABLE  0x07 /* on, both FIFOs cleared */
#define LCR_DLAB    0x80
#define MCR_DTR_RTS 0x03
#define MCR_OUT2    0x08 /* lets the interrupt out of the chip */
#define LSR_DATA    0x01
#define LSR_EMPTY   0x20 /* FIFO empty */

#define FIFO_SIZE   16
#define ROUNDS      2 /* at one interrupt: some 70 us of port accesses */
#define UART_CLOCK  115200
#define POLL_PERIOD MILLISECS(20)
#define SEND_PERIOD MILLISECS(1) /* while there is something to send */

struct uart {
    const char *name;
    uint16_t io_base;
    uint8_t irq;
    char options[32];
    bool has_irq; /* one has come */
    bool sending; /* the rest waits for an empty FIFO */
    struct timer poll;
};

static struct uart uarts[] = {
    {.name = "com1", .io_base = 0x3f8, .irq = 4},
    {.name = "com2", .io_base = 0x2f8, .irq = 3},
};
static struct uart *console_uart;
static bool opt_sync_console;
HV_OPTION(OPT_BOOL, "sync_console", opt_sync_console);

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

static bool fifo_is_empty(const struct uart *u)
{
    return inb(u->io_base + UART_LSR) & LSR_EMPTY;
}

/* False: the line is stuck, and must not stop the machine. */
static bool wait_for_fifo(const struct uart *u)
{
    for (unsigned int spins = 0; spins < 100000; spins++)
        if (fifo_is_empty(u))
            return true;
    return false;
}

/* The FIFO is empty. */
static size_t fill_fifo(const struct uart *u, const char *s, size_t n)
{
    size_t i = 0;

    /* CR goes before LF; both need a place. */
    for (int room = FIFO_SIZE; room >= 2 && i < n; i++, room--) {
        if (s[i] == '\n') {
            outb(u->io_base + UART_DATA, '\r');
            room--;
        }
        outb(u->io_base + UART_DATA, s[i]);
    }
    return i;
}

static void set_sending(struct uart *u, bool sending)
{
    if (sending == u->sending)
        return;
    u->sending = sending;
    if (u->has_irq)
        outb(u->io_base + UART_IER, IER_RX | (sending ? IER_TX : 0));
}

static size_t uart_write(const char *s, size_t n)
{
    struct uart *u = console_uart;
    size_t done = 0;

    while (done < n &&
           (console_synchronous ? wait_for_fifo(u) : fifo_is_empty(u)))
        done += fill_fifo(u, s + done, n - done);
    set_sending(u, done < n && !console_synchronous);
    return console_synchronous ? n : done;
}

static struct console_driver uart_driver = {.write = uart_write};

static void uart_receive(void *data)
{
    const struct uart *u = data;

    for (int n = 0; n < FIFO_SIZE && (inb(u->io_base + UART_LSR) & LSR_DATA);
         n++)
        console_rx(inb(u->io_base + UART_DATA));
}

/* The line's interrupt is an edge: it comes again when there was a moment
 * without a reason. Until then a timer takes its place, so that a line which
 * does not get that far does not have the CPU for itself. */
static void serve_interrupt(struct uart *u)
{
    for (int n = 0; n < ROUNDS; n++) {
        if (inb(u->io_base + UART_IIR) & IIR_NONE)
            return;
        uart_receive(u);
        console_send_more();
    }
    set_timer(&u->poll, get_s_time() + SEND_PERIOD);
}

static void uart_interrupt(void *data)
{
    struct uart *u = data;

    WRITE_ONCE(u->has_irq, true);
    serve_interrupt(u);
}

static void uart_poll(void *data)
{
    struct uart *u = data;

    if (u->has_irq) {
        serve_interrupt(u);
        return;
    }
    uart_receive(u);
    console_send_more();
    set_timer(&u->poll, get_s_time() + (READ_ONCE(u->sending) ? SEND_PERIOD
                                                              : POLL_PERIOD));
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

/* The line of a card may have another irq than its namesake on the board, or
 * none: an empty FIFO is a reason for one, and it must come within 10 ms. */
static bool __init interrupt_comes(struct uart *u)
{
    if (request_irq(u->irq, uart_interrupt, u))
        return false;
    wait_for_fifo(u);
    outb(u->io_base + UART_IER, IER_TX);
    for (unsigned int n = 0; n < 10000 && !READ_ONCE(u->has_irq); n++)
        fifo_is_empty(u); /* a microsecond */
    outb(u->io_base + UART_IER, u->has_irq ? IER_RX : 0);
    return u->has_irq;
}

void __init serial_start_interrupts(void)
{
    struct uart *u = console_uart;

    if (!u)
        return;
    init_timer(&u->poll, uart_poll, u, 0);
    if (interrupt_comes(u))
        uart_receive(u);
    else
        set_timer(&u->poll, get_s_time() + POLL_PERIOD);
    console_synchronous = opt_sync_console;
}
