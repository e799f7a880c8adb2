/* SPDX-License-Identifier: MIT */
/*
 * Segments of TCP that lwIP is not shown. It takes the other side's greatest
 * segment from any segment, and stops the guest when that falls below what it
 * has cut already; and it cuts segments of a byte if it is told to.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct segment {
    bool syn;
    uint16_t window;
    const uint8_t *options;
    size_t bytes; /* of these */
};

/* The least that a connection may begin with, far below what any network has;
 * of the window that is half. */
#define SEGMENT_MIN 128

/* A connection begins with enough, and does not speak of that again. */
bool segment_is_sound(const struct segment *s);

#endif
