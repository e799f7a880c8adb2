/* SPDX-License-Identifier: MIT */
/*
 * The kernel in its file, and unpacking it by zlib, liblzma, libzstd and
 * liblz4. Linux's build appends the unpacked size to every payload (gzip's own
 * trailer has it in the same place), so the output is allocated once and each
 * decompressor must fill it exactly: data that wants more or less is damaged.
 */
#include "pure.h"

/*
 * What we use of the libraries' interfaces, declared here because their headers
 * want a C library's. zlib is told the size of z_stream and checks it.
 */
typedef struct z_stream_s {
    const uint8_t *next_in;
    unsigned int avail_in;
    unsigned long total_in;
    uint8_t *next_out;
    unsigned int avail_out;
    unsigned long total_out;
    const char *msg;
    void *state;
    void *zalloc, *zfree, *opaque;
    int data_type;
    unsigned long adler, reserved;
} z_stream;
int inflateInit2_(z_stream *strm, int window_bits, const char *version,
                  int size);
int inflate(z_stream *strm, int flush);
int inflateEnd(z_stream *strm);
#define Z_FINISH     4
#define Z_STREAM_END 1
#define Z_MEM_ERROR  (-4)

int lzma_stream_buffer_decode(uint64_t *memlimit, uint32_t flags,
                              const void *allocator, const uint8_t *in,
                              size_t *in_pos, size_t in_size, uint8_t *out,
                              size_t *out_pos, size_t out_size);
#define LZMA_OK             0
#define LZMA_MEM_ERROR      5
#define LZMA_MEMLIMIT_ERROR 6

size_t ZSTD_decompress(void *dst, size_t capacity, const void *src,
                       size_t size);
size_t ZSTD_findFrameCompressedSize(const void *src, size_t size);
unsigned int ZSTD_isError(size_t code);
#define ZSTD_MEM_ERROR ((size_t)-64)

int LZ4_decompress_safe(const char *src, char *dst, int size, int capacity);

/*
 * Kernels shrink to a fifth or a tenth; a payload that claims far more than
 * any compressor achieves on code is a bomb.
 */
#define MAX_RATIO 1024

/* What xz may use for its dictionary and state: twice what kernels need. */
#define XZ_MEMORY_MAX (256UL << 20)

/* lz4's legacy format: blocks of 8 MiB, each behind its packed size. */
#define LZ4_BLOCK_MAX        (8UL << 20)
#define LZ4_PACKED_BLOCK_MAX (LZ4_BLOCK_MAX + LZ4_BLOCK_MAX / 255 + 16)

/* Each fills out[0..size) from in. 0, EINVAL (damaged), ENOMEM. */
typedef int unpack_fn(struct span in, uint8_t *out, uint64_t size);

static int unpack_gzip(struct span in, uint8_t *out, uint64_t size)
{
    z_stream z = {
        .next_in = in.data,
        .avail_in = in.size,
        .next_out = out,
        .avail_out = size,
    };
    int r;

    if (inflateInit2_(&z, 15 + 16, "1.2", sizeof(z))) /* 16: gzip wrapper */
        return ENOMEM;
    r = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    if (r == Z_MEM_ERROR)
        return ENOMEM;
    return r == Z_STREAM_END && z.total_out == size ? 0 : EINVAL;
}

static int unpack_xz(struct span in, uint8_t *out, uint64_t size)
{
    uint64_t limit = XZ_MEMORY_MAX;
    size_t in_pos = 0, out_pos = 0;

    switch (lzma_stream_buffer_decode(&limit, 0, NULL, in.data, &in_pos,
                                      in.size, out, &out_pos, size)) {
    case LZMA_OK:
        return out_pos == size ? 0 : EINVAL;
    case LZMA_MEM_ERROR:
    case LZMA_MEMLIMIT_ERROR:
        return ENOMEM;
    default:
        return EINVAL;
    }
}

static int unpack_zstd(struct span in, uint8_t *out, uint64_t size)
{
    /* One frame: what follows is the appended size. */
    size_t n = ZSTD_findFrameCompressedSize(in.data, in.size);

    if (!ZSTD_isError(n))
        n = ZSTD_decompress(out, size, in.data, n);
    if (n == ZSTD_MEM_ERROR)
        return ENOMEM;
    return n == size ? 0 : EINVAL;
}

static int unpack_lz4(struct span in, uint8_t *out, uint64_t size)
{
    uint64_t pos = 4, done = 0; /* after the magic number */

    while (done < size) {
        uint64_t room = size - done;
        struct span block;
        uint32_t packed;
        int n;

        if (!span_read(in, pos, &packed, sizeof(packed)))
            return EINVAL;
        pos += sizeof(packed);
        if (packed > LZ4_PACKED_BLOCK_MAX ||
            !span_part(in, pos, packed, &block))
            return EINVAL;
        pos += packed;
        if (room > LZ4_BLOCK_MAX)
            room = LZ4_BLOCK_MAX;
        n = LZ4_decompress_safe((const char *)block.data, (char *)out + done,
                                (int)packed, (int)room);
        if (n <= 0)
            return EINVAL;
        done += (uint64_t)n;
    }
    return 0;
}

static const struct format {
    char name[8];
    uint8_t magic[6];
    uint8_t magic_size;
    unpack_fn *unpack; /* NULL: known, not supported */
} formats[] = {
    {"gzip", {0x1f, 0x8b, 0x08}, 3, unpack_gzip},
    {"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, unpack_xz},
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, unpack_zstd},
    {"lz4", {0x02, 0x21, 0x4c, 0x18}, 4, unpack_lz4},
    {"bzip2", {'B', 'Z', 'h'}, 3, NULL},
    {"lzma", {0x5d, 0x00, 0x00}, 3, NULL},
    {"lzo", {0x89, 'L', 'Z', 'O'}, 4, NULL},
};

static const struct format *find_format(struct span data)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (data.size >= formats[i].magic_size &&
            !memcmp(data.data, formats[i].magic, formats[i].magic_size))
            return &formats[i];
    return NULL;
}

static int find_unpacked_size(struct kernel_payload *payload, const char *name,
                              struct why *why)
{
    uint64_t packed = payload->data.size;
    uint32_t size;

    /* The shortest payload of any format is longer than magic and size. */
    if (packed < 12 || !span_read(payload->data, packed - 4, &size, 4))
        return refuse(why, EINVAL, "compressed kernel is cut off");
    if (size > KERNEL_UNPACKED_MAX)
        return refuse(why, EFBIG, "kernel unpacks to %u MiB, more than %llu",
                      size >> 20, KERNEL_UNPACKED_MAX >> 20);
    if (!size || size / MAX_RATIO > packed)
        return refuse(why, EINVAL, "%lu bytes of %s cannot unpack to %u bytes",
                      packed, name, size);
    payload->unpacked_size = size;
    return 0;
}

int kernel_payload(struct span file, struct kernel_payload *payload,
                   struct why *why)
{
    bool bzimage = is_bzimage(file);
    const struct format *format;

    *payload = (struct kernel_payload){.data = file};
    if (file.size > KERNEL_FILE_MAX)
        return refuse(why, EFBIG, "file is larger than %llu MiB",
                      KERNEL_FILE_MAX >> 20);
    if (bzimage && bzimage_payload(file, &payload->data, why))
        return -1;
    if (payload->data.size >= 4 && !memcmp(payload->data.data, "\177ELF", 4))
        return 0;
    format = find_format(payload->data);
    if (!format && !bzimage)
        return refuse(why, EINVAL, "neither an ELF file nor a bzImage");
    if (!format || !format->unpack)
        return refuse(why, EINVAL, "kernel compression %s is not supported",
                      format ? format->name : "of an unknown kind");
    /* Only gzip has the size of its own. */
    if (!bzimage && format->unpack != unpack_gzip)
        return refuse(why, EINVAL, "%s data is no bzImage", format->name);
    return find_unpacked_size(payload, format->name, why);
}

int kernel_unpack(const struct kernel_payload *payload, void *out,
                  struct why *why)
{
    const struct format *format = find_format(payload->data);

    switch (format->unpack(payload->data, out, payload->unpacked_size)) {
    case 0:
        return 0;
    case ENOMEM:
        return refuse(why, ENOMEM, "no memory for unpacking %s", format->name);
    default:
        return refuse(why, EINVAL, "%s data of the kernel is damaged",
                      format->name);
    }
}
