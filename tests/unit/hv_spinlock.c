/* SPDX-License-Identifier: MIT */
/*
 * Ticket locks: CPUs get a lock in the order in which they came, also one that
 * serves others meanwhile, and try takes no lock that is held or waited for.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <pthread.h>
#include <unistd.h>
#include <cmocka.h>
#include <hv/lib.h>
#include <hv/spinlock.h>

/* --- what the functions find around them ---------------------------------- */

static __thread const spinlock_t *wanted[2]; /* the last, and that before it */

void lock_order_acquire(spinlock_t *l)
{
    wanted[1] = wanted[0];
    wanted[0] = l;
}

void lock_order_acquired_by_try(spinlock_t *l)
{
}

void lock_order_release(spinlock_t *l)
{
}

/* --- the tests ------------------------------------------------------------ */

#define WAITERS 3

static spinlock_t lock;
static unsigned int served, got, order[WAITERS];

static void serve(void)
{
    atomic_inc(&served);
}

/* The odd ones serve. */
static void *wait_and_note(void *number)
{
    unsigned long n = (unsigned long)number;

    if (n & 1)
        spin_lock_serving(&lock, serve);
    else
        spin_lock(&lock);
    order[got++] = n;
    usleep(1000); /* any other that comes now is too early */
    spin_unlock(&lock);
    return NULL;
}

static unsigned int places(void)
{
    return (uint16_t)(READ_ONCE(lock.tail) - READ_ONCE(lock.head));
}

static void test_order(void **state)
{
    pthread_t waiter[WAITERS];

    alarm(60); /* else it waits for a place that nobody takes */
    for (unsigned int round = 0; round < 20; round++) {
        got = served = 0;
        spin_lock(&lock);
        for (unsigned long n = 0; n < WAITERS; n++) {
            pthread_create(&waiter[n], NULL, wait_and_note, (void *)n);
            while (places() != n + 2)
                cpu_relax();
        }
        while (!READ_ONCE(served))
            cpu_relax();
        assert_false(spin_trylock(&lock));
        spin_unlock(&lock);
        for (unsigned int n = 0; n < WAITERS; n++)
            pthread_join(waiter[n], NULL);
        for (unsigned int n = 0; n < WAITERS; n++)
            assert_int_equal(order[n], n);
    }
    alarm(0);
}

static void test_wrap(void **state)
{
    for (unsigned int i = 0; i < 3u << 16; i++) {
        if (i & 1)
            assert_true(spin_trylock(&lock));
        else
            spin_lock(&lock);
        assert_int_equal(places(), 1);
        assert_false(spin_trylock(&lock));
        spin_unlock(&lock);
        assert_int_equal(places(), 0);
    }
}

static spinlock_t pair[2];

static void test_two(void **state)
{
    for (unsigned int first = 0; first < 2; first++) {
        spin_lock_two(&pair[first], &pair[!first]);
        assert_ptr_equal(wanted[1], &pair[0]);
        assert_ptr_equal(wanted[0], &pair[1]);
        assert_false(spin_trylock(&pair[0]));
        assert_false(spin_trylock(&pair[1]));
        spin_unlock(&pair[0]);
        spin_unlock(&pair[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"CPUs get a lock in the order in which they came", test_order, NULL,
         NULL, NULL},
        {"A lock can be taken any number of times", test_wrap, NULL, NULL,
         NULL},
        {"Two locks are taken in one order, however they are named", test_two,
         NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
