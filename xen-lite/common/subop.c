/* SPDX-License-Identifier: MIT */
/* Sub-operations of hypercalls: the dispatcher. */
#include <hv/subop.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/stretch.h>

#define MAX_SIZE 255 /* what a row's or family's bytes can say */

long subop_nothing(struct domain *d, void *op)
{
    return 0;
}

int subop_domain(domid_t id, struct domain **d)
{
    *d = get_domain_by_any_id(id);
    if (!*d)
        return -ESRCH;
    if (*d != current->domain && !current->domain->is_privileged) {
        put_domain(*d);
        *d = NULL;
        return -EPERM;
    }
    return 0;
}

/* The row of an operation, or the family's otherwise. */
static const struct subop *subop_find(const struct subop_family *f,
                                      unsigned int cmd)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(f->rows); i++)
        if (cmd < f->rows[i].nr &&
            (f->rows[i].row[cmd].fn || f->rows[i].row[cmd].rc))
            return &f->rows[i].row[cmd];
    return &f->otherwise;
}

static long for_domain(const struct subop *row, struct domain *d, void *body)
{
    if (d == current->domain && (row->flags & SUBOP_NOT_SELF))
        return -EINVAL;
    stretch_name(row->fn);
    return row->fn ? row->fn(d, body) : row->rc;
}

static long run(const struct subop *row, void *op, void *body)
{
    struct domain *d;
    domid_t id;
    long rc;

    if (!row->domid)
        return for_domain(row, current->domain, body);
    memcpy(&id, (char *)op + row->domid - 1, sizeof(id));
    if ((row->flags & SUBOP_NUMBER) && id == DOMID_SELF)
        return -ESRCH;
    rc = subop_domain(id, &d);
    if (rc)
        return rc;
    rc = for_domain(row, d, body);
    put_domain(d);
    return rc;
}

static bool may_call(const struct subop *row)
{
    const struct domain *d = current->domain;

    return (!(row->flags & SUBOP_DOM0) || is_hardware_domain(d)) &&
           (!(row->flags & SUBOP_PRIVILEGED) || d->is_privileged);
}

static long finish(const struct subop_family *f, long rc, uint64_t to,
                   const void *from, unsigned int n)
{
    if (n && copy_to_guest_raw(to, from, n))
        return -EFAULT;
    return rc == -ERESTART ? hypercall_again(f->call) : rc;
}

static long enter(const struct subop *row, uint64_t *op, uint64_t arg)
{
    if (unlikely(row->flags) && !may_call(row))
        return -EPERM;
    op[0] = arg;
    return row->in && copy_from_guest_raw(op, arg, row->in) ? -EFAULT : 0;
}

static long leave(const struct subop_family *f, const struct subop *row,
                  long rc, const uint64_t *op, uint64_t arg)
{
    return finish(f, rc, arg + row->out_at, (char *)op + row->out_at,
                  rc ? 0 : row->out);
}

/* v: the vcpu of a family about vcpus, or NULL. */
static __attribute__((noinline)) long call_special(const struct subop_family *f,
                                                   const struct subop *row,
                                                   struct vcpu *v, uint64_t arg)
{
    uint64_t op[DIV_ROUND_UP(MAX_SIZE, 8)];
    long rc = enter(row, op, arg);

    if (rc)
        return rc;
    if (v)
        rc = row->vcpu_fn ? row->vcpu_fn(v, op) : row->rc;
    else
        rc = run(row, op, op);
    return leave(f, row, rc, op, arg);
}

/* Sending an event or setting a timer takes few instructions, so the way to
 * the handler must, too. */
static inline __attribute__((always_inline)) long
call(const struct subop_family *f, unsigned int cmd, struct vcpu *v,
     uint64_t arg)
{
    const struct subop *row = subop_find(f, cmd);
    uint64_t op[DIV_ROUND_UP(MAX_SIZE, 8)];
    long rc;

    if (row->special || !row->fn)
        return call_special(f, row, v, arg);
    op[0] = arg;
    if (row->in && copy_from_guest_raw(op, arg, row->in))
        return -EFAULT;
    stretch_name(v ? (const void *)row->vcpu_fn : (const void *)row->fn);
    rc = v ? row->vcpu_fn(v, op) : row->fn(current->domain, op);
    return likely(rc != -ERESTART) ? rc : hypercall_again(f->call);
}

long subop_call(const struct subop_family *f, unsigned int cmd, uint64_t arg)
{
    return call(f, cmd, NULL, arg);
}

long subop_call_vcpu(const struct subop_family *f, unsigned int cmd,
                     struct vcpu *v, uint64_t arg)
{
    return call(f, cmd, v, arg);
}

long subop_call_headed(const struct subop_family *f, uint64_t arg)
{
    uint64_t op[DIV_ROUND_UP(MAX_SIZE, 8)];
    const struct subop_head *head = (const struct subop_head *)op;
    const struct subop *row;
    long rc;

    if (!current->domain->is_privileged)
        return -EPERM;
    if (copy_from_guest_raw(op, arg, f->size))
        return -EFAULT;
    if (head->version != f->version)
        return -EACCES;
    row = subop_find(f, head->cmd);
    if (f->lock && !spin_trylock(f->lock))
        return hypercall_again(f->call);
    rc = run(row, op, (char *)op + f->body);
    if (f->lock)
        spin_unlock(f->lock);
    return finish(f, rc, arg, op,
                  row->flags & (rc ? SUBOP_OUT_ERROR : SUBOP_OUT) ? f->size
                                                                  : 0);
}
