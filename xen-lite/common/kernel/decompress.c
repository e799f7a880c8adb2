/* SPDX-License-Identifier: MIT */
/*
 * Decompression of dom0's kernel by Debian's zlib, liblzma, libzstd and liblz4,
 * linked statically into the init part.
 *
 * The libraries are built for user space. They use SSE registers, a canary at
 * %fs:40 and a red zone. So here, and only here, the FPU is ours, FS points to
 * a zeroed page, interrupts are off (nobody else uses this stack), and memory
 * comes from a bump allocator over a scratch region.
 */
#include <hv/kernel.h>
#include <hv/lib.h>
#include <asm/processor.h>

/* What we use of the libraries' interfaces, declared here because their
 * headers want a C library. Layouts as in Debian 12's packages. */
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
#define Z_FINISH     4
#define Z_STREAM_END 1

int lzma_stream_buffer_decode(uint64_t *memlimit, uint32_t flags,
                              const void *allocator, const uint8_t *in,
                              size_t *in_pos, size_t in_size, uint8_t *out,
                              size_t *out_pos, size_t out_size);
size_t ZSTD_decompress(void *dst, size_t capacity, const void *src,
                       size_t size);
size_t ZSTD_findFrameCompressedSize(const void *src, size_t size);
unsigned long long ZSTD_getFrameContentSize(const void *src, size_t size);
unsigned int ZSTD_isError(size_t code);
int LZ4_decompress_safe(const char *src, char *dst, int size, int capacity);

/* --- the C library that the decompressors see ----------------------------- */

static uint8_t *heap_pos, *heap_end;

void *malloc(size_t size);
void free(void *p);
void *calloc(size_t n, size_t size);
noreturn void __stack_chk_fail(void);
int ZSTD_trace_decompress_begin(const void *ctx);
void ZSTD_trace_decompress_end(unsigned long ctx, const void *trace);

__init void *malloc(size_t size)
{
    uint8_t *p = heap_pos;

    size = ROUND_UP(size, 64UL);
    if (size > (size_t)(heap_end - heap_pos))
        return NULL;
    heap_pos += size;
    return p;
}
__init void free(void *p)
{
}
__init void *calloc(size_t n, size_t size)
{
    size_t total;
    void *p;

    if (__builtin_mul_overflow(n, size, &total) || !(p = malloc(total)))
        return NULL;
    return memset(p, 0, total);
}
__init noreturn void __stack_chk_fail(void)
{
    panic("decompressor smashed its stack");
}
/* Weak in libzstd, but its references do not reach address 0 from here. */
__init int ZSTD_trace_decompress_begin(const void *ctx)
{
    return 0;
}
__init void ZSTD_trace_decompress_end(unsigned long ctx, const void *trace)
{
}

/* --- one function a format ------------------------------------------------ */

static __init uint32_t le32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, 4);
    return v;
}

static __init const char *unpack_gzip(const struct blob *in, void *out,
                                      size_t *size)
{
    z_stream s = {.next_in = in->data, .next_out = out};

    if (in->size > ~0U || *size > ~0U)
        return "gzip: too large";
    s.avail_in = in->size;
    s.avail_out = *size;
    if (inflateInit2_(&s, 15 + 16, "1.2", sizeof(s)))
        return "gzip: out of memory";
    if (inflate(&s, Z_FINISH) != Z_STREAM_END)
        return "gzip: corrupt data";
    *size = s.total_out;
    return NULL;
}

static __init const char *unpack_xz(const struct blob *in, void *out,
                                    size_t *size)
{
    uint64_t limit = heap_end - heap_pos;
    size_t in_pos = 0, out_pos = 0;

    switch (lzma_stream_buffer_decode(&limit, 0, NULL, in->data, &in_pos,
                                      in->size, out, &out_pos, *size)) {
    case 0:
        *size = out_pos;
        return NULL;
    case 5:
    case 6:
        return "xz: dictionary too large";
    default:
        return "xz: corrupt data";
    }
}

static __init const char *unpack_zstd(const struct blob *in, void *out,
                                      size_t *size)
{
    size_t frame = ZSTD_findFrameCompressedSize(in->data, in->size), n;

    if (ZSTD_isError(frame))
        return "zstd: corrupt data";
    n = ZSTD_decompress(out, *size, in->data, frame);
    if (ZSTD_isError(n))
        return "zstd: corrupt data";
    *size = n;
    return NULL;
}

/* The legacy frame: magic, then blocks of at most 8 MiB with their length. */
static __init const char *unpack_lz4(const struct blob *in, void *out,
                                     size_t *size)
{
    size_t pos = 4, done = 0;

    while (in->size - pos >= 4) {
        uint32_t block = le32(in->data + pos);
        int n;

        pos += 4;
        if (!block || block > in->size - pos)
            return "lz4: corrupt data";
        n = LZ4_decompress_safe((const char *)in->data + pos, out + done, block,
                                MIN(*size - done, MB(8UL)));
        if (n < 0)
            return "lz4: corrupt data";
        pos += block;
        done += n;
    }
    *size = done;
    return NULL;
}

static const struct {
    uint8_t magic[6], len;
    const char *(*unpack)(const struct blob *in, void *out, size_t *size);
} formats[] __section(".init.rodata") = {
    {{0x1f, 0x8b, 0x08}, 3, unpack_gzip},
    {{0xfd, '7', 'z', 'X', 'Z', 0}, 6, unpack_xz},
    {{0x28, 0xb5, 0x2f, 0xfd}, 4, unpack_zstd},
    {{0x02, 0x21, 0x4c, 0x18}, 4, unpack_lz4},
};

static __init int format_of(const struct blob *in)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(formats); i++)
        if (in->size > formats[i].len + 8u &&
            !memcmp(in->data, formats[i].magic, formats[i].len))
            return i;
    return -1;
}

__init bool is_compressed(const struct blob *in)
{
    return format_of(in) >= 0;
}

__init size_t unpacked_size(const struct blob *in)
{
    return in->data[0] == 0x1f ? le32(in->data + in->size - 4) : 0;
}

__init const char *decompress(const struct blob *in, void *out, size_t *size,
                              void *heap, size_t heap_size)
{
    static uint8_t canary_page[64] __initdata;
    int format = format_of(in);
    unsigned long flags;
    const char *err;

    if (format < 0)
        return "unknown compression";
    heap_pos = heap;
    heap_end = heap_pos + heap_size;
    flags = local_irq_save();
    wrmsr(MSR_FS_BASE, (uint64_t)canary_page);
    WRITE_CR(4, READ_CR(4) | CR4_OSFXSR | CR4_OSXMMEXCPT);
    asm volatile("clts; fninit");
    err = formats[format].unpack(in, out, size);
    asm volatile("fninit");
    wrmsr(MSR_FS_BASE, 0);
    local_irq_restore(flags);
    return err;
}
