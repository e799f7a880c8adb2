/* SPDX-License-Identifier: MIT */
/*
 * frontends/control.c, which this file includes: in which order the parts of
 * the library are told that the guest is suspended and goes on. The hypervisor,
 * the toolstack and these parts are played here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <pv/xenbus.h>

/* Its skip() is another one. */
#include <cmocka.h>

static long suspended(void);

#undef HC3
#define HC3(nr, a, b, c)  ((void)(a), (void)(b), (void)(c), suspended())
#define mfn_to_pfn(mfn)   (mfn)
#define virt_to_mfn(page) ((uint64_t)(page))
#include "../../frontends/control.c"

struct start_info *start_info;
struct shared_info *shared_info;
uint64_t *p2m;

static char steps[256], node[WORD_SIZE];
static struct xenbus_watch *watched;
static uint64_t now, went_on_at;
static long cancelled;

static void step(const char *name)
{
    snprintf(steps + strlen(steps), sizeof(steps) - strlen(steps), "%s ", name);
}

static long suspended(void)
{
    step(*node ? "suspended before the word was taken" : "suspended");
    return cancelled;
}

uint64_t system_time(void)
{
    return now;
}

void shutdown(unsigned int reason)
{
    abort();
}

void shared_info_unmap(void)
{
    step("-info");
}

bool shared_info_map(void)
{
    step("+info");
    return true;
}

void grant_table_unmap(void)
{
    step("-grants");
}

bool grant_table_map(void)
{
    step("+grants");
    return true;
}

/* Takes its time. */
void xenbus_suspend(uint64_t end)
{
    step("drained");
    assert_int_equal(end, now + 5 * SECOND_NS);
    now += SECOND_NS;
}

void time_goes_on(uint64_t ns)
{
    went_on_at = ns;
}

void events_forget(void)
{
    step("forgotten");
}

void xenbus_resume(void)
{
    step("resumed");
}

long xenbus_read(const struct xenbus_tx *tx, const char *path, char *value,
                 size_t size)
{
    return snprintf(value, size, "%s", node);
}

long xenbus_write(const struct xenbus_tx *tx, const char *path,
                  const char *value)
{
    node[0] = '\0';
    return 0;
}

long xenbus_transaction(xenbus_tx_fn fn, void *arg)
{
    return fn(NULL, arg);
}

long xenbus_watch(struct xenbus_watch *w)
{
    watched = w;
    return 0;
}

static int begin(void **state)
{
    static struct start_info info;
    static struct shared_info page;

    start_info = &info;
    shared_info = &page;
    now = 7 * SECOND_NS;
    steps[0] = '\0';
    assert_int_equal(control_open(NULL), 0);
    snprintf(node, sizeof(node), "suspend");
    return 0;
}

/* Requests are waited for while the guest's events and grants are still what
 * they were, and the time that this takes has passed. */
static void devices_are_drained_before_a_guest_is_suspended(void **state)
{
    cancelled = 0;
    watched->changed(watched);
    assert_string_equal(steps, "drained -grants -info suspended +info +grants "
                               "forgotten resumed ");
    assert_int_equal(went_on_at, 8 * SECOND_NS);
}

static void devices_stay_as_they_are_if_it_is_cancelled(void **state)
{
    cancelled = 1;
    watched->changed(watched);
    assert_string_equal(steps,
                        "drained -grants -info suspended +info +grants ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(devices_are_drained_before_a_guest_is_suspended,
                               begin),
        cmocka_unit_test_setup(devices_stay_as_they_are_if_it_is_cancelled,
                               begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
