/* SPDX-License-Identifier: MIT */
/*
 * Bitmaps of CPUs and nodes: bit n is bit n % 8 of byte n / 8, the layout of
 * the hypercalls. Two maps of different lengths may meet; the shorter one is
 * read as if zeroes followed.
 */
#include "internal.h"
#include "types_support.h"

void libxl_bitmap_init(libxl_bitmap *map)
{
    memset(map, 0, sizeof(*map));
}

void libxl_bitmap_dispose(libxl_bitmap *map)
{
    if (!map)
        return;
    free(map->map);
    memset(map, 0, sizeof(*map));
}

int libxl_bitmap_alloc(libxl_ctx *ctx, libxl_bitmap *bitmap, int n_bits)
{
    if (n_bits < 0)
        return ERROR_INVAL;
    bitmap->size = (n_bits + 7) / 8;
    bitmap->map = libxl__array_nogc(ctx, bitmap->size, 1);
    return 0;
}

void libxl_bitmap_copy_alloc(libxl_ctx *ctx, libxl_bitmap *dptr,
                             const libxl_bitmap *sptr)
{
    dptr->size = sptr->size;
    dptr->map = NULL;
    if (!sptr->size)
        return;
    dptr->map = libxl__array_nogc(ctx, sptr->size, 1);
    memcpy(dptr->map, sptr->map, sptr->size);
}

void libxl_bitmap_copy(libxl_ctx *ctx, libxl_bitmap *dptr,
                       const libxl_bitmap *sptr)
{
    uint32_t n = dptr->size < sptr->size ? dptr->size : sptr->size;

    memset(dptr->map, 0, dptr->size);
    memcpy(dptr->map, sptr->map, n);
}

int libxl_bitmap_test(const libxl_bitmap *bitmap, int bit)
{
    if (bit < 0 || (uint32_t)bit >= bitmap->size * 8)
        return 0;
    return bitmap->map[bit / 8] >> (bit & 7) & 1;
}

void libxl_bitmap_set(libxl_bitmap *bitmap, int bit)
{
    if (bit >= 0 && (uint32_t)bit < bitmap->size * 8)
        bitmap->map[bit / 8] |= 1 << (bit & 7);
}

void libxl_bitmap_reset(libxl_bitmap *bitmap, int bit)
{
    if (bit >= 0 && (uint32_t)bit < bitmap->size * 8)
        bitmap->map[bit / 8] &= ~(1 << (bit & 7));
}

int libxl_bitmap_is_full(const libxl_bitmap *bitmap)
{
    for (uint32_t i = 0; i < bitmap->size; i++)
        if (bitmap->map[i] != 0xff)
            return 0;
    return 1;
}

int libxl_bitmap_is_empty(const libxl_bitmap *bitmap)
{
    for (uint32_t i = 0; i < bitmap->size; i++)
        if (bitmap->map[i])
            return 0;
    return 1;
}

int libxl_bitmap_count_set(const libxl_bitmap *bitmap)
{
    int n = 0;

    for (uint32_t i = 0; i < bitmap->size; i++)
        n += __builtin_popcount(bitmap->map[i]);
    return n;
}

static int combine(libxl_ctx *ctx, libxl_bitmap *out, const libxl_bitmap *a,
                   const libxl_bitmap *b, bool both)
{
    uint32_t size = a->size > b->size ? a->size : b->size;
    int rc = libxl_bitmap_alloc(ctx, out, size * 8);

    for (uint32_t i = 0; !rc && i < size; i++) {
        uint8_t x = i < a->size ? a->map[i] : 0;
        uint8_t y = i < b->size ? b->map[i] : 0;

        out->map[i] = both ? x & y : x | y;
    }
    return rc;
}

int libxl_bitmap_or(libxl_ctx *ctx, libxl_bitmap *or_map,
                    const libxl_bitmap *map1, const libxl_bitmap *map2)
{
    return combine(ctx, or_map, map1, map2, false);
}

int libxl_bitmap_and(libxl_ctx *ctx, libxl_bitmap *and_map,
                     const libxl_bitmap *map1, const libxl_bitmap *map2)
{
    return combine(ctx, and_map, map1, map2, true);
}

char *libxl_bitmap_to_hex_string(libxl_ctx *ctx, const libxl_bitmap *bitmap)
{
    char *text = libxl__array_nogc(ctx, bitmap->size * 2 + 3, 1);
    char *at = text + sprintf(text, "0x");

    for (uint32_t i = bitmap->size; i-- > 0;)
        at += sprintf(at, "%02x", bitmap->map[i]);
    return text;
}

/* As the list of the set bits' numbers. */
yajl_gen_status libxl_bitmap_gen_json(yajl_gen hand, libxl_bitmap *p)
{
    yajl_gen_status s = yajl_gen_array_open(hand);

    for (uint32_t i = 0; i < p->size * 8 && s == yajl_gen_status_ok; i++)
        if (libxl_bitmap_test(p, i))
            s = yajl_gen_integer(hand, i);
    return s == yajl_gen_status_ok ? yajl_gen_array_close(hand) : s;
}

int libxl__bitmap_parse_json(libxl_ctx *ctx, yajl_val x, libxl_bitmap *p)
{
    uint32_t bit, last = 0;

    if (!YAJL_IS_ARRAY(x))
        return ERROR_INVAL;
    for (int set = 0; set < 2; set++) {
        for (size_t i = 0; i < x->u.array.len; i++) {
            if (libxl__integer_parse_json(x->u.array.values[i], 0, sizeof(bit),
                                          &bit) ||
                bit >= LIBXL__JSON_MAX_ARRAY)
                return ERROR_INVAL;
            if (bit > last)
                last = bit;
            if (set)
                libxl_bitmap_set(p, bit);
        }
        if (!x->u.array.len)
            return 0;
        if (!set) {
            libxl_bitmap_dispose(p);
            libxl_bitmap_alloc(ctx, p, last + 1);
        }
    }
    return 0;
}
