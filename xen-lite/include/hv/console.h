/* SPDX-License-Identifier: MIT */
/*
 * The console: serial line, VGA text and the ring that 'xl dmesg' reads. Three
 * times Ctrl-A on the serial line switches its input between dom0 and the
 * hypervisor's debug keys.
 *
 * Output may come from any context, with any lock held: the console's lock is
 * the innermost. A line of a guest is limited in rate (gprintk()).
 */
#ifndef HV_CONSOLE_H
#define HV_CONSOLE_H

#include <hv/types.h>

/*
 * A device that shows bytes. write() is called with the console's lock held and
 * interrupts off. It takes what the device has room for, n > 0 or less or
 * nothing, returns how much, and does not wait; if that was not all,
 * console_send_more() follows when there is room again. While
 * console_synchronous it takes everything, and waits for the device, but not
 * without end. Drivers register at boot and stay.
 */
struct console_driver {
    size_t (*write)(const char *s, size_t n);
    uint32_t sent; /* console.c: how much of the output it has taken */
    struct console_driver *next;
};
void console_register(struct console_driver *drv);
void console_send_more(void); /* any context */
/* At boot, at the end, or if sync_console says so. */
extern bool console_synchronous;
/* What has been printed gets out before this returns, as does all that follows.
 */
void console_end_buffering(void);
/* For those that print much and can wait: is there room for some KB? */
bool console_has_room(void);
/*
 * A byte typed on the serial line, from softirq or interrupt context. Input
 * that nobody fetches is dropped when its ring is full.
 */
void console_rx(char c);
/*
 * Whether to print why d crashed, and its registers: once for each domain,
 * whichever of its vcpus comes first, and not for too many domains, of which
 * dom0 is none: the machine stops with it.
 */
struct domain;
bool may_report_crash(struct domain *d);
void console_tell_input(void); /* says which domain gets what is typed */
extern bool
    console_show_all; /* print despite loglvl: a debug key asked for it */
/*
 * Copies up to n bytes of the log from *index on, and moves *index; an index
 * that the ring has lost moves to the oldest byte. clear: forget what was read.
 * Returns the bytes copied, 0 at the end.
 */
size_t console_ring_read(char *buf, size_t n, uint32_t *index, bool clear);
/* When the machine stops: this CPU's output goes on whichever CPU has the
 * console, perhaps for ever, and at once. Other CPUs stop when they want to
 * print. It cannot be taken back. */
void console_force_unlock(void);
extern bool opt_noreboot;
/* Fills in dom0's view of a VGA text screen; bytes used, 0 if there is none. */
struct dom0_vga_console_info;
uint32_t vga_console_info(struct dom0_vga_console_info *info);

/*
 * One debug key. fn runs in a tasklet, on some CPU, with no lock held; it may
 * print for long if it asks dump_goes_on().
 */
struct debug_key {
    char key;
    bool is_dump; /* '*' does it, too */
    const char *desc;
    void (*fn)(char key);
};
extern const struct debug_key debug_keys[]; /* the last one has no fn */
/*
 * Queues a key, from any context; the key's function runs later. What does not
 * fit into the queue is lost.
 */
void handle_keypress(char c); /* any context */
/* For code that prints long lists: false when a key has had its time. */
bool dump_goes_on(void);
void show_keys(char key);
void run_all_dumps(char key);
void console_change_level(char key);
void arch_dump_irqs(char key);

/* --- command line --------------------------------------------------------- */
/*
 * A command-line option: a record that HV_OPTION puts into a linker section, in
 * the file that owns the variable. cmdline_parse() walks the section, reports
 * words that no record knows, and reports values that do not parse. The section
 * is gone after boot.
 */
struct hv_option {
    const char *name;
    enum { OPT_STR, OPT_UINT, OPT_BOOL, OPT_SIZE, OPT_FN } type;
    void *var;
    size_t len;
};
#define HV_OPTION(kind, nm, variable)                                          \
    static const struct hv_option opt__##variable                              \
        __attribute__((used, section(".init.options"), aligned(8))) = {        \
            nm, kind, &variable, sizeof(variable)}
/* OPT_FN: int fn(const char *value), 0 or -EINVAL */
#define HV_OPTION_FN(nm, fn)                                                   \
    static const struct hv_option opt__##fn __attribute__((                    \
        used, section(".init.options"), aligned(8))) = {nm, OPT_FN, fn, 0}
void cmdline_parse(const char *cmdline);
/* "512M": bytes; k, m, g, t, b; a bare number counts KiB. */
uint64_t cmdline_size(const char *s, const char **end);
extern char saved_cmdline[1024];

#endif
