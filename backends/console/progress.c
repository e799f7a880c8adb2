/* SPDX-License-Identifier: MIT */
/*
 * See progress.h. Only the order of stores matters: a process that is killed
 * has done all that came before an instruction and nothing after it.
 */
#include "progress.h"

#include <base/page.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errand.h"
#include "page.h"

#define MAGIC 0x31646f6372656378ull /* and the layout's version */

static struct progress *map(int fd)
{
    void *p = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    _Static_assert(sizeof(struct progress) <= PAGE_SIZE, "one page");
    return p == MAP_FAILED ? NULL : p;
}

struct progress *progress_create(int *fd)
{
    struct progress *r;

    *fd = errand_page();
    r = *fd < 0 ? NULL : map(*fd);
    if (!r) {
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
        return NULL;
    }
    r->magic = MAGIC;
    return r;
}

static bool makes_sense(const struct progress *r)
{
    struct progress_state s = progress_state(r);

    return r->magic == MAGIC &&
           !(s.flags & ~(PROGRESS_OPEN | PROGRESS_LINE_OPEN)) &&
           (!(s.flags & PROGRESS_OPEN) || r->length <= PROGRESS_TEXT_MAX) &&
           memchr(r->log_name, 0, sizeof(r->log_name));
}

struct progress *progress_map(int fd)
{
    struct stat st;
    struct progress *r =
        fstat(fd, &st) || st.st_size != PAGE_SIZE ? NULL : map(fd);

    if (r && !makes_sense(r)) {
        progress_unmap(r);
        return NULL;
    }
    return r;
}

void progress_seal(struct progress **r, int *fd)
{
    struct progress *copy;
    int copy_fd;

    if (!page_seal(*fd))
        return;
    copy = progress_create(&copy_fd);
    if (!copy)
        return;
    memcpy(copy, *r, sizeof(*copy));
    progress_unmap(*r);
    close(*fd);
    *r = copy;
    *fd = copy_fd;
}

void progress_unmap(struct progress *r)
{
    if (r)
        munmap(r, PAGE_SIZE);
}

struct progress_state progress_state(const struct progress *r)
{
    struct progress_state s;

    __atomic_load(&r->state, &s, __ATOMIC_ACQUIRE);
    return s;
}

static void set(struct progress *r, uint32_t position, uint32_t flags)
{
    struct progress_state s = {position, flags};

    __atomic_store(&r->state, &s, __ATOMIC_RELEASE);
}

void progress_set(struct progress *r, uint32_t position, bool line_open)
{
    set(r, position, line_open ? PROGRESS_LINE_OPEN : 0);
}

void progress_begin(struct progress *r, uint32_t position)
{
    set(r, position, (r->state.flags & PROGRESS_LINE_OPEN) | PROGRESS_OPEN);
}

void progress_end(struct progress *r, bool line_open)
{
    progress_set(r, r->state.position + r->length, line_open);
}
