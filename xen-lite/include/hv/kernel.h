/* SPDX-License-Identifier: MIT */
/*
 * A PV kernel's file: what is packed in it, what its ELF and its Xen notes ask
 * for, and where everything goes in the guest's memory. One set of functions,
 * compiled for the hypervisor, which builds dom0, and for libxlguest, which
 * builds every other guest:
 *
 *   kernel_payload   file -> payload       bzimage.c, decompress.c
 *   kernel_unpack    payload -> ELF        decompress.c
 *   kernel_parse     ELF -> struct kernel  elf.c
 *   kernel_layout    struct kernel and sizes -> struct kernel_layout
 *
 * They are pure: no files, no allocation (but the decompressors call malloc()
 * and free()), no locks, nothing kept. Every byte of the input is hostile. What
 * they cannot take they refuse(): -1, with an error number and a sentence.
 */
#ifndef HV_KERNEL_H
#define HV_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/* --- refusals ------------------------------------------------------------- */

/* Why a step failed; means nothing after a success. */
struct why {
    int error; /* EINVAL, EFBIG, ENOMEM or, from a caller, any other */
    char text[200];
};

/*
 * Fills *why; returns -1, to be used in a return statement. A text that is too
 * long is cut. Strings of the input must be made printable before.
 */
int refuse(struct why *why, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- bounds-checked bytes ------------------------------------------------- */

/*
 * A piece of the input; the memory is the caller's and outlives the span. data
 * may have any alignment, so that numbers are read by span_read().
 */
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
    __builtin_memcpy(out, part.data, size);
    return true;
}

/* --- the file ------------------------------------------------------------- */

/* Limits; a Linux kernel with all its symbols is about 70 MB. */
#define KERNEL_FILE_MAX     (256ULL << 20)
#define KERNEL_UNPACKED_MAX (1024ULL << 20)
#define KERNEL_RAMDISK_MAX  (8ULL << 30)

/* Where in the file the kernel is, and how much memory it wants. */
struct kernel_payload {
    struct span data;       /* a part of the file */
    uint32_t unpacked_size; /* bytes; 0: data is the ELF itself */
};

/*
 * Finds the kernel in an ELF file, a bzImage or a gzip file. Nothing is copied:
 * the payload is in the file. unpacked_size is what the file says of itself, at
 * most KERNEL_UNPACKED_MAX; whether it is true shows in kernel_unpack().
 */
int kernel_payload(struct span file, struct kernel_payload *payload,
                   struct why *why);

/* Of bzimage.c, for kernel_payload(). */
bool is_bzimage(struct span file);
int bzimage_payload(struct span file, struct span *payload, struct why *why);

/*
 * Fills out[0..unpacked_size), which the caller has allocated. Packed data that
 * gives more or less is refused, and so is xz data that needs more than 256 MiB
 * of memory. Nothing is written outside; after a refusal out holds anything.
 */
int kernel_unpack(const struct kernel_payload *payload, void *out,
                  struct why *why);

/* --- the ELF -------------------------------------------------------------- */

/* A part of the ELF that is loaded, at a guest-physical address. */
struct kernel_segment {
    uint64_t offset, file_size; /* in the ELF, inside it */
    uint64_t phys, mem_size;    /* file_size <= mem_size; no two overlap */
};

#define KERNEL_MAX_SEGMENTS 32
#define KERNEL_NO_ADDRESS   (~0ULL)

/* What the ELF and its notes ask for; the addresses are checked. */
struct kernel {
    unsigned int nr_segments;
    struct kernel_segment segments[KERNEL_MAX_SEGMENTS];
    uint64_t phys_start, phys_end; /* hull of the segments, bytes */
    uint64_t virt_base;            /* virtual = guest-physical + virt_base */
    uint64_t entry;
    uint64_t init_p2m;       /* where the p2m list goes, or KERNEL_NO_ADDRESS */
    uint64_t hypercall_page; /* virtual, or KERNEL_NO_ADDRESS */
    uint64_t features;  /* SUPPORTED_FEATURES; all bits without that note */
    bool mod_start_pfn; /* the ramdisk need not be mapped */
    bool pae_pgdir_above_4gb;
    char guest_os[32]; /* printable; "unknown" without that note */
};

/*
 * Reads an ELF file and its Xen notes into *kernel, which refers to nothing in
 * the file. Refused are files for another machine, notes that ask for another
 * kind of guest or for features that are not there, and segments that overlap
 * or leave the file. Whether everything fits into a guest is left to
 * kernel_layout().
 */
int kernel_parse(struct span elf, struct kernel *kernel, struct why *why);

/* --- layout --------------------------------------------------------------- */

#define KERNEL_PAGE_SHIFT 12

/* Consecutive guest page frames. */
struct pfn_range {
    uint64_t start, count;
};

/* The frame behind the last one. */
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

/*
 * The result: which frames of the guest get what. Ranges do not overlap; frames
 * in none of them are free for the guest, and those in 'window' are mapped.
 */
struct kernel_layout {
    uint64_t nr_pages;
    uint64_t virt_base;
    struct pfn_range start_info, stack;
    struct pfn_range store, console; /* count 0 in dom0 */
    struct pfn_range page_tables;    /* L4, then L3, L2, L1 of the window */
    struct pfn_range ramdisk;        /* count 0: none */
    struct pfn_range p2m;  /* the list, then the tables that map it, if any */
    uint64_t p2m_virt;     /* of the list */
    struct mapping window; /* the kernel's: pfn 0 upward at virt_base */
    struct mapping list;   /* of the p2m list; all 0 when in the window */
};

/*
 * Places everything. nr_pages: of the guest, all of which are to exist from the
 * start. ramdisk_size: bytes, 0: none. dom0 has no store and console pages.
 * ENOMEM: the guest is too small; EFBIG: it or the ramdisk is too large;
 * EINVAL: the kernel's addresses cannot be had.
 */
int kernel_layout(const struct kernel *kernel, uint64_t nr_pages,
                  uint64_t ramdisk_size, bool dom0,
                  struct kernel_layout *layout, struct why *why);

/* The guest's virtual address of a frame in the window. */
static inline uint64_t layout_virt(const struct kernel_layout *layout,
                                   uint64_t pfn)
{
    return layout->virt_base + (pfn << KERNEL_PAGE_SHIFT);
}

#pragma GCC visibility pop

#endif
