/* SPDX-License-Identifier: MIT */
/*
 * A daemon that comes back finds another domain under a number that it knows,
 * just when it takes up that one's ring: nothing is done to the other's page,
 * and who only could not be asked for is not given up.
 */
#include "store_world.h"

#include "../../tools/xenstored/state.h"

#define GUEST FIRST_GUEST

/* With what a guest's answers have left in the indices. */
static void start(void)
{
    struct xsd_sockmsg h = {XS_READ, 1, 0, 2};
    struct xenstore_domain_interface *p = world_page(0);

    world_begin(8, 0);
    world_start(world_boot);
    world_root = client_new(NULL);
    world_new_life(0);
    memcpy(p->req, &h, sizeof(h));
    memcpy(p->req + sizeof(h), "/", 2);
    p->req_prod = sizeof(h) + 2;
    ring_event(fake_port(GUEST));
    fake_turns();
    assert_int_equal(p->req_cons, p->req_prod);
    client_free(world_root);
}

static void stop(void)
{
    state_stop();
    fake_stop();
    assert_int_equal(fake_domain[GUEST].mapped, 0);
    assert_int_equal(fake_domain[GUEST].bound, 0);
}

static struct xenstore_domain_interface fresh;

static void another_has_its_number(uint16_t domid)
{
    if (domid != GUEST)
        return;
    fake_domain[GUEST].handle++;
    memset(world_page(0), 0, sizeof(fresh));
    fake_map = NULL;
}

static void assert_nothing_done_to_it(void)
{
    fake_turns();
    assert_memory_equal(world_page(0), &fresh, sizeof(fresh));
    assert_int_equal(fake_domain[GUEST].notified, 0);
    assert_int_equal(fake_domain[GUEST].mapped, 0);
    assert_int_equal(fake_domain[GUEST].bound, 0);
    assert_false(world_introduced(0));
}

static void a_page_of_another_is_left_alone(void **state)
{
    start();
    stop();
    fake_domain[GUEST].notified = 0;
    fake_map = another_has_its_number;
    world_start(world_boot);
    assert_null(fake_map);
    assert_nothing_done_to_it();
    assert_false(domain_rings_missing());
    stop();
}

/* As above, when the ring is tried again, with a journal or without. */
static void nor_is_it_touched_later(void **state)
{
    for (int without = 0; without < 2; without++) {
        start();
        stop();
        fake_domain[GUEST].no_grant = true;
        world_start(world_boot);
        if (without)
            state_stop();
        assert_true(domain_rings_missing());
        fake_domain[GUEST].no_grant = false;
        fake_domain[GUEST].notified = 0;
        fake_map = another_has_its_number;
        domain_attach_rings();
        assert_null(fake_map);
        assert_nothing_done_to_it();
        stop();
    }
}

static void cannot_be_asked_for(uint16_t domid)
{
    fake_domain[domid].no_info = true;
    fake_map = NULL;
}

static void who_cannot_be_asked_for_is_tried_again(void **state)
{
    start();
    stop();
    fake_map = cannot_be_asked_for;
    world_start(world_boot);
    assert_null(fake_map);
    assert_true(world_introduced(0));
    assert_int_equal(fake_domain[GUEST].mapped, 0);
    assert_true(domain_rings_missing());
    fake_domain[GUEST].no_info = false;
    fake_map = cannot_be_asked_for;
    domain_attach_rings();
    assert_true(world_introduced(0));
    assert_int_equal(fake_domain[GUEST].mapped, 0);
    fake_domain[GUEST].no_info = false;
    domain_attach_rings();
    assert_false(domain_rings_missing());
    assert_int_equal(fake_domain[GUEST].mapped, 1);
    assert_int_equal(fake_domain[GUEST].bound, 1);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_of_another_is_left_alone),
        cmocka_unit_test(nor_is_it_touched_later),
        cmocka_unit_test(who_cannot_be_asked_for_is_tried_again),
    };
    int rc = world_create();

    if (!rc)
        rc = cmocka_run_group_tests(tests, NULL, NULL);
    world_remove();
    return rc;
}
