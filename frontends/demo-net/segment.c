/* SPDX-License-Identifier: MIT */
/* See segment.h. */
#include "segment.h"

enum { OPTION_END, OPTION_NONE, OPTION_MSS };

/* Bytes of the option at that place; 0: it does not end within them. */
static size_t length_at(const struct segment *s, size_t at)
{
    size_t n;

    if (s->options[at] == OPTION_NONE)
        return 1;
    n = at + 1 < s->bytes ? s->options[at + 1] : 0;
    return n >= 2 && n <= s->bytes - at ? n : 0;
}

static bool allows(const struct segment *s, const uint8_t *option, size_t bytes)
{
    if (option[0] != OPTION_MSS)
        return true;
    return s->syn && bytes == 4 && (option[2] << 8 | option[3]) >= SEGMENT_MIN;
}

bool segment_is_sound(const struct segment *s)
{
    if (s->syn && s->window < 2 * SEGMENT_MIN)
        return false;
    for (size_t at = 0, n; at < s->bytes && s->options[at] != OPTION_END;
         at += n) {
        n = length_at(s, at);
        if (!n || !allows(s, s->options + at, n))
            return false;
    }
    return true;
}
