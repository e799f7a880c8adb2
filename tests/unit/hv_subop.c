/* SPDX-License-Identifier: MIT */
/*
 * The dispatcher of operations: which domain may call what and name whom, and
 * what is copied back. A plain domain's answers, which no guest that is booted
 * as dom0 can get.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "hv_world.h"
#include <hv/subop.h>

#define CALL 77

static struct domain *d, *plain, *other;
static unsigned int calls;
static long answer;
static spinlock_t lock;

struct request {
    uint32_t value;
    domid_t dom, pad;
};

static long note(struct domain *named, void *op)
{
    struct request *r = op;

    calls++;
    r->value = named->id;
    return answer;
}

static const struct subop rows[] = {
    [0] = {.fn = note, SUBOP_INOUT(struct request)},
    [1] = {.fn = note, SUBOP_INOUT(struct request), .flags = SUBOP_PRIVILEGED},
    [2] = {.fn = note, SUBOP_INOUT(struct request), .flags = SUBOP_DOM0},
    [3] = {.fn = note,
           SUBOP_INOUT(struct request),
           SUBOP_DOMID(struct request, dom)},
    [4] = {.fn = note,
           SUBOP_INOUT(struct request),
           SUBOP_DOMID(struct request, dom),
           .flags = SUBOP_NOT_SELF},
};
static const struct subop_family family = {
    .call = CALL,
    .rows = {{rows, ARRAY_SIZE(rows)}},
    .otherwise = {.rc = -ENOSYS},
};

static struct request r;
static long op(struct domain *who, unsigned int cmd, domid_t named)
{
    calls = 0;
    r = (struct request){.value = 99, .dom = named};
    world_run(0, who->vcpu[0]);
    return subop_call(&family, cmd, (uint64_t)&r);
}

static void what_is_dom0s_alone_is_refused_to_others(void **state)
{
    assert_int_equal(op(plain, 0, 0), 0);
    assert_int_equal(op(plain, 1, 0), -EPERM);
    assert_int_equal(op(plain, 2, 0), -EPERM);
    assert_int_equal(calls, 0);
    assert_int_equal(op(d, 1, 0), 0);
    assert_int_equal(op(d, 2, 0), 0);
    plain->is_privileged = true; /* builds domains, and is not dom0 */
    assert_int_equal(op(plain, 1, 0), 0);
    assert_int_equal(op(plain, 2, 0), -EPERM);
    plain->is_privileged = false;
}

static void a_plain_domain_names_itself_alone(void **state)
{
    uint32_t refs = other->refcnt;
    struct domain *named = plain;

    world_run(0, plain->vcpu[0]);
    assert_int_equal(subop_domain(other->id, &named), -EPERM);
    assert_null(named); /* a pointer is a reference */
    assert_int_equal(op(plain, 3, DOMID_SELF), 0);
    assert_int_equal(r.value, plain->id);
    assert_int_equal(op(plain, 3, plain->id), 0);
    assert_int_equal(op(plain, 3, other->id), -EPERM);
    assert_int_equal(calls, 0);
    assert_int_equal(op(plain, 3, 77), -ESRCH);
    assert_int_equal(op(d, 3, other->id), 0);
    assert_int_equal(r.value, other->id);
    assert_int_equal(other->refcnt, refs);
    assert_int_equal(op(d, 4, d->id), -EINVAL);
    assert_int_equal(op(d, 4, other->id), 0);
    assert_int_equal(op(d, ARRAY_SIZE(rows), 0), -ENOSYS);
}

static void a_refusal_writes_nothing_back(void **state)
{
    answer = -EBUSY;
    assert_int_equal(op(plain, 3, DOMID_SELF), -EBUSY);
    assert_int_equal(calls, 1);
    assert_int_equal(r.value, 99);
    answer = 0;
}

/* --- families with a head ------------------------------------------------- */

struct headed {
    struct subop_head head;
    struct request body;
};

static const struct subop_family control = {
    .call = CALL,
    .rows = {{rows, ARRAY_SIZE(rows)}},
    .otherwise = {.rc = -ENOSYS},
    .version = 5,
    .size = sizeof(struct headed),
    .body = sizeof(struct subop_head),
    .lock = &lock,
};

static long control_op(struct domain *who, uint32_t version)
{
    struct headed h = {{0, version}, {0}};

    calls = 0;
    world_run(0, who->vcpu[0]);
    return subop_call_headed(&control, (uint64_t)&h);
}

static void control_operations_are_not_for_plain_domains(void **state)
{
    assert_int_equal(control_op(plain, 5), -EPERM);
    assert_int_equal(calls, 0);
    assert_int_equal(control_op(d, 4), -EACCES);
    assert_int_equal(calls, 0);
    assert_int_equal(control_op(d, 5), 0);
    assert_int_equal(calls, 1);
    /* Who is refused does not come to the lock that others wait for. */
    spin_lock(&lock);
    assert_int_equal(control_op(plain, 5), -EPERM);
    assert_int_equal(control_op(d, 4), -EACCES);
    assert_int_equal(control_op(d, 5), CALL); /* again */
    assert_int_equal(calls, 0);
    spin_unlock(&lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_dom0s_alone_is_refused_to_others),
        cmocka_unit_test(a_plain_domain_names_itself_alone),
        cmocka_unit_test(a_refusal_writes_nothing_back),
        cmocka_unit_test(control_operations_are_not_for_plain_domains)};

    world_init();
    d = world_create_domain(0, 10);
    plain = world_create_domain(1, 10);
    other = world_create_domain(2, 10);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
