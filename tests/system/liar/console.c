/* SPDX-License-Identifier: MIT */
/*
 * The console's ring: floods of whatever bytes, indices that move in their
 * bounds while the daemon looks, events; and, as the guest's last deed there,
 * since the daemon has nothing to do with such a ring any more, indices that
 * cannot be.
 */
#include "liar.h"

#include <xen/io/console.h>

#define RW    (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)
#define STORM 100
#define WILD  1000

static struct xencons_interface *ring;

void console_begin(void)
{
    long rc;

    ring = map_mfn(start_info->console.domU.mfn, RW, &rc);
    if (rc)
        went_wrong("console", "its ring cannot be mapped");
}

static void tell(void)
{
    event_send(start_info->console.domU.evtchn);
}

static uint32_t room(void)
{
    return sizeof(ring->out) - (ring->out_prod - ring->out_cons);
}

static void put(const char *text, uint32_t n)
{
    if (n > room())
        n = room();
    for (uint32_t i = 0; i < n; i++)
        ring->out[MASK_XENCONS_IDX(ring->out_prod + i, ring->out)] = text[i];
    mb();
    ring->out_prod += n;
    tell();
}

/* --- lies ----------------------------------------------------------------- */

static void rubbish(struct device *none, void *unused)
{
    char text[32];

    fill_with_rubbish(text, sizeof(text));
    put(text, 1 + below(sizeof(text)));
}

/* What a terminal would act upon. */
static void commands(struct device *none, void *unused)
{
    static const char *const texts[] = {"\033[2J\033[H",
                                        "\033]0;root@dom0\007",
                                        "\033[6n",
                                        "\r\r\r",
                                        "\b\b\b\b",
                                        "\033[20t",
                                        "\016\017\033c",
                                        "\n\n\n\n",
                                        "[2026-01-01] dom0: "};
    const char *text = texts[below(sizeof(texts) / sizeof(texts[0]))];

    put(text, strlen(text));
}

static void full_ring(struct device *none, void *unused)
{
    static char line[sizeof(ring->out)];

    memset(line, once_in(2) ? '\n' : ' ' + below(90), sizeof(line));
    put(line, sizeof(line));
}

static void text_changes(struct device *none, void *unused)
{
    for (unsigned int i = 0; i < STORM; i++)
        ring->out[below(sizeof(ring->out))] = any();
    tell();
}

static void input_is_taken(struct device *none, void *unused)
{
    ring->in_cons = ring->in_prod - below(sizeof(ring->in) + 1);
    fill_with_rubbish(ring->in, sizeof(ring->in));
    tell();
}

static void event_storm(struct device *none, void *unused)
{
    for (unsigned int i = 0; i < STORM; i++)
        tell();
}

static void wild_index(struct device *none, void *unused)
{
    uint32_t *const index[] = {&ring->in_cons, &ring->in_prod, &ring->out_cons,
                               &ring->out_prod};

    *index[below(4)] = once_in(2) ? any() : ring->out_cons + odd(2048);
    tell();
}

static struct lies lies = {
    .name = "console",
    .lie =
        {
            {"rubbish", rubbish},
            {"commands", commands},
            {"full rings", full_ring},
            {"texts that change", text_changes},
            {"odd input", input_is_taken},
            {"event storms", event_storm},
        },
};
static struct lies last = {
    .name = "console-end",
    .lie = {{"wild indices", wild_index},
            {"event storms", event_storm},
            {"texts that change", text_changes}},
};

/* Full rings are for the most part waited for. */
void console_turn(void)
{
    for (unsigned int n = 1 + below(30); n && is_left(CONSOLE); n--) {
        tell_one(&lies, NULL, NULL);
        is_done(CONSOLE);
    }
}

void console_break(void)
{
    for (unsigned int i = 0; i < WILD; i++)
        tell_one(&last, NULL, NULL);
}

void console_report(void)
{
    report(&lies);
    report(&last);
}
