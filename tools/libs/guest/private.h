/* SPDX-License-Identifier: MIT */
/*
 * Inside libxlguest. The work is a pipe of small steps, each in its file:
 *
 *   image.c       opens the files; knows paths and the logger
 *   source.c      bytes of a file or of memory
 *   bzimage.c     bzImage -> compressed payload
 *   decompress.c  payload -> ELF
 *   elf.c         ELF -> struct xlg_kernel
 *   layout.c      kernel and sizes -> struct xlg_layout: which page frame and
 *                 virtual address each part gets
 *   build.c       the order of the steps below on a domain
 *   populate.c    memory, and access to it by pfn
 *   page_table.c  the initial page tables
 *   boot_info.c   start_info, shared_info, vcpu 0
 *
 * The first half reads hostile bytes; it takes sources and spans, never a
 * pointer alone, and explains a refusal in a struct why. It needs no Xen, so
 * the unit tests drive it.
 */
#ifndef XLGUEST_PRIVATE_H
#define XLGUEST_PRIVATE_H

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xentoollog.h>

#include <xlctrl.h>
#include <xlguest.h>

#pragma GCC visibility push(hidden)

/* --- refusals ------------------------------------------------------------- */

struct why {
    char text[200];
};

/* Set errno and the text; returns -1, to be used in a return statement. */
int refuse(struct why *why, int errnoval, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- bounds-checked bytes ------------------------------------------------- */

struct span {
    const uint8_t *data;
    uint64_t size;
};

/* The part [offset, offset + size); false when it is not all inside. */
static inline bool span_part(struct span whole, uint64_t offset, uint64_t size,
                             struct span *part)
{
    if (offset > whole.size || size > whole.size - offset)
        return false;
    *part = (struct span){whole.data + offset, size};
    return true;
}

/* Copy a fixed-size structure out; false when it is not all inside. */
static inline bool span_read(struct span whole, uint64_t offset, void *out,
                             size_t size)
{
    struct span part;

    if (!span_part(whole, offset, size, &part))
        return false;
    memcpy(out, part.data, size);
    return true;
}

/* A file (fd >= 0) or memory of its own (data), and its size. */
struct source {
    int fd;
    uint8_t *data;
    uint64_t size;
};

/* Open a regular file of at most max bytes; the caller source_close()s it. */
int source_open(struct source *source, const char *path, uint64_t max,
                struct why *why);
void source_close(struct source *source);

/* Copy [offset, offset + size) to out; false with errno. */
bool source_read(const struct source *source, uint64_t offset, void *out,
                 uint64_t size);

static inline bool source_has(const struct source *source, uint64_t offset,
                              uint64_t size)
{
    return offset <= source->size && size <= source->size - offset;
}

/* --- kernel image --------------------------------------------------------- */

/* A bzImage by its first XLG_HEAD_SIZE bytes; where its payload lies. */
#define XLG_HEAD_SIZE 0x250
bool xlg_is_bzimage(struct span file);
int xlg_bzimage_payload(struct span file, struct span *payload,
                        struct why *why);

/*
 * Unpack a kernel payload: gzip, xz, zstd or legacy lz4, told by its magic
 * number. The last four bytes of a payload give the unpacked size; memory is
 * bounded by that, by XLG_KERNEL_UNPACKED_MAX and by a ratio.
 */
bool xlg_is_gzip(struct span file);
int xlg_decompress(struct span payload, struct source *out, struct why *why);

/* A part of the ELF that is loaded, at a guest-physical address. */
struct xlg_segment {
    uint64_t offset, file_size; /* in the ELF, inside it */
    uint64_t phys, mem_size;    /* file_size <= mem_size, no overflow */
};

#define XLG_MAX_SEGMENTS 32
#define XLG_NO_ADDRESS   (~0ULL)

/* What the ELF and its Xen notes ask for; all addresses are checked. */
struct xlg_kernel {
    unsigned int nr_segments;
    struct xlg_segment segments[XLG_MAX_SEGMENTS];
    uint64_t phys_start, phys_end; /* hull of the segments, bytes */
    uint64_t virt_base;            /* virtual = guest-physical + virt_base */
    uint64_t entry;
    uint64_t init_p2m;       /* where the p2m list goes, or XLG_NO_ADDRESS */
    uint64_t hypercall_page; /* virtual, or XLG_NO_ADDRESS */
    bool mod_start_pfn;      /* the ramdisk need not be mapped */
    char guest_os[32];
};

int xlg_elf_parse(const struct source *elf, struct xlg_kernel *kernel,
                  struct why *why);

struct xlg_image {
    char *kernel_path, *ramdisk_path;
    struct source elf;
    struct source ramdisk; /* size 0: none */
    struct xlg_kernel kernel;
};

/* --- layout --------------------------------------------------------------- */

/* Consecutive guest page frames. */
struct pfn_range {
    uint64_t start, count;
};

static inline uint64_t range_end(struct pfn_range r)
{
    return r.start + r.count;
}

static inline bool range_has(struct pfn_range r, uint64_t pfn)
{
    return pfn >= r.start && pfn - r.start < r.count;
}

/* A virtual range and the tables that map it; first and last are inclusive. */
struct mapping {
    uint64_t first, last;  /* virtual addresses of the first, last byte */
    uint64_t first_pfn;    /* mapped at first, ascending from there */
    uint64_t nr_tables[4]; /* [1]: L3, [2]: L2, [3]: L1; [0] unused */
    uint64_t table_pfn[4]; /* first table of each level */
};

struct xlg_layout {
    uint64_t nr_pages;
    uint64_t virt_base;
    struct pfn_range start_info, store, console, stack;
    struct pfn_range page_tables; /* L4, then L3, L2, L1 of the window */
    struct pfn_range ramdisk;     /* count 0: none */
    struct pfn_range p2m;  /* the list, then the tables that map it, if any */
    uint64_t p2m_virt;     /* of the list */
    struct mapping window; /* the kernel's: pfn 0 upward at virt_base */
    struct mapping list;   /* of the p2m list; all 0 when in the window */
};

int xlg_layout_compute(const struct xlg_kernel *kernel, uint64_t nr_pages,
                       uint64_t ramdisk_size, struct xlg_layout *layout,
                       struct why *why);

static inline uint64_t layout_virt(const struct xlg_layout *layout,
                                   uint64_t pfn)
{
    return layout->virt_base + (pfn << PAGE_SHIFT);
}

/* --- building a domain ---------------------------------------------------- */

struct builder {
    xlc_handle *ctrl;
    struct xentoollog_logger *logger;
    uint32_t domid;
    const struct xlg_image *image;
    const struct xlg_config *config;
    struct xlg_layout layout;
    xen_pfn_t *mfns; /* nr_pages entries: the guest's p2m list */
};

/* Log "domain N: <text>[: errno text]" and return -1 with errno kept. */
int build_error(struct builder *b, int errnoval, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Give the domain layout.nr_pages of memory and record the frames in mfns. */
int populate(struct builder *b);

/*
 * Map guest pages read-write; count may be large. NULL with a logged error.
 * The caller unmaps with guest_unmap() before the page tables are pinned.
 */
void *guest_map(struct builder *b, struct pfn_range range);
void guest_unmap(struct builder *b, void *addr, struct pfn_range range);

int write_page_tables(struct builder *b);
int write_start_info(struct builder *b, uint64_t shared_info_mfn);
int init_shared_info(struct builder *b, uint64_t shared_info_mfn);
int set_boot_vcpu(struct builder *b);

#pragma GCC visibility pop

#endif
