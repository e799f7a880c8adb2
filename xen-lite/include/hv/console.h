/* SPDX-License-Identifier: MIT */
/*
 * The console: serial, VGA and the ring that 'xl dmesg' reads; input switches
 * between dom0 and the hypervisor's debug keys with three times Ctrl-A.
 */
#ifndef HV_CONSOLE_H
#define HV_CONSOLE_H

#include <hv/types.h>

/* A device that shows bytes. Drivers register at boot. */
struct console_driver {
    void (*write)(const char *s, size_t n);
    struct console_driver *next;
};
void console_register(struct console_driver *drv);
/* A byte typed on the serial line (softirq or irq context). */
void console_rx(char c);
void console_tell_input(void); /* says which domain gets what is typed */
extern bool
    console_show_all; /* print despite loglvl: a debug key asked for it */
size_t console_ring_read(char *buf, size_t n, uint32_t *index, bool clear);
void console_force_unlock(void); /* panic only */
extern bool opt_noreboot;
/* Fills in dom0's view of a VGA text screen; bytes used, 0 if there is none. */
struct dom0_vga_console_info;
uint32_t vga_console_info(struct dom0_vga_console_info *info);

/* --- keyhandler ----------------------------------------------------------- */
struct debug_key {
    char key;
    bool is_dump; /* '*' does it, too */
    const char *desc;
    void (*fn)(char key);
};
extern const struct debug_key debug_keys[]; /* the last one has no fn */
void handle_keypress(char c);               /* any context */
/* For code that prints long lists: false when a key has had its time. */
bool dump_goes_on(void);
void show_keys(char key);
void run_all_dumps(char key);
void console_change_level(char key);
void arch_dump_irqs(char key);

/* --- command line --------------------------------------------------------- */
/*
 * Options are rows in a table of the file that owns them: OPTION_STR etc. put
 * a record in a linker section that cmdline_parse() walks.
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
