/* SPDX-License-Identifier: MIT */
/*
 * The wire protocol: one table row per message type (requests.c has the
 * functions), and what they have in common: arguments, answers, errors.
 */
#ifndef XENSTORED_PROTOCOL_H
#define XENSTORED_PROTOCOL_H

#include "connection.h"

/* A request that is being served; valid until its function returns. */
struct request {
    struct connection *c; /* where the answer goes */
    const struct xsd_sockmsg *hdr;
    const char *data; /* hdr->len bytes, not terminated */
    struct view view; /* the client, and its transaction, if it names one */
};

/*
 * Serves one request: checks that the client may ask it at all, runs its
 * function, and answers, with an error if that is what came of it. The payload
 * was bounded by the connection, nothing else is believed.
 */
void protocol_handle(struct connection *c, const struct xsd_sockmsg *hdr,
                     const char *data);

/*
 * Answers, of which a request gets exactly one. protocol_reply() returns 0, or
 * E2BIG, and has sent nothing, if it does not fit into a message; the others
 * always fit. An errno value without a name on the wire is sent as EINVAL.
 */
int protocol_reply(struct request *r, const void *data, size_t len);
int protocol_ack(struct request *r);
int protocol_reply_error(struct request *r, int error);

/*
 * Splits the payload into exactly @n strings, protocol_first_strings() into @n
 * and more that are ignored; all have their terminator. 0 or EINVAL.
 * protocol_rest() is what follows the first string. protocol_path() makes the
 * first string a path in @path (PATH_BUFFER), *relative being the length of
 * what was put in front of it, and leaves the rest of the payload in *rest.
 */
int protocol_strings(const struct request *r, const char *out[],
                     unsigned int n);
int protocol_first_strings(const struct request *r, const char *out[],
                           unsigned int n);
int protocol_rest(const struct request *r, const char **rest, size_t *len);
/* Too long a path is EINVAL as well; @special allows names with @. A NULL rest:
 * the path must be all. */
int protocol_path(const struct request *r, char *path, bool special,
                  size_t *relative, const char **rest, size_t *rest_len);
/* A decimal domain id, below those that are reserved. 0 or EINVAL. Whether
 * there is such a domain is not asked. */
int protocol_domid(const char *s, uint16_t *domid);

/*
 * --- the functions in the table --------------------------------------------
 * Each either answers and returns 0, or returns the errno value to be sent.
 * What a request means is told in public-headers/xen/io/xs_wire.h; who may send
 * it, in the table in protocol.c.
 */

int do_directory(struct request *r);
int do_directory_part(struct request *r);
int do_read(struct request *r);
int do_write(struct request *r);
int do_mkdir(struct request *r);
int do_rm(struct request *r);
int do_get_perms(struct request *r);
int do_set_perms(struct request *r);
int do_watch(struct request *r);
int do_unwatch(struct request *r);
int do_reset_watches(struct request *r);
int do_transaction_start(struct request *r);
int do_transaction_end(struct request *r);
int do_introduce(struct request *r);
int do_release(struct request *r);
int do_resume(struct request *r);
int do_set_target(struct request *r);
int do_get_domain_path(struct request *r);
int do_is_domain_introduced(struct request *r);
int do_control(struct request *r);

#endif
