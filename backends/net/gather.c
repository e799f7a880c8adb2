/* SPDX-License-Identifier: MIT */
/* See gather.h. */
#include "gather.h"

#define LAST_CHANCES 4 /* a burst ends with fewer frames than it has */

bool gather_wait(struct gather *g)
{
    if (!g->until)
        g->until = GATHER_TRY;
    return g->going || g->looks >= g->until;
}

static void failed(struct gather *g)
{
    if (g->going && ++g->failed < LAST_CHANCES)
        return;
    if (!g->going && g->until < GATHER_MAX)
        g->until *= 2;
    g->going = false;
    g->looks = g->failed = 0;
}

void gather_seen(struct gather *g, bool waited, unsigned int frames)
{
    bool some = frames >= GATHER_SOME;

    if (!waited) {
        g->looks = some ? 0 : g->looks + 1;
    } else if (some) {
        g->going = true;
        g->until = GATHER_TRY;
        g->failed = 0;
    } else {
        failed(g);
    }
}
