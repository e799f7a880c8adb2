/* SPDX-License-Identifier: MIT */
/*
 * Unpacking a kernel payload. Linux's build appends the unpacked size to
 * every payload (gzip's own trailer has it in the same place), so the output
 * is allocated once and each decompressor must fill it exactly: data that
 * wants more or less is damaged.
 */
#include <stdlib.h>

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <base/macros.h>

#include "private.h"

/*
 * Kernels shrink to a fifth or a tenth; a payload that claims far more than
 * any compressor achieves on code is a bomb.
 */
#define MAX_RATIO 1024

/* What xz may use for its dictionary and state: twice what kernels need. */
#define XZ_MEMORY_MAX (256UL << 20)

/* lz4's legacy format: blocks of 8 MiB, each behind its packed size. */
#define LZ4_BLOCK_MAX (8UL << 20)

/* Each fills out[0..size) from in; false: damaged or too long or too short. */
typedef bool unpack_fn(struct span in, uint8_t *out, uint64_t size);

static bool unpack_gzip(struct span in, uint8_t *out, uint64_t size)
{
    z_stream z = {
        .next_in = (Bytef *)in.data,
        .avail_in = (uInt)in.size,
        .next_out = out,
        .avail_out = (uInt)size,
    };
    int r;

    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) /* 16: gzip wrapper */
        return false;
    r = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    return r == Z_STREAM_END && z.total_out == size;
}

static bool unpack_xz(struct span in, uint8_t *out, uint64_t size)
{
    lzma_stream xz = LZMA_STREAM_INIT;
    lzma_ret r;

    if (lzma_stream_decoder(&xz, XZ_MEMORY_MAX, 0) != LZMA_OK)
        return false;
    xz.next_in = in.data;
    xz.avail_in = in.size;
    xz.next_out = out;
    xz.avail_out = size;
    r = lzma_code(&xz, LZMA_FINISH);
    lzma_end(&xz);
    return r == LZMA_STREAM_END && xz.total_out == size;
}

static bool unpack_zstd(struct span in, uint8_t *out, uint64_t size)
{
    size_t frame = ZSTD_findFrameCompressedSize(in.data, in.size);

    /* One frame: what follows is the appended size. */
    return !ZSTD_isError(frame) &&
           ZSTD_decompress(out, size, in.data, frame) == size;
}

static bool unpack_lz4(struct span in, uint8_t *out, uint64_t size)
{
    uint64_t pos = 4, done = 0; /* after the magic number */

    while (done < size) {
        uint64_t room = size - done;
        struct span block;
        uint32_t packed;
        int n;

        if (!span_read(in, pos, &packed, sizeof(packed)))
            return false;
        pos += sizeof(packed);
        if (packed > (uint32_t)LZ4_COMPRESSBOUND(LZ4_BLOCK_MAX) ||
            !span_part(in, pos, packed, &block))
            return false;
        pos += packed;
        if (room > LZ4_BLOCK_MAX)
            room = LZ4_BLOCK_MAX;
        n = LZ4_decompress_safe((const char *)block.data, (char *)out + done,
                                (int)packed, (int)room);
        if (n <= 0)
            return false;
        done += (uint64_t)n;
    }
    return true;
}

static const struct format {
    const char *name;
    uint8_t magic[6];
    uint8_t magic_size;
    unpack_fn *unpack; /* NULL: known, not supported */
} formats[] = {
    {"gzip", {0x1f, 0x8b}, 2, unpack_gzip},
    {"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, unpack_xz},
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, unpack_zstd},
    {"lz4", {0x02, 0x21, 0x4c, 0x18}, 4, unpack_lz4},
    {"bzip2", {'B', 'Z', 'h'}, 3, NULL},
    {"lzma", {0x5d, 0x00, 0x00}, 3, NULL},
    {"lzo", {0x89, 'L', 'Z', 'O'}, 4, NULL},
};

static const struct format *find_format(struct span payload)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(formats); i++)
        if (payload.size >= formats[i].magic_size &&
            !memcmp(payload.data, formats[i].magic, formats[i].magic_size))
            return &formats[i];
    return NULL;
}

bool xlg_is_gzip(struct span file)
{
    const struct format *format = find_format(file);

    return format && format->unpack == unpack_gzip;
}

int xlg_decompress(struct span payload, struct source *out, struct why *why)
{
    const struct format *format = find_format(payload);
    uint32_t size;

    if (!format || !format->unpack)
        return refuse(why, EINVAL, "kernel compression %s is not supported",
                      format ? format->name : "of an unknown kind");
    /* The shortest payload of any format is longer than magic and size. */
    if (payload.size < 12 ||
        !span_read(payload, payload.size - sizeof(size), &size, sizeof(size)))
        return refuse(why, EINVAL, "compressed kernel is cut off");
    if (size > XLG_KERNEL_UNPACKED_MAX)
        return refuse(why, EFBIG, "kernel unpacks to %u MiB, more than %lu",
                      size >> 20, XLG_KERNEL_UNPACKED_MAX >> 20);
    if (!size || size / MAX_RATIO > payload.size)
        return refuse(why, EINVAL, "%llu bytes of %s cannot unpack to %u bytes",
                      (unsigned long long)payload.size, format->name, size);

    *out = (struct source){.fd = -1, .data = malloc(size), .size = size};
    if (!out->data)
        return refuse(why, ENOMEM, "no memory to unpack %u bytes", size);
    if (format->unpack(payload, out->data, size))
        return 0;
    source_close(out);
    return refuse(why, EINVAL, "%s data of the kernel is damaged",
                  format->name);
}
