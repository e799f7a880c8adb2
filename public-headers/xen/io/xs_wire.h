/* SPDX-License-Identifier: MIT */
/*
 * xenstore's protocol, the same on a guest's ring and on dom0's socket: a
 * header, then `len` bytes. A reply carries the request's req_id; a watch
 * event comes by itself. Strings in a payload end with NUL unless they are
 * its last part (a value).
 */
#ifndef _XS_WIRE_H
#define _XS_WIRE_H

#include <stdint.h>

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

/* Errors travel by name. Include errno.h first to get the table. */
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

/* A guest's page. Indices run freely; each side writes its own. */
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

/* A violation disconnects the client. */
#define XENSTORE_PAYLOAD_MAX  4096
#define XENSTORE_ABS_PATH_MAX 3072 /* without NUL */
#define XENSTORE_REL_PATH_MAX 2048

#define XENSTORE_SERVER_FEATURE_RECONNECTION 1
#define XENSTORE_SERVER_FEATURE_ERROR        2

#define XENSTORE_CONNECTED 0
#define XENSTORE_RECONNECT 1 /* guest asks; store resets the ring, then 0 */

#define XENSTORE_ERROR_NONE    0
#define XENSTORE_ERROR_COMM    1 /* lost the event channel */
#define XENSTORE_ERROR_RINGIDX 2 /* impossible indices */
#define XENSTORE_ERROR_PROTO   3 /* oversized message */

#endif
