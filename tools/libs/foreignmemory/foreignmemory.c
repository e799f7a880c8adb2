/* SPDX-License-Identifier: MIT */
/*
 * libxenforeignmemory: another domain's frames, and resources that Xen keeps
 * for it, mapped into this process through the privcmd driver. An mmap()
 * reserves the address range, an ioctl then fills its page table.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <base/page.h>
#include <xen/xen.h>
#include <xen/sys/privcmd.h>
#include <xenforeignmemory.h>

#include "../toolcore/device_handle.h"

#define PRIVCMD "/dev/xen/privcmd"

struct xenforeignmemory_handle {
    struct device_handle dev;
};

struct xenforeignmemory_resource_handle {
    void *addr;
    size_t size;
};

static int restrict_handle(struct active_handle *active, domid_t domid)
{
    xenforeignmemory_handle *fmem = device_handle_of(active);

    if (!xenforeignmemory_restrict(fmem, domid))
        return 0;
    return errno == ENOTTY ? xentoolcore__restrict_by_dup2_null(fmem->dev.fd)
                           : -1;
}

xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger,
                                               unsigned int open_flags)
{
    return device_handle_open(sizeof(xenforeignmemory_handle), logger,
                              restrict_handle, "xenforeignmemory", PRIVCMD,
                              O_RDWR | O_CLOEXEC);
}

int xenforeignmemory_close(xenforeignmemory_handle *fmem)
{
    return device_handle_close(fmem);
}

static void unmap(void *addr, size_t size)
{
    int saved = errno;

    munmap(addr, size);
    errno = saved;
}

static void *reserve(xenforeignmemory_handle *fmem, void *hint, size_t pages,
                     int prot, int flags)
{
    void *addr;

    if (!pages || pages > SIZE_MAX >> PAGE_SHIFT) {
        errno = EINVAL;
        return NULL;
    }
    addr = mmap(hint, pages << PAGE_SHIFT, prot, flags | MAP_SHARED,
                fmem->dev.fd, 0);
    return addr == MAP_FAILED ? NULL : addr;
}

/*
 * Map with a verdict per page in errors[] (0 or a negative errno). NULL with
 * errno only when nothing could be tried.
 */
static void *map_batch(xenforeignmemory_handle *fmem, uint32_t dom, void *hint,
                       int prot, int flags, size_t pages, const xen_pfn_t arr[],
                       int errors[])
{
    privcmd_mmapbatch_v2_t batch = {
        .num = (unsigned int)pages,
        .dom = (domid_t)dom,
        .arr = arr,
        .err = errors,
    };
    void *addr;

    if (pages > INT32_MAX) {
        errno = EINVAL;
        return NULL;
    }
    addr = reserve(fmem, hint, pages, prot, flags);
    if (!addr)
        return NULL;
    batch.addr = (uintptr_t)addr;
    /* ENOENT is about single pages, like success. */
    if (ioctl(fmem->dev.fd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) &&
        errno != ENOENT) {
        unmap(addr, pages << PAGE_SHIFT);
        return NULL;
    }
    return addr;
}

void *xenforeignmemory_map2(xenforeignmemory_handle *fmem, uint32_t dom,
                            void *addr, int prot, int flags, size_t pages,
                            const xen_pfn_t arr[], int err[])
{
    int *errors, saved;
    size_t i = 0;

    if (err)
        return map_batch(fmem, dom, addr, prot, flags, pages, arr, err);

    errors = calloc(pages ? pages : 1, sizeof(*errors));
    if (!errors)
        return NULL;
    addr = map_batch(fmem, dom, addr, prot, flags, pages, arr, errors);
    while (addr && i < pages && !errors[i])
        i++;
    if (addr && i < pages) {
        munmap(addr, pages << PAGE_SHIFT);
        addr = NULL;
        errno = -errors[i];
    }
    saved = errno;
    free(errors);
    errno = saved;
    return addr;
}

void *xenforeignmemory_map(xenforeignmemory_handle *fmem, uint32_t dom,
                           int prot, size_t pages, const xen_pfn_t arr[],
                           int err[])
{
    return xenforeignmemory_map2(fmem, dom, NULL, prot, 0, pages, arr, err);
}

int xenforeignmemory_unmap(xenforeignmemory_handle *fmem, void *addr,
                           size_t pages)
{
    return munmap(addr, pages << PAGE_SHIFT);
}

int xenforeignmemory_restrict(xenforeignmemory_handle *fmem, domid_t domid)
{
    return ioctl(fmem->dev.fd, IOCTL_PRIVCMD_RESTRICT, &domid);
}

/* A kernel or a Xen without the operation: one errno that callers can test. */
static int resource_error(void)
{
    if (errno == ENOTTY || errno == ENOSYS)
        errno = EOPNOTSUPP;
    return -1;
}

xenforeignmemory_resource_handle *
xenforeignmemory_map_resource(xenforeignmemory_handle *fmem, domid_t domid,
                              unsigned int type, unsigned int id,
                              unsigned long frame, unsigned long nr_frames,
                              void **paddr, int prot, int flags)
{
    privcmd_mmap_resource_t resource = {
        .dom = domid,
        .type = type,
        .id = id,
        .idx = (uint32_t)frame,
        .num = nr_frames,
    };
    xenforeignmemory_resource_handle *fres;

    if (frame > UINT32_MAX) {
        errno = EINVAL;
        return NULL;
    }
    fres = calloc(1, sizeof(*fres));
    if (!fres)
        return NULL;
    fres->addr = reserve(fmem, *paddr, nr_frames, prot, flags);
    if (!fres->addr)
        goto fail;
    fres->size = nr_frames << PAGE_SHIFT;
    resource.addr = (uintptr_t)fres->addr;
    if (ioctl(fmem->dev.fd, IOCTL_PRIVCMD_MMAP_RESOURCE, &resource)) {
        resource_error();
        unmap(fres->addr, fres->size);
        goto fail;
    }
    *paddr = fres->addr;
    return fres;

fail:
    free(fres);
    return NULL;
}

int xenforeignmemory_unmap_resource(xenforeignmemory_handle *fmem,
                                    xenforeignmemory_resource_handle *fres)
{
    int rc;

    if (!fres)
        return 0;
    rc = munmap(fres->addr, fres->size);
    free(fres);
    return rc;
}

int xenforeignmemory_resource_size(xenforeignmemory_handle *fmem, domid_t domid,
                                   unsigned int type, unsigned int id,
                                   size_t *size)
{
    /* No address and no number: a question for the size. */
    privcmd_mmap_resource_t resource = {.dom = domid, .type = type, .id = id};

    if (ioctl(fmem->dev.fd, IOCTL_PRIVCMD_MMAP_RESOURCE, &resource))
        return resource_error();
    *size = resource.num << PAGE_SHIFT;
    return 0;
}
