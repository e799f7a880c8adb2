/* SPDX-License-Identifier: MIT */
/*
 * Sub-operations: most hypercalls are a family of operations on structures in
 * guest memory. Each operation is one row of its family's table: the handler
 * and what must happen around it. The dispatcher does that, in this order:
 *
 *   who may call              -EPERM
 *   the structure, copied in  -EFAULT
 *   the domain that it names  -ESRCH, -EPERM
 *   not the caller itself     -EINVAL
 *   the handler; after -ERESTART the hypercall is made again
 *   the results, copied out   -EFAULT: done, but the caller cannot know of it
 */
#ifndef HV_SUBOP_H
#define HV_SUBOP_H

#include <hv/domain.h>
#include <hv/spinlock.h>

enum subop_flags {
    SUBOP_DOM0 = 1,       /* only the hardware domain: -EPERM */
    SUBOP_PRIVILEGED = 2, /* only privileged domains: -EPERM */
    SUBOP_NOT_SELF = 4,   /* no domain may do this to itself: -EINVAL */
    SUBOP_NUMBER = 8,     /* the domain is named by number: no DOMID_SELF */
    /* Families with a head: the structure is copied out after success, after
     * an error, of which it tells more, or -ERESTART, of which it says how far
     * the call got. */
    SUBOP_OUT = 16,
    SUBOP_OUT_ERROR = 32,
};

struct subop {
    /*
     * op is the copy of the structure, or points to its guest address where
     * nothing is copied in; d is the domain that it names (a
     * reference is held), or the caller's. NULL: rc is all there is to say.
     * vcpu_fn is for families about vcpus (subop_call_vcpu()).
     * Both absent: there is no such operation.
     */
    union {
        long (*fn)(struct domain *d, void *op);
        long (*vcpu_fn)(struct vcpu *v, void *op);
    };
    union {
        struct {
            uint8_t out_at, out; /* what is copied out after success */
            uint8_t domid;       /* 1 + offset of a domain's id, or 0 */
            uint8_t flags;
        };
        uint32_t special; /* 0: none of these */
    };
    uint8_t in; /* bytes of the structure that are copied in */
    int8_t rc;
};

/* The pieces of a row */
#define SUBOP_IN(type)    .in = sizeof(type)
#define SUBOP_INOUT(type) .in = sizeof(type), .out = sizeof(type)
#define SUBOP_OUT_FIELD(type, field)                                           \
    .out_at = offsetof(type, field), .out = sizeof(((type *)0)->field)
#define SUBOP_DOMID(type, field) .domid = 1 + offsetof(type, field)

struct subop_rows {
    const struct subop *row;
    unsigned int nr;
};

struct subop_family {
    unsigned int call;         /* number of the hypercall */
    struct subop_rows rows[2]; /* generic; the architecture's */
    struct subop otherwise;    /* what stands for numbers without a row */
    /* Families of which all structures begin with struct subop_head: */
    uint32_t version;
    uint8_t size;     /* of the structure, which is copied as a whole */
    uint8_t body;     /* where the part is that handlers get */
    spinlock_t *lock; /* one operation at a time; may be NULL */
};

struct subop_head {
    uint32_t cmd, version;
};

/* Operation cmd on the structure at arg in guest memory. */
long subop_call(const struct subop_family *f, unsigned int cmd, uint64_t arg);
/* The same for a family about vcpus: on v, which is the caller's domain's. */
long subop_call_vcpu(const struct subop_family *f, unsigned int cmd,
                     struct vcpu *v, uint64_t arg);
/* The same for families with a head, which says the command. Only for
 * privileged domains; -EACCES: another version of the interface. */
long subop_call_headed(const struct subop_family *f, uint64_t arg);

/* A handler for what succeeds by doing nothing. */
long subop_nothing(struct domain *d, void *op);

/*
 * The domain that a request names: the caller's own (DOMID_SELF or its id), or
 * any if the caller is privileged. 0 with a reference in *d that the caller
 * must put; -ESRCH, -EPERM, with NULL there.
 */
int subop_domain(domid_t id, struct domain **d);

#endif
