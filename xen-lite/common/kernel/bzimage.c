/* SPDX-License-Identifier: MIT */
/*
 * Linux's bzImage: a boot sector and set-up code, then a 32-bit loader with
 * the compressed kernel inside. The set-up header says where (since protocol
 * 2.08); the last four bytes of the payload hold the unpacked size.
 */
#include <hv/kernel.h>
#include <hv/lib.h>

#define HDR_SETUP_SECTS    0x1f1
#define HDR_BOOT_FLAG      0x1fe
#define HDR_MAGIC          0x202
#define HDR_VERSION        0x206
#define HDR_PAYLOAD_OFFSET 0x248
#define HDR_PAYLOAD_LENGTH 0x24c
#define HDR_END            0x250

static uint32_t le32(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

const char *bzimage_payload(const struct blob *file, struct blob *payload,
                            size_t *unpacked)
{
    const uint8_t *d = file->data;
    uint64_t start, offset, length;

    *payload = *file;
    *unpacked = 0;
    if (file->size < HDR_END || memcmp(d + HDR_MAGIC, "HdrS", 4) ||
        d[HDR_BOOT_FLAG] != 0x55 || d[HDR_BOOT_FLAG + 1] != 0xaa)
        return NULL; /* not a bzImage */
    if ((d[HDR_VERSION] | d[HDR_VERSION + 1] << 8) < 0x208)
        return "bzImage is too old (boot protocol before 2.08)";
    start = ((uint64_t)(d[HDR_SETUP_SECTS] ? d[HDR_SETUP_SECTS] : 4) + 1) * 512;
    offset = start + le32(d + HDR_PAYLOAD_OFFSET);
    length = le32(d + HDR_PAYLOAD_LENGTH);
    if (length < 16 || offset + length > file->size)
        return "bzImage is cut short: its payload lies outside the file";
    payload->data = d + offset;
    payload->size = length;
    *unpacked = le32(d + offset + length - 4);
    if (payload->data[0] != 0x1f) /* gzip ends with that size itself */
        payload->size -= 4;
    return NULL;
}
