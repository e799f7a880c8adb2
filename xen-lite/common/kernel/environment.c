/* SPDX-License-Identifier: MIT */
/*
 * Unpacking dom0's kernel: the C library and the CPU state that Debian's
 * libraries find, which are linked statically into the init part.
 *
 * They are built for user space. They use SSE registers, a canary at %fs:40
 * and a red zone. So here, and only here, the FPU is ours, FS points to a
 * zeroed page, interrupts are off (nobody else uses this stack), and memory
 * comes from a bump allocator over a scratch region.
 */
#include <hv/dom0.h>
#include <hv/kernel.h>
#include <hv/lib.h>
#include <asm/processor.h>

static uint8_t *heap_pos, *heap_end;

void *malloc(size_t size);
void free(void *p);
void *calloc(size_t n, size_t size);
noreturn void __stack_chk_fail(void);
int ZSTD_trace_decompress_begin(const void *ctx);
void ZSTD_trace_decompress_end(unsigned long ctx, const void *trace);

void *malloc(size_t size)
{
    uint8_t *p = heap_pos;

    if (size > (size_t)(heap_end - heap_pos))
        return NULL;
    heap_pos += ROUND_UP(size, 64UL);
    return p;
}

void free(void *p)
{
}

void *calloc(size_t n, size_t size)
{
    size_t total;
    void *p;

    if (__builtin_mul_overflow(n, size, &total) || !(p = malloc(total)))
        return NULL;
    return memset(p, 0, total);
}

noreturn void __stack_chk_fail(void)
{
    panic("decompressor smashed its stack");
}

/* Weak in libzstd, but its references do not reach address 0 from here. */
int ZSTD_trace_decompress_begin(const void *ctx)
{
    return 0;
}

void ZSTD_trace_decompress_end(unsigned long ctx, const void *trace)
{
}

int boot_unpack(const struct kernel_payload *payload, void *out, void *heap,
                size_t heap_size, struct why *why)
{
    static uint8_t canary_page[64];
    unsigned long flags;
    int rc;

    heap_pos = heap;
    heap_end = heap_pos + heap_size;
    flags = local_irq_save();
    wrmsr(MSR_FS_BASE, (uint64_t)canary_page);
    WRITE_CR(4, READ_CR(4) | CR4_OSFXSR | CR4_OSXMMEXCPT);
    asm volatile("clts; fninit");
    rc = kernel_unpack(payload, out, why);
    asm volatile("fninit");
    wrmsr(MSR_FS_BASE, 0);
    local_irq_restore(flags);
    return rc;
}
