/* SPDX-License-Identifier: MIT */
/*
 * bzImage: a real-mode boot sector and setup code, then a program that
 * unpacks the kernel. The setup header says where in that program the
 * packed ELF lies (boot protocol 2.08 and later), which is all we want.
 */
#include "pure.h"

/* Offsets from the start of the file, Linux boot protocol. */
#define SETUP_SECTS    0x1f1 /* u8, 512-byte sectors after the first; 0: 4 */
#define BOOT_FLAG      0x1fe /* u16, 0xaa55 */
#define HEADER_MAGIC   0x202 /* "HdrS" */
#define VERSION        0x206 /* u16 */
#define PAYLOAD_OFFSET 0x248 /* u32, from the end of the setup sectors */
#define PAYLOAD_LENGTH 0x24c /* u32 */

#define VERSION_WITH_PAYLOAD 0x208

bool is_bzimage(struct span file)
{
    uint16_t flag;
    char magic[4];

    return span_read(file, BOOT_FLAG, &flag, sizeof(flag)) &&
           span_read(file, HEADER_MAGIC, magic, sizeof(magic)) &&
           flag == 0xaa55 && !memcmp(magic, "HdrS", sizeof(magic));
}

int bzimage_payload(struct span file, struct span *payload, struct why *why)
{
    uint8_t sectors;
    uint16_t version;
    uint32_t offset, length;
    uint64_t start;

    if (!span_read(file, SETUP_SECTS, &sectors, sizeof(sectors)) ||
        !span_read(file, VERSION, &version, sizeof(version)) ||
        !span_read(file, PAYLOAD_OFFSET, &offset, sizeof(offset)) ||
        !span_read(file, PAYLOAD_LENGTH, &length, sizeof(length)))
        return refuse(why, EINVAL, "bzImage header is cut off");
    if (version < VERSION_WITH_PAYLOAD)
        return refuse(why, EINVAL,
                      "bzImage boot protocol %u.%02u is too old, need 2.08",
                      version >> 8, version & 0xff);

    start = ((sectors ? sectors : 4) + 1) * 512ULL + offset;
    if (!length || !span_part(file, start, length, payload))
        return refuse(why, EINVAL,
                      "bzImage payload (%u bytes at %#lx) is not inside the "
                      "file of %lu bytes",
                      length, start, file.size);
    return 0;
}
