/* SPDX-License-Identifier: MIT */
/*
 * Opening a kernel and a ramdisk. A kernel that is plain ELF stays a file, as
 * the ramdisk does, until its bytes go to the guest; a packed one is unpacked
 * into memory. Errors become one line here, with the path.
 */
#include <stdlib.h>

#include "private.h"
#include "../toollog/owned_logger.h"

/* Replace *elf, a bzImage or a gzip file, by what is packed in it. */
static int unpack_kernel(struct source *elf, bool bzimage, struct why *why)
{
    struct span whole = {.size = elf->size}, payload;
    uint8_t *bytes = malloc(elf->size);
    struct source unpacked;
    int rc = -1;

    if (!bytes)
        return refuse(why, ENOMEM, "no memory to read %llu bytes",
                      (unsigned long long)elf->size);
    whole.data = bytes;
    payload = whole;
    if (!source_read(elf, 0, bytes, elf->size))
        refuse(why, errno, "cannot read: %s", strerror(errno));
    else if (!bzimage || !xlg_bzimage_payload(whole, &payload, why))
        rc = xlg_decompress(payload, &unpacked, why);
    free(bytes);
    if (!rc) {
        source_close(elf);
        *elf = unpacked;
    }
    return rc;
}

static int open_kernel(xlg_image *image, const char *path, struct why *why)
{
    uint8_t head[XLG_HEAD_SIZE] = {0};
    struct span span = {head, sizeof(head)};

    if (source_open(&image->elf, path, XLG_KERNEL_FILE_MAX, why))
        return -1;
    if (span.size > image->elf.size)
        span.size = image->elf.size;
    if (!source_read(&image->elf, 0, head, span.size))
        return refuse(why, errno, "cannot read: %s", strerror(errno));
    if ((xlg_is_bzimage(span) || xlg_is_gzip(span)) &&
        unpack_kernel(&image->elf, xlg_is_bzimage(span), why))
        return -1;
    return xlg_elf_parse(&image->elf, &image->kernel, why);
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
    image->elf.fd = image->ramdisk.fd = -1;
    image->kernel_path = strdup(kernel);
    image->ramdisk_path = ramdisk ? strdup(ramdisk) : NULL;
    if (!image->kernel_path || (ramdisk && !image->ramdisk_path))
        goto fail;

    if (open_kernel(image, kernel, &why))
        goto fail;
    if (ramdisk) {
        what = "ramdisk";
        path = ramdisk;
        if (source_open(&image->ramdisk, ramdisk, XLG_RAMDISK_MAX, &why))
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
    source_close(&image->ramdisk);
    source_close(&image->elf);
    free(image->ramdisk_path);
    free(image->kernel_path);
    free(image);
}

const char *xlg_image_guest_os(const xlg_image *image)
{
    return image->kernel.guest_os;
}
