/* SPDX-License-Identifier: MIT */
/*
 * xenstore's protocol, the same on a guest's ring and on dom0's socket: a
 * header, then 'len' bytes. A reply carries the request's req_id; a watch event
 * comes by itself, at any time between two replies, with req_id and tx_id 0.
 * Strings in a payload end with NUL unless they are its last part (a value).
 *
 * Any client may send any request; what it may read, write and watch is decided
 * by each node's permissions. INTRODUCE, RELEASE, RESUME, SET_TARGET and
 * CONTROL are for dom0. An error is a reply of type XS_ERROR whose payload is
 * the error's name with NUL.
 *
 * A client may send requests without waiting for replies; they are served and
 * answered in order.
 */
#ifndef _XS_WIRE_H
#define _XS_WIRE_H

#include <stdint.h>

/*
 * Payload of a request -> of its reply ("OK" if none is given). <path> is
 * absolute, or relative to the client's own /local/domain/<domid>/.
 *
 *   DIRECTORY         <path>           -> names of the children, NUL after each
 *   DIRECTORY_PART    <path> <offset>  -> <generation> and a part of that list
 *   READ              <path>           -> the value, without NUL
 *   GET_PERMS         <path>           -> permissions: letter and domid, NUL
 *                                         after each; the first names the owner
 *   SET_PERMS         <path> <permissions>
 *   WRITE             <path> <value>   creates the node and its parents
 *   MKDIR             <path>           harmless if it is there
 *   RM                <path>           with everything below it; harmless if
 *                                      it is not there but its parent is
 *   WATCH             <path> <token>   an event at once, then one for each
 *                                      change of the path or below it. The
 *                                      path may be @introduceDomain or
 *                                      @releaseDomain
 *   UNWATCH           <path> <token>
 *   RESET_WATCHES     (nothing)        ends all watches and transactions of
 *                                      the client
 *   WATCH_EVENT       sent by the store alone: <path> <token>
 *   TRANSACTION_START (nothing)        -> its number
 *   TRANSACTION_END   T or F           commit or drop; EAGAIN: what was read
 *                                      has changed meanwhile, try again
 *   GET_DOMAIN_PATH   <domid>          -> /local/domain/<domid>
 *   INTRODUCE         <domid> <mfn> <port>  a new guest and its ring
 *   RELEASE           <domid>          it has gone
 *   IS_DOMAIN_INTRODUCED <domid>       -> T or F
 *   RESUME            <domid>          its next shutdown is news again
 *   SET_TARGET        <domid> <target> the first may act as the second
 *   CONTROL           <command> ...    -> text
 */
enum xsd_sockmsg_type {
    XS_CONTROL,
    XS_DIRECTORY,
    XS_READ,
    XS_GET_PERMS,
    XS_WATCH,
    XS_UNWATCH,
    XS_TRANSACTION_START,
    XS_TRANSACTION_END,
    XS_INTRODUCE,
    XS_RELEASE,
    XS_GET_DOMAIN_PATH,
    XS_WRITE,
    XS_MKDIR,
    XS_RM,
    XS_SET_PERMS,
    XS_WATCH_EVENT,
    XS_ERROR,
    XS_IS_DOMAIN_INTRODUCED,
    XS_RESUME,
    XS_SET_TARGET,
    XS_RESET_WATCHES = 21, /* 20 was never released */
    XS_DIRECTORY_PART,

    XS_TYPE_COUNT, /* one more than the last */

    XS_INVALID = 0xffff /* no type: keeps the enumeration 16 bits wide */
};
#define XS_DEBUG XS_CONTROL

#define XS_WRITE_NONE        "NONE"
#define XS_WRITE_CREATE      "CREATE"
#define XS_WRITE_CREATE_EXCL "CREATE|EXCL"

/*
 * Errors  travel by name. Include errno.h first to get the table. A name that
 *         is not in it is to be taken as EINVAL.
 */
struct xsd_errors {
    int errnum;
    const char *errstring;
};
#ifdef EINVAL
#define XSD_ERROR(x)                                                           \
    {                                                                          \
        x, #x                                                                  \
    }
static const struct xsd_errors xsd_errors[] __attribute__((unused)) = {
    XSD_ERROR(EINVAL), XSD_ERROR(EACCES),  XSD_ERROR(EEXIST),
    XSD_ERROR(EISDIR), XSD_ERROR(ENOENT),  XSD_ERROR(ENOMEM),
    XSD_ERROR(ENOSPC), XSD_ERROR(EIO),     XSD_ERROR(ENOTEMPTY),
    XSD_ERROR(ENOSYS), XSD_ERROR(EROFS),   XSD_ERROR(EBUSY),
    XSD_ERROR(EAGAIN), XSD_ERROR(EISCONN), XSD_ERROR(E2BIG),
    XSD_ERROR(EPERM),
};
#endif

struct xsd_sockmsg {
    uint32_t type;   /* enum xsd_sockmsg_type */
    uint32_t req_id; /* the client's choice, echoed */
    uint32_t tx_id;  /* transaction, 0: none */
    uint32_t len;    /* bytes that follow, up to XENSTORE_PAYLOAD_MAX */
};

/* Parts of a watch event's payload, in this order. */
enum xs_watch_type { XS_WATCH_PATH = 0, XS_WATCH_TOKEN };

/*
 * A guest's page. Indices run freely; each side writes its own. The writer of
 * bytes must not overtake the reader by more than the ring's size, and must
 * write the bytes before it moves its index; both sides notify the event
 * channel after moving one.
 */
#define XENSTORE_RING_SIZE 1024
typedef uint32_t XENSTORE_RING_IDX;
#define MASK_XENSTORE_IDX(idx) ((idx) & (XENSTORE_RING_SIZE - 1))
struct xenstore_domain_interface {
    char req[XENSTORE_RING_SIZE];         /* guest to store */
    char rsp[XENSTORE_RING_SIZE];         /* replies and events */
    XENSTORE_RING_IDX req_cons, req_prod; /* store, guest */
    XENSTORE_RING_IDX rsp_cons, rsp_prod; /* guest, store */
    uint32_t server_features;             /* store: XENSTORE_SERVER_* */
    uint32_t connection;                  /* XENSTORE_CONNECTED or RECONNECT */
    uint32_t error;                       /* store: XENSTORE_ERROR_* */
};

/* Limits. A violation disconnects the client. */
#define XENSTORE_PAYLOAD_MAX  4096
#define XENSTORE_ABS_PATH_MAX 3072 /* without NUL */
#define XENSTORE_REL_PATH_MAX 2048

/*
 * Bits of server_features: the guest may ask for a fresh ring; the store says
 * in 'error' why it stopped.
 */
#define XENSTORE_SERVER_FEATURE_RECONNECTION 1
#define XENSTORE_SERVER_FEATURE_ERROR        2

#define XENSTORE_CONNECTED 0
#define XENSTORE_RECONNECT 1 /* guest asks; store resets the ring, then 0 */

/* Why the store stopped to serve the ring. */
#define XENSTORE_ERROR_NONE    0
#define XENSTORE_ERROR_COMM    1 /* lost the event channel */
#define XENSTORE_ERROR_RINGIDX 2 /* impossible indices */
#define XENSTORE_ERROR_PROTO   3 /* oversized message */

#endif
