/* SPDX-License-Identifier: MIT */
/*
 * Block devices. Sectors are 512 bytes whatever the device's own size.
 *
 * Nodes of the backend: params, mode (r or w), type; sectors, sector-size,
 * physical-sector-size, info (VDISK_*); feature-flush-cache, feature-barrier,
 * feature-discard, discard-granularity, discard-secure, feature-persistent,
 * feature-max-indirect-segments, max-ring-page-order, multi-queue-max-queues.
 * Of the frontend: ring-ref (or ring-page-order and ring-ref0 ...),
 * event-channel, protocol, feature-persistent; with several queues
 * multi-queue-num-queues and queue-N/ before each of them.
 *
 * Every request gets exactly one response with its id, in any order. A backend
 * must copy a request before it looks at it, and must answer one that it does
 * not understand with BLKIF_RSP_EOPNOTSUPP or, if it is malformed or outside
 * the device, with BLKIF_RSP_ERROR. A write is durable when a later
 * FLUSH_DISKCACHE has been answered.
 *
 * With feature-persistent on both sides a backend may keep a grant mapped after
 * its request is answered; a frontend must then use the same grants again.
 */
#ifndef __XEN_PUBLIC_IO_BLKIF_H__
#define __XEN_PUBLIC_IO_BLKIF_H__

#include "ring.h"
#include "../grant_table.h"

#ifndef blkif_vdev_t
#define blkif_vdev_t uint16_t
#endif
#define blkif_sector_t uint64_t

/*
 * Operations. A backend offers those from WRITE_BARRIER on by its feature
 * nodes; without the node a frontend must not send them.
 */
#define BLKIF_OP_READ            0
#define BLKIF_OP_WRITE           1
#define BLKIF_OP_WRITE_BARRIER   2 /* earlier writes first, then durable */
#define BLKIF_OP_FLUSH_DISKCACHE 3
#define BLKIF_OP_RESERVED_1      4
#define BLKIF_OP_DISCARD         5 /* blkif_request_discard */
#define BLKIF_OP_INDIRECT        6 /* blkif_request_indirect */

/*
 * Segments in the request itself; more of them only with BLKIF_OP_INDIRECT, up
 * to the backend's feature-max-indirect-segments.
 */
#define BLKIF_MAX_SEGMENTS_PER_REQUEST       11
#define BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST 8

/*
 * Part of a granted page: whole sectors, both ends included, below 8, and first
 * not above last. The grant must allow writing for a read of the disk.
 */
struct blkif_request_segment {
    grant_ref_t gref;
    uint8_t first_sect, last_sect;
};

/*
 * 'handle' is the frontend's name for the device (virtual-device) and is not
 * needed to serve the request. sector_number counts from the device's start;
 * seg[n] goes on where seg[n - 1] ends. A flush may have no segment.
 */
struct blkif_request {
    uint8_t operation; /* BLKIF_OP_* */
    uint8_t nr_segments;
    blkif_vdev_t handle;
    uint64_t id; /* the frontend's, echoed */
    blkif_sector_t sector_number;
    struct blkif_request_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
};
typedef struct blkif_request blkif_request_t;

/*
 * The contents of these sectors are no longer needed; reads may return anything
 * until they are written again. No data is transferred.
 */
struct blkif_request_discard {
    uint8_t operation; /* BLKIF_OP_DISCARD */
    uint8_t flag;
#define BLKIF_DISCARD_SECURE (1 << 0)
    blkif_vdev_t handle;
    uint64_t id;
    blkif_sector_t sector_number;
    uint64_t nr_sectors;
};
typedef struct blkif_request_discard blkif_request_discard_t;

/*
 * Segments lie in granted pages of their own, 512 of 8 bytes in each; the
 * grants of those pages may be read-only.
 */
struct blkif_request_indirect {
    uint8_t operation;   /* BLKIF_OP_INDIRECT */
    uint8_t indirect_op; /* BLKIF_OP_READ or WRITE */
    uint16_t nr_segments;
    uint64_t id;
    blkif_sector_t sector_number;
    blkif_vdev_t handle;
    grant_ref_t indirect_grefs[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
};
typedef struct blkif_request_indirect blkif_request_indirect_t;

/* 'operation' repeats the request's. */
struct blkif_response {
    uint64_t id;
    uint8_t operation;
    int16_t status; /* BLKIF_RSP_* */
};
typedef struct blkif_response blkif_response_t;
#define BLKIF_RSP_OKAY       0
#define BLKIF_RSP_ERROR      -1
#define BLKIF_RSP_EOPNOTSUPP -2

DEFINE_RING_TYPES(blkif, struct blkif_request, struct blkif_response);

/* Bits of the backend's node "info". */
#define VDISK_CDROM     0x1
#define VDISK_REMOVABLE 0x2
#define VDISK_READONLY  0x4

#endif
