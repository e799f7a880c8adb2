/* SPDX-License-Identifier: MIT */
/*
 * Kernel and ramdisk files. The kernel is read into memory once and only that
 * copy is looked at: what was checked is what will run. The ramdisk is opaque
 * to us, so it stays a file until its bytes go to the guest.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"
#include "../toollog/owned_logger.h"

/* Open a regular file of at most max bytes; -1 with *why. */
static int open_file(const char *path, uint64_t max, uint64_t *size,
                     struct why *why)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return refuse(why, errno, "cannot open: %s", strerror(errno));
    if (fstat(fd, &st))
        refuse(why, errno, "cannot stat: %s", strerror(errno));
    else if (!S_ISREG(st.st_mode))
        refuse(why, EINVAL, "not a regular file");
    else if (!st.st_size)
        refuse(why, EINVAL, "file is empty");
    else if ((uint64_t)st.st_size > max)
        refuse(why, EFBIG, "file of %llu MiB is larger than %llu MiB",
               (unsigned long long)st.st_size >> 20,
               (unsigned long long)max >> 20);
    else {
        *size = (uint64_t)st.st_size;
        return fd;
    }
    close(fd);
    return -1;
}

static int read_file(const char *path, struct unpacked *file, struct why *why)
{
    uint64_t done = 0;
    int fd = open_file(path, XLG_KERNEL_FILE_MAX, &file->size, why);

    if (fd < 0)
        return -1;
    file->data = malloc(file->size);
    if (!file->data) {
        refuse(why, ENOMEM, "no memory to read it");
        goto fail;
    }
    while (done < file->size) {
        ssize_t n = read(fd, file->data + done, file->size - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            refuse(why, n ? errno : EIO, "cannot read: %s",
                   n ? strerror(errno) : "file became shorter");
            goto fail;
        }
        done += (uint64_t)n;
    }
    close(fd);
    return 0;

fail:
    close(fd);
    free(file->data);
    *file = (struct unpacked){0};
    return -1;
}

/* Read path and strip bzImage and compression off; *elf is the caller's. */
static int read_kernel(const char *path, struct unpacked *elf, struct why *why)
{
    struct unpacked file;
    struct span span, payload;
    int rc = 0;

    if (read_file(path, &file, why))
        return -1;
    span = payload = (struct span){file.data, file.size};
    if (xlg_is_bzimage(span))
        rc = xlg_bzimage_payload(span, &payload, why);
    else if (!xlg_is_gzip(span)) {
        *elf = file;
        return 0;
    }
    if (!rc)
        rc = xlg_decompress(payload, elf, why);
    free(file.data);
    return rc;
}

static void log_refusal(struct xentoollog_logger *logger, const char *what,
                        const char *path, const struct why *why)
{
    struct owned_logger log;

    if (owned_logger_take(&log, logger))
        return;
    xtl_log(log.logger, XTL_ERROR, -1, "xlguest", "%s %s: %s", what, path,
            why->text);
    owned_logger_drop(&log);
}

xlg_image *xlg_image_open(struct xentoollog_logger *logger, const char *kernel,
                          const char *ramdisk)
{
    struct why why = {.text = "no memory"};
    xlg_image *image = calloc(1, sizeof(*image));
    const char *what = "kernel", *path = kernel;
    int saved;

    if (!image)
        goto fail;
    image->ramdisk_fd = -1;
    image->kernel_path = strdup(kernel);
    image->ramdisk_path = ramdisk ? strdup(ramdisk) : NULL;
    if (!image->kernel_path || (ramdisk && !image->ramdisk_path))
        goto fail;

    if (read_kernel(kernel, &image->elf, &why) ||
        xlg_elf_parse((struct span){image->elf.data, image->elf.size},
                      &image->kernel, &why))
        goto fail;
    if (ramdisk) {
        what = "ramdisk";
        path = ramdisk;
        image->ramdisk_fd =
            open_file(ramdisk, XLG_RAMDISK_MAX, &image->ramdisk_size, &why);
        if (image->ramdisk_fd < 0)
            goto fail;
    }
    return image;

fail:
    saved = errno;
    log_refusal(logger, what, path, &why);
    xlg_image_close(image);
    errno = saved;
    return NULL;
}

void xlg_image_close(xlg_image *image)
{
    if (!image)
        return;
    if (image->ramdisk_fd >= 0)
        close(image->ramdisk_fd);
    free(image->elf.data);
    free(image->ramdisk_path);
    free(image->kernel_path);
    free(image);
}

const char *xlg_image_guest_os(const xlg_image *image)
{
    return image->kernel.guest_os;
}
