/* SPDX-License-Identifier: MIT */
/*
 * Text on the VGA screen (80x25) until dom0 takes the card over, or longer with
 * vga,keep. Only for machines that boot in text mode: with UEFI there is none.
 *
 * An access to the card takes up to a microsecond, and a screen is thousands.
 * So the text is kept in memory, where scrolling is nothing, and is drawn as a
 * whole: after each piece while the console is synchronous, otherwise by a
 * timer.
 */
#include <hv/atomic.h>
#include <hv/console.h>
#include <hv/lib.h>
#include <hv/serial.h>
#include <hv/timer.h>
#include <asm/paging.h>
#include <asm/processor.h>
#include <xen/xen.h>

#define VGA_TEXT  0xb8000
#define COLUMNS   80
#define ROWS      25
#define ATTRIBUTE 0x0700
#define ROW_WORDS (COLUMNS / 4)
#define PERIOD    MILLISECS(50) /* of drawing */

/* Under the console's lock, but for reading: what is half old is drawn again.
 */
static union row {
    uint16_t cell[COLUMNS];
    uint64_t word[ROW_WORDS];
} text[ROWS];
static unsigned int top; /* index of the first row */
static bool changed;

static volatile uint64_t *screen;
static unsigned int column, row;
static bool text_mode, keep;
static struct timer redraw;
static struct dom0_vga_console_info framebuffer;

static void clear(union row *r)
{
    for (unsigned int i = 0; i < COLUMNS; i++)
        r->cell[i] = ATTRIBUTE | ' ';
}

static void new_line(void)
{
    column = 0;
    if (row < ROWS - 1)
        row++;
    else
        top = (top + 1) % ROWS;
    clear(&text[(top + row) % ROWS]);
}

static void draw(void)
{
    volatile uint64_t *to = screen;
    unsigned int first = READ_ONCE(top);

    if (!to || !atomic_xchg(&changed, false))
        return;
    for (unsigned int r = 0; r < ROWS; r++)
        for (unsigned int i = 0; i < ROW_WORDS; i++)
            *to++ = READ_ONCE(text[(first + r) % ROWS].word[i]);
}

static void draw_later(void *data)
{
    draw();
    set_timer(&redraw, get_s_time() + PERIOD);
}

static size_t vga_write(const char *s, size_t n)
{
    for (size_t i = 0; i < n && screen; i++) {
        if (s[i] == '\n' || column >= COLUMNS)
            new_line();
        if (s[i] >= ' ')
            text[(top + row) % ROWS].cell[column++] = ATTRIBUTE | (uint8_t)s[i];
    }
    atomic_store(&changed, true);
    if (console_synchronous)
        draw();
    return n;
}

static struct console_driver vga_driver = {.write = vga_write};

void __init vga_init(const char *console)
{
    const char *opt = strstr(console, "vga");

    /* Graphics controller register 6: bits 2-3 = 3 is text at 0xb8000. */
    outb(0x3ce, 6);
    text_mode = (inb(0x3cf) & 0xd) == 0xc;
    if (!opt || !text_mode)
        return;
    keep = !strncmp(opt, "vga,keep", 8);
    set_fixmap(FIX_VGA, _mfn(VGA_TEXT >> PAGE_SHIFT), HV_PTE_UC);
    screen = (volatile uint64_t *)fix_to_virt(FIX_VGA);
    for (unsigned int r = 0; r < ROWS; r++)
        clear(&text[r]);
    console_register(&vga_driver);
}

void __init vga_set_framebuffer(const struct dom0_vga_console_info *info)
{
    framebuffer = *info;
}

/* Describes the screen to dom0: a frame buffer if the loader left one, or text
 * mode and the line at which the hypervisor's text ends. */
uint32_t __init vga_console_info(struct dom0_vga_console_info *info)
{
    if (framebuffer.video_type) {
        *info = framebuffer;
        return sizeof(*info);
    }
    if (!text_mode)
        return 0;
    info->video_type = XEN_VGATYPE_TEXT_MODE_3;
    info->u.text_mode_3.font_height = 16;
    info->u.text_mode_3.cursor_x = column;
    info->u.text_mode_3.cursor_y = row;
    info->u.text_mode_3.rows = ROWS;
    info->u.text_mode_3.columns = COLUMNS;
    return sizeof(*info);
}

void __init vga_end_boot(void)
{
    if (!keep) {
        screen = NULL;
    } else if (screen) {
        init_timer(&redraw, draw_later, NULL, 0);
        set_timer(&redraw, get_s_time() + PERIOD);
    }
}
