/* SPDX-License-Identifier: MIT */
/*
 * Inside libxlguest. The work is a pipe of small steps, each in its file:
 *
 *   image.c       opens the files; knows paths and the logger
 *   source.c      bytes of a file
 *   hv/kernel.h   file -> struct kernel -> struct kernel_layout: which page
 *                 frame and virtual address each part gets
 *   build.c       the order of the steps below on a domain
 *   populate.c    memory, and access to it by pfn
 *   page_table.c  the initial page tables
 *   boot_info.c   start_info, shared_info, vcpu 0
 *
 * The first half reads hostile bytes and explains a refusal in a struct why.
 * It needs no Xen, so the unit tests drive it. What hv/kernel.h declares is
 * compiled from the hypervisor's sources, which open dom0's kernel with it.
 */
#ifndef XLGUEST_PRIVATE_H
#define XLGUEST_PRIVATE_H

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <hv/kernel.h>
#include <xentoollog.h>

#include <xlctrl.h>
#include <xlguest.h>

#pragma GCC visibility push(hidden)

/* --- bytes of files ------------------------------------------------------- */

/* A file and its size; fd -1: none. */
struct source {
    int fd;
    uint64_t size;
};

/* Open a regular file of at most max bytes; the caller source_close()s it. */
int source_open(struct source *source, const char *path, uint64_t max,
                struct why *why);
void source_close(struct source *source);

/* Copy [offset, offset + size) to out; false with errno. */
bool source_read(const struct source *source, uint64_t offset, void *out,
                 uint64_t size);

/* The files, opened and understood; what can be refused has been. */
struct xlg_image {
    char *kernel_path, *ramdisk_path;
    uint8_t *bytes;  /* the kernel file, or what was packed in it */
    struct span elf; /* in bytes */
    struct kernel kernel;
    struct source ramdisk; /* size 0: none */
};

/* --- building a domain ---------------------------------------------------- */

struct builder {
    xlc_handle *ctrl;
    struct xentoollog_logger *logger;
    uint32_t domid;
    const struct xlg_image *image;
    const struct xlg_config *config;
    struct kernel_layout layout;
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
