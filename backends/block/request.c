/* SPDX-License-Identifier: MIT */
/*
 * Parsing of blkif requests; see request.h.
 */
#include "request.h"

#include <stddef.h>
#include <string.h>

static bool fits(uint64_t sector, uint64_t n, const struct block_limits *l)
{
    return sector <= l->sectors && n <= l->sectors - sector;
}

/* The medium would refuse all else later, less clearly. */
static bool whole_sectors(const struct block_request *r,
                          const struct block_limits *l)
{
    return r->offset % l->sector_size == 0 && r->len % l->sector_size == 0;
}

int block_request_segments(struct block_request *r,
                           const struct blkif_request_segment *segs,
                           unsigned int n, const struct block_limits *limits)
{
    uint64_t sectors = 0;

    if (n > BLOCK_MAX_SEGMENTS)
        return BLKIF_RSP_ERROR;
    for (unsigned int i = 0; i < n; i++) {
        const struct blkif_request_segment *s = &segs[i];

        if (s->last_sect >= PAGE_SIZE / BLOCK_SECTOR_SIZE ||
            s->first_sect > s->last_sect)
            return BLKIF_RSP_ERROR;
        r->seg[i].ref = s->gref;
        r->seg[i].offset = s->first_sect * BLOCK_SECTOR_SIZE;
        r->seg[i].len = (s->last_sect - s->first_sect + 1) * BLOCK_SECTOR_SIZE;
        sectors += s->last_sect - s->first_sect + 1;
    }
    if (!fits(r->offset / BLOCK_SECTOR_SIZE, sectors, limits))
        return BLKIF_RSP_ERROR;
    r->nr_segments = n;
    r->len = sectors * BLOCK_SECTOR_SIZE;
    return whole_sectors(r, limits) ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR;
}

/* The first sector as bytes; false if it cannot be a place on the disk. */
static bool set_offset(struct block_request *r, uint64_t sector,
                       const struct block_limits *l)
{
    if (sector > l->sectors)
        return false;
    r->offset = sector * BLOCK_SECTOR_SIZE;
    return true;
}

static int parse_direct(struct block_request *r, const blkif_request_t *raw,
                        const struct block_limits *l)
{
    bool may_be_empty = r->op == BLOCK_FLUSH;

    if (raw->nr_segments > BLKIF_MAX_SEGMENTS_PER_REQUEST ||
        (!raw->nr_segments && !may_be_empty))
        return BLKIF_RSP_ERROR;
    if (!raw->nr_segments)
        return BLKIF_RSP_OKAY; /* a bare flush names no place */
    if (r->op == BLOCK_FLUSH)
        r->op = BLOCK_WRITE; /* a flush with data: flush, then write */
    if (!set_offset(r, raw->sector_number, l))
        return BLKIF_RSP_ERROR;
    return block_request_segments(r, raw->seg, raw->nr_segments, l);
}

static int parse_indirect(struct block_request *r,
                          const blkif_request_indirect_t *raw,
                          const struct block_limits *l)
{
    unsigned int n = raw->nr_segments;

    r->id = raw->id;
    r->operation = raw->indirect_op; /* what the frontend expects back */
    switch (raw->indirect_op) {
    case BLKIF_OP_READ:
        r->op = BLOCK_READ;
        break;
    case BLKIF_OP_WRITE:
        r->op = BLOCK_WRITE;
        break;
    default:
        return BLKIF_RSP_EOPNOTSUPP;
    }
    if (!n || n > BLOCK_MAX_SEGMENTS || !set_offset(r, raw->sector_number, l))
        return BLKIF_RSP_ERROR;
    r->nr_segments = n;
    r->nr_indirect = (n + SEGMENTS_PER_PAGE - 1) / SEGMENTS_PER_PAGE;
    memcpy(r->indirect, raw->indirect_grefs,
           r->nr_indirect * sizeof(grant_ref_t));
    return BLKIF_RSP_OKAY;
}

static int parse_discard(struct block_request *r,
                         const blkif_request_discard_t *raw,
                         const struct block_limits *l)
{
    r->id = raw->id;
    r->op = BLOCK_DISCARD;
    r->secure = raw->flag & BLKIF_DISCARD_SECURE;
    if (!(r->secure ? l->secure_discard : l->discard))
        return BLKIF_RSP_EOPNOTSUPP;
    if (!raw->nr_sectors || !set_offset(r, raw->sector_number, l) ||
        !fits(raw->sector_number, raw->nr_sectors, l))
        return BLKIF_RSP_ERROR;
    r->len = raw->nr_sectors * BLOCK_SECTOR_SIZE;
    return whole_sectors(r, l) ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR;
}

int block_request_parse(struct block_request *r,
                        const union block_ring_entry *raw,
                        const struct block_limits *l)
{
    int status;

    /* The segments are filled in as far as nr_segments says. */
    memset(r, 0, offsetof(struct block_request, seg));
    r->operation = raw->rw.operation;
    r->id = raw->rw.id;

    switch (r->operation) {
    case BLKIF_OP_READ:
        r->op = BLOCK_READ;
        break;
    case BLKIF_OP_WRITE:
        r->op = BLOCK_WRITE;
        break;
    case BLKIF_OP_WRITE_BARRIER:
        r->op = raw->rw.nr_segments ? BLOCK_WRITE : BLOCK_FLUSH;
        r->barrier = r->flush_first = true;
        r->flush_after = r->op == BLOCK_WRITE;
        break;
    case BLKIF_OP_FLUSH_DISKCACHE:
        r->op = BLOCK_FLUSH;
        r->flush_first = true;
        break;
    case BLKIF_OP_DISCARD:
        status = parse_discard(r, &raw->discard, l);
        goto check_readonly;
    case BLKIF_OP_INDIRECT:
        status = parse_indirect(r, &raw->indirect, l);
        goto check_readonly;
    default:
        return BLKIF_RSP_EOPNOTSUPP;
    }
    status = parse_direct(r, &raw->rw, l);

check_readonly:
    if (status == BLKIF_RSP_OKAY && l->readonly && r->op != BLOCK_READ)
        return BLKIF_RSP_ERROR;
    return status;
}
