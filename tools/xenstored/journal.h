/* SPDX-License-Identifier: MIT */
/*
 * The format of the journal: a file in memory (tmpfs) from which a daemon that
 * was killed is brought back. Nothing here knows what the records mean.
 *
 * The file is a head, which names the version of the format and the boot of the
 * machine, and frames. A frame is {length, CRC-32 of length and payload,
 * payload} in the machine's byte order. It is written by one write(), and what
 * it says holds as a whole or not at all: a frame that was cut off or altered
 * ends the journal, and the frames before it are good.
 *
 * A process that is killed loses nothing that it has written, so nothing is
 * synchronised to any disk.
 */
#ifndef XENSTORED_JOURNAL_H
#define XENSTORED_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- values to bytes ------------------------------------------------------ */

/* Grows as needed. Without memory it is marked as failed and keeps nothing. */
struct pack {
    char *data;
    size_t used, room;
    bool failed;
};

void pack_bytes(struct pack *p, const void *data, size_t len);
void pack_u8(struct pack *p, uint8_t v);
void pack_u16(struct pack *p, uint16_t v);
void pack_u32(struct pack *p, uint32_t v);
void pack_u64(struct pack *p, uint64_t v);
/* With its length and its terminator. */
void pack_string(struct pack *p, const char *s);
/* A length of 32 bits and the bytes. */
void pack_blob(struct pack *p, const void *data, size_t len);
void pack_free(struct pack *p);

/* --- bytes to values ------------------------------------------------------ */

/* Beyond the end everything is 0, "" or NULL, and failed is set. */
struct unpack {
    const char *at, *end;
    bool failed;
};

uint8_t unpack_u8(struct unpack *u);
uint16_t unpack_u16(struct unpack *u);
uint32_t unpack_u32(struct unpack *u);
uint64_t unpack_u64(struct unpack *u);
/* Pointers into the bytes that are unpacked. */
const void *unpack_bytes(struct unpack *u, size_t len);
const char *unpack_string(struct unpack *u);
const void *unpack_blob(struct unpack *u, size_t *len);

/* --- writing -------------------------------------------------------------- */

struct journal {
    int fd;           /* -1: closed */
    const char *path; /* the caller's, and stays */
    uint64_t size;
    struct pack frame; /* the one that grows */
};

/* Of the format, and of what the records and live_update.c's file say: a change
 * takes a new number. */
#define JOURNAL_VERSION 4

/* Bytes of a file, far more than of any store. One that is longer, or has
 * holes, was not written by a daemon in its right mind, and is not loaded: it
 * would take all memory again and again. */
#define JOURNAL_MAX (1u << 30)

/* The boot's name, as the head has it: characters without the terminator. */
#define JOURNAL_BOOT_ID 36

/* What is added to the name of a journal that takes the place of another. */
#define JOURNAL_FRESH ".new"

/*
 * All return 0 or an errno value. journal_create() replaces what is at @path,
 * which must not be a link. After journal_write() has failed the file ends with
 * a good frame, or the journal is of no use any more: the caller must remove
 * it.
 */
int journal_create(struct journal *j, const char *path, const char *boot_id);
/* One that was read: behind its first @size bytes. If something follows, which
 * is damaged, that stays to be seen until a frame takes its place. */
int journal_append(struct journal *j, const char *path, size_t size);
/* The pack that the next journal_write() writes as one frame. */
struct pack *journal_pack(struct journal *j);
bool journal_has_frame(const struct journal *j);
int journal_write(struct journal *j);
/* Behind what @to has: what stands in @from's file behind the first *at bytes,
 * as it is, so much of it or all. After a failure the file is of no use. */
int journal_copy(struct journal *to, const struct journal *from, uint64_t *at,
                 uint64_t bytes);
void journal_close(struct journal *j);

/* --- reading -------------------------------------------------------------- */

/* The whole file in memory that the caller frees. 0 or an errno value: EPERM
 * for what is no file of this user's, EFBIG for what is no journal's size. */
int journal_load(const char *path, char **data, size_t *len);

struct journal_scan {
    const char *start, *at, *end;
};

/* 0, ESTALE for a journal of another boot, EINVAL for anything else. */
int journal_scan_start(struct journal_scan *s, const char *data, size_t len,
                       const char *boot_id);
/* The next good frame. False: there is none; what is between s->at and s->end
 * then is damaged. */
bool journal_scan_next(struct journal_scan *s, struct unpack *frame);

#endif
