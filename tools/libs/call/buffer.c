/* SPDX-License-Identifier: MIT */
/*
 * Memory for hypercall arguments. The hypervisor reads and writes it through
 * the process's page tables and cannot take a page fault there, so ordinary
 * memory, which Linux may migrate, write-protect or swap at any moment, can
 * fail with EFAULT. The kernel's hypercall device hands out pages that stay
 * mapped; on a kernel without it, locked anonymous memory comes close.
 *
 * Neither kind is inherited by a forked child, where copy-on-write would
 * take the parent's pages away.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "private.h"

/* In front of every buffer from xencall_alloc_buffer(). */
struct buffer_header {
    size_t nr_pages;
} __attribute__((aligned(64)));

static void unmap_pages(void *p, size_t nr_pages)
{
    int saved = errno;

    munmap(p, nr_pages * PAGE_SIZE);
    errno = saved;
}

static void *map_pages(xencall_handle *xcall, size_t nr_pages)
{
    size_t size = nr_pages * PAGE_SIZE;
    void *p;

    if (xcall->buffer_fd >= 0) {
        p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
                 xcall->buffer_fd, 0);
        return p == MAP_FAILED ? NULL : p;
    }

    p = mmap(NULL, size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (madvise(p, size, MADV_DONTFORK)) {
        unmap_pages(p, nr_pages);
        return NULL;
    }
    return p;
}

static void *cache_get(xencall_handle *xcall)
{
    void *p = NULL;

    pthread_mutex_lock(&xcall->cache_lock);
    if (xcall->cached)
        p = xcall->cache[--xcall->cached];
    pthread_mutex_unlock(&xcall->cache_lock);
    return p;
}

static int cache_put(xencall_handle *xcall, void *p)
{
    int kept = 0;

    pthread_mutex_lock(&xcall->cache_lock);
    if (xcall->cached < CACHED_PAGES) {
        xcall->cache[xcall->cached++] = p;
        kept = 1;
    }
    pthread_mutex_unlock(&xcall->cache_lock);
    return kept;
}

void buffer_cache_release(xencall_handle *xcall)
{
    while (xcall->cached)
        unmap_pages(xcall->cache[--xcall->cached], 1);
}

void *xencall_alloc_buffer_pages(xencall_handle *xcall, size_t nr_pages)
{
    void *p = NULL;

    if (!nr_pages || nr_pages > SIZE_MAX / PAGE_SIZE) {
        errno = nr_pages ? ENOMEM : EINVAL;
        return NULL;
    }
    if (nr_pages == 1)
        p = cache_get(xcall);
    if (!p)
        p = map_pages(xcall, nr_pages);
    if (p)
        memset(p, 0, nr_pages * PAGE_SIZE);
    return p;
}

void xencall_free_buffer_pages(xencall_handle *xcall, void *p, size_t nr_pages)
{
    if (!p || (nr_pages == 1 && cache_put(xcall, p)))
        return;
    unmap_pages(p, nr_pages);
}

void *xencall_alloc_buffer(xencall_handle *xcall, size_t size)
{
    struct buffer_header *header;
    size_t nr_pages;

    if (size > SIZE_MAX - sizeof(*header) - PAGE_SIZE) {
        errno = ENOMEM;
        return NULL;
    }
    nr_pages = (size + sizeof(*header) + PAGE_SIZE - 1) / PAGE_SIZE;
    header = xencall_alloc_buffer_pages(xcall, nr_pages);
    if (!header)
        return NULL;
    header->nr_pages = nr_pages;
    return header + 1;
}

void xencall_free_buffer(xencall_handle *xcall, void *p)
{
    struct buffer_header *header = p;

    if (!p)
        return;
    header--;
    xencall_free_buffer_pages(xcall, header, header->nr_pages);
}

int xencall_buffers_never_fault(xencall_handle *xcall)
{
    return xcall->buffer_fd >= 0;
}
