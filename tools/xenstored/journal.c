/* SPDX-License-Identifier: MIT */
/* See journal.h. */
#include "journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "errand.h"

#define TEXT_OF(number)  TEXT_OF_(number)
#define TEXT_OF_(number) #number
static const char magic[] = "xenstored journal " TEXT_OF(JOURNAL_VERSION) "\n";
#define MAGIC (sizeof(magic) - 1)
/* "magic", boot, line feed */
#define HEAD (MAGIC + JOURNAL_BOOT_ID + 1)

struct frame_head {
    uint32_t len, crc;
};

static uint32_t checksum(uint32_t len, const void *payload)
{
    uLong crc = crc32(0, (const Bytef *)&len, sizeof(len));
    return (uint32_t)crc32(crc, payload, len);
}

/* --- values to bytes ------------------------------------------------------ */

static bool reserve(struct pack *p, size_t len)
{
    size_t room = p->room ? p->room : 4096;
    char *data;

    if (p->failed)
        return false;
    if (len <= p->room - p->used)
        return true;
    while (room - p->used < len)
        room *= 2;
    data = realloc(p->data, room);
    if (!data) {
        p->failed = true;
        return false;
    }
    p->data = data;
    p->room = room;
    return true;
}

void pack_bytes(struct pack *p, const void *data, size_t len)
{
    if (len == 0 || !reserve(p, len))
        return;
    memcpy(p->data + p->used, data, len);
    p->used += len;
}

void pack_u8(struct pack *p, uint8_t v)
{
    pack_bytes(p, &v, sizeof(v));
}

void pack_u16(struct pack *p, uint16_t v)
{
    pack_bytes(p, &v, sizeof(v));
}

void pack_u32(struct pack *p, uint32_t v)
{
    pack_bytes(p, &v, sizeof(v));
}

void pack_u64(struct pack *p, uint64_t v)
{
    pack_bytes(p, &v, sizeof(v));
}

void pack_string(struct pack *p, const char *s)
{
    pack_blob(p, s, strlen(s) + 1);
}

void pack_blob(struct pack *p, const void *data, size_t len)
{
    pack_u32(p, (uint32_t)len);
    pack_bytes(p, data, len);
}

void pack_free(struct pack *p)
{
    free(p->data);
    memset(p, 0, sizeof(*p));
}

/* --- bytes to values ------------------------------------------------------ */

const void *unpack_bytes(struct unpack *u, size_t len)
{
    const char *p = u->at;

    if (u->failed || len > (size_t)(u->end - u->at)) {
        u->failed = true;
        return NULL;
    }
    u->at += len;
    return p;
}

static void unpack_value(struct unpack *u, void *out, size_t len)
{
    const void *p = unpack_bytes(u, len);

    if (p)
        memcpy(out, p, len);
    else
        memset(out, 0, len);
}

uint8_t unpack_u8(struct unpack *u)
{
    uint8_t v;
    unpack_value(u, &v, sizeof(v));
    return v;
}

uint16_t unpack_u16(struct unpack *u)
{
    uint16_t v;
    unpack_value(u, &v, sizeof(v));
    return v;
}

uint32_t unpack_u32(struct unpack *u)
{
    uint32_t v;
    unpack_value(u, &v, sizeof(v));
    return v;
}

uint64_t unpack_u64(struct unpack *u)
{
    uint64_t v;
    unpack_value(u, &v, sizeof(v));
    return v;
}

const void *unpack_blob(struct unpack *u, size_t *len)
{
    *len = unpack_u32(u);
    return unpack_bytes(u, *len);
}

const char *unpack_string(struct unpack *u)
{
    size_t len;
    const char *s = unpack_blob(u, &len);

    if (!s || len == 0 || memchr(s, '\0', len) != s + len - 1) {
        u->failed = true;
        return "";
    }
    return s;
}

/* --- writing -------------------------------------------------------------- */

/* All of it or an errno value. */
static int write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n ? errno : EIO;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

static int read_all(int fd, char *data, size_t len)
{
    while (len) {
        ssize_t n = read(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n ? errno : EIO;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

int journal_create(struct journal *j, const char *path, const char *boot_id)
{
    int rc;

    memset(j, 0, sizeof(*j));
    j->path = path;
    j->fd = errand_open(path, FILE_NEW);
    if (j->fd < 0)
        return -j->fd;
    pack_bytes(&j->frame, magic, MAGIC);
    pack_bytes(&j->frame, boot_id, JOURNAL_BOOT_ID);
    pack_bytes(&j->frame, "\n", 1);
    rc = j->frame.failed ? ENOMEM : write_all(j->fd, j->frame.data, HEAD);
    if (rc)
        journal_close(j);
    j->size = HEAD;
    j->frame.used = 0;
    return rc;
}

int journal_append(struct journal *j, const char *path, size_t size)
{
    struct stat st;
    int rc;

    memset(j, 0, sizeof(*j));
    j->path = path;
    j->fd = errand_open(path, FILE_WRITE);
    if (j->fd < 0)
        return -j->fd;
    rc = fstat(j->fd, &st) || lseek(j->fd, (off_t)size, SEEK_SET) < 0 ? errno
                                                                      : 0;
    if (!rc && (size_t)st.st_size > size)
        rc = errand_cut(path, (uint32_t)size + 1);
    if (rc)
        journal_close(j);
    j->size = size;
    return rc;
}

struct pack *journal_pack(struct journal *j)
{
    static const struct frame_head empty;

    if (!j->frame.used)
        pack_bytes(&j->frame, &empty, sizeof(empty));
    return &j->frame;
}

bool journal_has_frame(const struct journal *j)
{
    return j->frame.used != 0 || j->frame.failed;
}

int journal_write(struct journal *j)
{
    struct frame_head h;
    int rc;

    if (!journal_has_frame(j))
        return 0;
    if (j->frame.failed)
        return ENOMEM;
    h.len = (uint32_t)(j->frame.used - sizeof(h));
    h.crc = checksum(h.len, j->frame.data + sizeof(h));
    memcpy(j->frame.data, &h, sizeof(h));
    if (j->size + j->frame.used > JOURNAL_MAX)
        return EFBIG;
    rc = write_all(j->fd, j->frame.data, j->frame.used);
    if (rc) {
        /* What follows half a frame would never be read. */
        if (errand_cut(j->path, (uint32_t)j->size) ||
            lseek(j->fd, (off_t)j->size, SEEK_SET) < 0)
            return EIO;
        return rc;
    }
    j->size += j->frame.used;
    j->frame.used = 0;
    return 0;
}

static int copy_part(struct journal *to, int fd, size_t len)
{
    static char part[64 << 10];
    int rc = 0;

    while (!rc && len) {
        size_t n = len < sizeof(part) ? len : sizeof(part);

        rc = read_all(fd, part, n);
        rc = rc ? rc : write_all(to->fd, part, n);
        to->size += n;
        len -= n;
    }
    return rc;
}

int journal_copy(struct journal *to, const struct journal *from, uint64_t *at,
                 uint64_t bytes)
{
    int rc, fd;

    if (bytes > from->size - *at)
        bytes = from->size - *at;
    if (!bytes)
        return 0;
    rc = journal_write(to);
    if (rc || to->size + bytes > JOURNAL_MAX)
        return rc ? rc : EFBIG;
    fd = errand_open(from->path, FILE_READ);
    if (fd < 0)
        return -fd;
    rc = lseek(fd, (off_t)*at, SEEK_SET) < 0 ? errno : copy_part(to, fd, bytes);
    close(fd);
    *at += bytes;
    return rc;
}

void journal_close(struct journal *j)
{
    if (j->fd >= 0)
        close(j->fd);
    j->fd = -1;
    pack_free(&j->frame);
}

/* --- reading -------------------------------------------------------------- */

static bool has_holes(int fd, off_t size)
{
    off_t hole = lseek(fd, 0, SEEK_HOLE);

    lseek(fd, 0, SEEK_SET);
    return hole >= 0 && hole < size;
}

int journal_load(const char *path, char **data, size_t *len)
{
    struct stat st;
    int rc, fd = errand_open(path, FILE_READ);

    if (fd < 0)
        return -fd;
    *data = NULL;
    if (fstat(fd, &st)) {
        rc = errno;
    } else if (st.st_size > JOURNAL_MAX || has_holes(fd, st.st_size)) {
        rc = EFBIG;
    } else {
        *len = (size_t)st.st_size;
        *data = malloc(*len + 1);
        rc = *data ? read_all(fd, *data, *len) : ENOMEM;
    }
    close(fd);
    if (rc)
        free(*data);
    return rc;
}

int journal_scan_start(struct journal_scan *s, const char *data, size_t len,
                       const char *boot_id)
{
    *s = (struct journal_scan){data, data, data + len};
    if (len < HEAD || memcmp(data, magic, MAGIC) || data[HEAD - 1] != '\n')
        return EINVAL;
    if (memcmp(data + MAGIC, boot_id, JOURNAL_BOOT_ID))
        return ESTALE;
    s->at += HEAD;
    return 0;
}

bool journal_scan_next(struct journal_scan *s, struct unpack *frame)
{
    struct frame_head h;

    if ((size_t)(s->end - s->at) < sizeof(h))
        return false;
    memcpy(&h, s->at, sizeof(h));
    if (h.len > (size_t)(s->end - s->at) - sizeof(h) ||
        h.crc != checksum(h.len, s->at + sizeof(h)))
        return false;
    frame->at = s->at + sizeof(h);
    frame->end = frame->at + h.len;
    frame->failed = false;
    s->at = frame->end;
    return true;
}
