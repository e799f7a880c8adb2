/* SPDX-License-Identifier: MIT */
/*
 * Opening a kernel and a ramdisk. The kernel is read into memory, unpacked if
 * need be, and checked; the ramdisk stays a file until its bytes go to the
 * guest. Errors become one line here, with the path.
 */
#include <stdlib.h>

#include "private.h"
#include "../toollog/owned_logger.h"

/* A whole file in memory, for the caller to free(); NULL with *why. */
static uint8_t *read_file(const char *path, uint64_t *size, struct why *why)
{
    struct source file;
    uint8_t *bytes;

    if (source_open(&file, path, KERNEL_FILE_MAX, why))
        return NULL;
    *size = file.size;
    bytes = malloc(file.size);
    if (!bytes) {
        refuse(why, ENOMEM, "no memory to read %lu bytes", file.size);
    } else if (!source_read(&file, 0, bytes, file.size)) {
        refuse(why, errno, "cannot read: %s", strerror(errno));
        free(bytes);
        bytes = NULL;
    }
    source_close(&file);
    return bytes;
}

static int unpack_kernel(xlg_image *image, const struct kernel_payload *payload,
                         struct why *why)
{
    uint32_t size = payload->unpacked_size;
    uint8_t *unpacked = malloc(size);

    if (!unpacked)
        return refuse(why, ENOMEM, "no memory to unpack %u bytes", size);
    if (kernel_unpack(payload, unpacked, why)) {
        free(unpacked);
        return -1;
    }
    free(image->bytes);
    image->bytes = unpacked;
    image->elf = (struct span){unpacked, size};
    return 0;
}

static int open_kernel(xlg_image *image, const char *path, struct why *why)
{
    struct kernel_payload payload;
    struct span file;

    image->bytes = read_file(path, &file.size, why);
    file.data = image->bytes;
    if (!file.data || kernel_payload(file, &payload, why))
        return -1;
    image->elf = payload.data;
    if (payload.unpacked_size && unpack_kernel(image, &payload, why))
        return -1;
    return kernel_parse(image->elf, &image->kernel, why);
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
    struct why why = {.error = ENOMEM, .text = "no memory"};
    xlg_image *image = calloc(1, sizeof(*image));
    const char *what = "kernel", *path = kernel;

    if (!image)
        goto fail;
    image->ramdisk.fd = -1;
    image->kernel_path = strdup(kernel);
    image->ramdisk_path = ramdisk ? strdup(ramdisk) : NULL;
    if (!image->kernel_path || (ramdisk && !image->ramdisk_path))
        goto fail;

    if (open_kernel(image, kernel, &why))
        goto fail;
    if (ramdisk) {
        what = "ramdisk";
        path = ramdisk;
        if (source_open(&image->ramdisk, ramdisk, KERNEL_RAMDISK_MAX, &why))
            goto fail;
    }
    return image;

fail:
    log_refusal(logger, what, path, &why);
    xlg_image_close(image);
    errno = why.error;
    return NULL;
}

void xlg_image_close(xlg_image *image)
{
    if (!image)
        return;
    source_close(&image->ramdisk);
    free(image->bytes);
    free(image->ramdisk_path);
    free(image->kernel_path);
    free(image);
}
