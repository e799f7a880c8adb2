/* SPDX-License-Identifier: MIT */
/*
 * The console: printk to every driver and into the ring that the tools read,
 * HYPERVISOR_console_io for dom0, and serial input, which goes to dom0 or,
 * after three times Ctrl-A, to the debug keys.
 *
 * A serial line takes a second for 11 KB, and guests cause output. So nobody
 * waits for it: output goes into a second ring, from which each driver takes
 * what its device has room for. What does not fit there is dropped, and
 * counted.
 */
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/event_channel.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/smp.h>
#include <xen/event_channel.h>

#define RING_SIZE 16384u /* powers of two */
#define OUT_SIZE  16384u
#define STUCK     SECONDS(1) /* a line that takes no byte for so long */
#define RX_SIZE   128u

static spinlock_t console_lock = SPIN_LOCK_INIT(LOCK_CONSOLE);
static struct console_driver *drivers;
static char ring[RING_SIZE];
static uint32_t ring_cons, ring_prod; /* free-running */
static char out[OUT_SIZE];
static uint32_t out_prod, lost;
static s_time_t moved; /* when a driver took something */
bool console_synchronous = true;
static uint32_t last_cpu; /* no lock stops it at the end; its number + 1 */
enum { HOST, GUEST };
static int threshold[2] = {2, 1}; /* info; warning */
bool console_show_all;
bool opt_noreboot;
HV_OPTION(OPT_BOOL, "noreboot", opt_noreboot);

static const char *const level_names[] = {"none", "error", "warning",
                                          "info", "debug", "all"};

/* LEVEL[/RATELIMITED]: guests' messages are always rate-limited. */
static int __init parse_level(const char *s, int *level)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(level_names); i++)
        if (!strncmp(s, level_names[i], strlen(level_names[i]))) {
            *level = (int)i - 1;
            return 0;
        }
    return -EINVAL;
}

static int __init parse_loglvl(const char *s)
{
    return parse_level(s, &threshold[HOST]);
}
HV_OPTION_FN("loglvl", parse_loglvl);

static int __init parse_guest_loglvl(const char *s)
{
    return parse_level(s, &threshold[GUEST]);
}
HV_OPTION_FN("guest_loglvl", parse_guest_loglvl);

/* Debug keys '+', '-', and 'G' to choose whose level they change. */
void console_change_level(char key)
{
    static unsigned int whose = HOST;
    int *level = &threshold[whose ^= key == 'G'];

    if (key == '+' && *level < (int)ARRAY_SIZE(level_names) - 2)
        ++*level;
    if (key == '-' && *level >= 0)
        --*level;
    printk(XENLOG_ERR "%s log level: %s\n", whose == HOST ? "host" : "guest",
           level_names[*level + 1]);
}

/* When the machine stops the lock is broken: the CPU that has it finds it so
 * when it leaves, and others stop here. */
static unsigned long console_enter(void)
{
    uint32_t who = READ_ONCE(last_cpu);
    unsigned long flags;

    if (likely(!who))
        return spin_lock_irqsave(&console_lock);
    flags = local_irq_save();
    while (who != smp_processor_id() + 1)
        cpu_relax();
    return flags;
}

static void console_leave(unsigned long flags)
{
    if (unlikely(READ_ONCE(last_cpu)))
        local_irq_restore(flags);
    else
        spin_unlock_irqrestore(&console_lock, flags);
}

void console_register(struct console_driver *drv)
{
    drv->sent = out_prod;
    drv->next = drivers;
    drivers = drv;
}

static void keep(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ring[ring_prod++ % RING_SIZE] = s[i];
    if (ring_prod - ring_cons > RING_SIZE)
        ring_cons = ring_prod - RING_SIZE;
}

/* --- the way to the devices, under the lock ------------------------------- */

static uint32_t out_room(void)
{
    uint32_t room = OUT_SIZE;

    for (struct console_driver *drv = drivers; drv; drv = drv->next)
        room = MIN(room, OUT_SIZE - (out_prod - drv->sent));
    return room;
}

static void put_out(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[out_prod++ % OUT_SIZE] = s[i];
}

/* Not at once when a byte has room: lines would be lost one by one. */
static bool tell_lost(void)
{
    char line[64];

    if (!lost || out_room() < OUT_SIZE / 2)
        return false;
    put_out(line,
            snprintf(line, sizeof(line),
                     "\n(XEN) %u bytes of output were lost here\n", lost));
    lost = 0;
    return true;
}

/* A CPU that has the lock at the end may be here at the same time as the CPU
 * that is the last: bytes may be sent twice or not at all, but both come to an
 * end. */
static void send(struct console_driver *drv)
{
    for (;;) {
        uint32_t from = READ_ONCE(drv->sent), at = from % OUT_SIZE;
        int32_t left = READ_ONCE(out_prod) - from;
        size_t n = left > 0 ? MIN((uint32_t)left, OUT_SIZE - at) : 0;

        if (n)
            n = drv->write(&out[at], n);
        if (!n)
            return;
        atomic_cas(&drv->sent, &from, from + n);
        if (!console_synchronous) /* a stopped CPU may have the clock */
            moved = get_s_time();
    }
}

static void send_all(void)
{
    do {
        for (struct console_driver *drv = drivers; drv; drv = drv->next)
            send(drv);
    } while (tell_lost());
}

static void show(const char *s, size_t n)
{
    if (lost || out_room() < n)
        lost += n;
    else
        put_out(s, n);
    send_all();
}

void console_send_more(void)
{
    unsigned long flags = console_enter();

    send_all();
    console_leave(flags);
}

bool console_has_room(void)
{
    unsigned long flags = console_enter();
    bool room = out_room() >= OUT_SIZE / 2;

    console_leave(flags);
    return room;
}

void console_end_buffering(void)
{
    console_synchronous = true;
    console_send_more();
}

static void emit(const char *s, size_t n)
{
    keep(s, n);
    show(s, n);
}

/* --- printk --------------------------------------------------------------- */

void vprintk(const char *fmt, va_list ap)
{
    static char buf[1024];
    static bool at_line_start = true, suppressed;
    unsigned long flags;
    char *s = buf;
    int n;

    flags = console_enter();
    n = vsnprintf(buf, sizeof(buf), fmt, ap);
    n = MIN(n, (int)sizeof(buf) - 1);
    /* A level counts at the start of a line and lasts to its end. */
    if (at_line_start) {
        int level = 2;

        if (n >= 3 && s[0] == '<' && s[2] == '>') {
            level = s[1] - '0';
            s += 3;
            n -= 3;
        }
        suppressed = level > threshold[HOST] && !console_show_all;
    }
    for (int len; n; s += len, n -= len) { /* line by line */
        const char *end = memchr(s, '\n', n);

        len = end ? (int)(end - s) + 1 : n;
        if (!suppressed) {
            if (at_line_start)
                emit("(XEN) ", 6);
            emit(s, len);
        }
        at_line_start = end;
    }
    console_leave(flags);
}

void printk(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vprintk(fmt, ap);
    va_end(ap);
}

/* Ten at once, then one a second. */
#define LOG_BURST 10u
static bool may_log(struct log_limit *l)
{
    s_time_t now = get_s_time(), last = READ_ONCE(l->refill);
    uint32_t refill = (now - last) / SECONDS(1), used;

    used = READ_ONCE(l->used);
    if (refill && atomic_cas(&l->refill, &last, now))
        while (!atomic_cas(&l->used, &used, used - MIN(used, refill)))
            ;
    used = READ_ONCE(l->used);
    while (used < LOG_BURST && !atomic_cas(&l->used, &used, used + 1))
        ;
    if (used >= LOG_BURST)
        atomic_inc(&l->dropped);
    return used < LOG_BURST;
}

bool may_report_crash(struct domain *d)
{
    static struct log_limit reports;
    uint32_t dropped;

    if (atomic_xchg(&d->crash_told, true) ||
        (!is_hardware_domain(d) && !may_log(&reports)))
        return false;
    dropped = atomic_xchg(&reports.dropped, 0);
    if (dropped)
        printk(XENLOG_WARNING "%u crashed domains not reported\n", dropped);
    return true;
}

void gprintk(struct domain *d, const char *fmt, ...)
{
    char line[160];
    uint32_t dropped;
    va_list ap;

    if (threshold[GUEST] < 1 || !may_log(&d->log))
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    dropped = atomic_xchg(&d->log.dropped, 0);
    if (dropped)
        printk(XENLOG_ERR "d%d: %u lines suppressed\n", d->id, dropped);
    printk(XENLOG_ERR "d%d: %s\n", d->id, line); /* its own level decided */
}

void console_force_unlock(void)
{
    uint32_t none = 0;

    atomic_cas(&last_cpu, &none, smp_processor_id() + 1);
    console_end_buffering();
}

noreturn void bug(const char *file, int line, const char *what)
{
    panic("%s at %s:%d", what, file, line);
}

/* --- what the tools read -------------------------------------------------- */

size_t console_ring_read(char *buf, size_t n, uint32_t *index, bool clear)
{
    unsigned long flags = console_enter();
    uint32_t from = *index, got = 0;

    if (from - ring_cons > ring_prod - ring_cons)
        from = ring_cons; /* overwritten meanwhile, or nonsense */
    while (got < n && from != ring_prod)
        buf[got++] = ring[from++ % RING_SIZE];
    *index = from;
    if (clear)
        ring_cons = from;
    console_leave(flags);
    return got;
}

/* --- input ---------------------------------------------------------------- */

static char rx_buf[RX_SIZE];
static uint32_t rx_cons, rx_prod;
static bool input_to_xen;

/* conswitch=LETTER[x]: Ctrl-LETTER three times switches ('`': nothing does);
 * with x the hypervisor has the input to begin with. */
static char switch_key = 'a';
static int __init parse_conswitch(const char *s)
{
    if (*s < '`' || *s > 'z')
        return -EINVAL;
    switch_key = s[0];
    input_to_xen = s[1] == 'x';
    return 0;
}
HV_OPTION_FN("conswitch", parse_conswitch);

void console_tell_input(void)
{
    if (switch_key == '`')
        return;
    printk("*** Serial input to %s (type 'CTRL-%c' three times to switch "
           "input)\n",
           input_to_xen ? "Xen" : "DOM0", switch_key);
}

static void deliver(char c)
{
    unsigned long flags;

    if (input_to_xen) {
        handle_keypress(c);
        return;
    }
    flags = console_enter();
    if (rx_prod - rx_cons < RX_SIZE)
        rx_buf[rx_prod++ % RX_SIZE] = c;
    console_leave(flags);
    send_global_virq(VIRQ_CONSOLE);
}

void console_rx(char c)
{
    static unsigned int held;
    char code = switch_key & 0x1f;

    if (code && c == code && ++held == 3) {
        held = 0;
        input_to_xen = !input_to_xen;
        console_tell_input();
    } else if (!code || c != code) {
        for (; held; held--) /* they meant something else */
            deliver(code);
        deliver(c);
    }
}

/* --- console_io ----------------------------------------------------------- */

/* dom0's own output would push the hypervisor's out of the ring, and a reader
 * that prints there what it reads would never come to an end. */
static bool console_to_ring;
HV_OPTION(OPT_BOOL, "console_to_ring", console_to_ring);

static long write_later(uint64_t buffer, uint32_t count)
{
    hypercall_set_arg(1, count);
    hypercall_set_arg(2, buffer);
    return hypercall_again(__HYPERVISOR_console_io);
}

/* dom0's bytes as they are. False if it should wait for the line, which takes
 * bytes. */
static bool write_piece(const char *s, uint32_t n)
{
    unsigned long flags = console_enter();
    bool wait = (lost || out_room() < n) && get_s_time() - moved < STUCK;

    if (!wait) {
        if (console_to_ring)
            keep(s, n);
        show(s, n);
    }
    console_leave(flags);
    return !wait;
}

/* In pieces, so that no guest page is held. */
static long guest_write(uint64_t buffer, uint32_t count)
{
    char piece[128];

    for (uint32_t n; count; buffer += n, count -= n) {
        n = MIN(count, (uint32_t)sizeof(piece));
        if (copy_from_guest_raw(piece, buffer, n))
            return -EFAULT;
        if (!write_piece(piece, n))
            return write_later(buffer, count);
        if (count > n && hypercall_preempt_check())
            return write_later(buffer + n, count - n);
    }
    return 0;
}

static long guest_read(uint64_t buffer, uint32_t count)
{
    unsigned long flags = console_enter();
    char buf[RX_SIZE];
    uint32_t n = 0;

    while (n < count && n < sizeof(buf) && rx_cons != rx_prod)
        buf[n++] = rx_buf[rx_cons++ % RX_SIZE];
    console_leave(flags);
    return copy_to_guest_raw(buffer, buf, n) ? -EFAULT : (long)n;
}

/* The length is an argument of the hypercall: rows of their own kind. */
static long (*const console_table[])(uint64_t buffer, uint32_t count) = {
    [CONSOLEIO_write] = guest_write,
    [CONSOLEIO_read] = guest_read,
};

long do_console_io(unsigned int cmd, unsigned int count, uint64_t buffer)
{
    if (!current->domain->is_privileged)
        return -EPERM;
    if (cmd >= ARRAY_SIZE(console_table) || !console_table[cmd])
        return -ENOSYS;
    return console_table[cmd](buffer, count);
}
