/* SPDX-License-Identifier: MIT */
/*
 * The memory core under real concurrency: each thread is a CPU that runs
 * random programs on vcpus of the same domains, with the same frames. From
 * time to time all stop and the references are counted again.
 *
 *   mm_threads [rounds [seed]]
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <setjmp.h>
#include <pthread.h>
#include <cmocka.h>
#include "mm_programs.h"

#define THREADS 3
#define STEPS   2000

static unsigned int rounds = 12;
static uint64_t seed = 1;
static pthread_barrier_t stop, go;
static unsigned long errors;

static void *cpu_main(void *arg)
{
    unsigned int cpu = (unsigned long)arg;

    world_seed(seed * 31 + cpu);
    program_vcpu = cpu;
    world_run(cpu, world_domain[cpu % WORLD_DOMAINS]->vcpu[cpu]);
    for (unsigned int r = 0; r < rounds; r++) {
        world_preempt = r % 3 * 200;
        world_abandon = r % 2 * 100;
        for (unsigned int i = 0; i < STEPS; i++)
            program_step();
        pthread_barrier_wait(&stop);
        if (cpu == 0)
            errors += world_verify();
        pthread_barrier_wait(&go);
        if (errors)
            break;
    }
    return NULL;
}

static void frames_keep_their_types_under_several_cpus_at_once(void **state)
{
    pthread_t t[THREADS];

    world_init();
    for (unsigned int i = 0; i < WORLD_DOMAINS; i++)
        program_populate(world_create_domain(i, 160), 110);
    pthread_barrier_init(&stop, NULL, THREADS);
    pthread_barrier_init(&go, NULL, THREADS);
    for (unsigned long i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, cpu_main, (void *)i), 0);
    for (unsigned int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(errors, 0);
    world_preempt = world_abandon = 0;
    for (unsigned int i = WORLD_DOMAINS; i--;)
        world_kill_domain(i);
    for (unsigned int i = 0; i < WORLD_DOMAINS; i++)
        assert_null(world_domain[i]);
    world_note_tlbs();
    assert_int_equal(total_free_pages(),
                     WORLD_FRAMES - 8 - (HOLE_LAST + 1 - HOLE_FIRST));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_keep_their_types_under_several_cpus_at_once)};

    if (argc > 1)
        rounds = strtoul(argv[1], NULL, 0);
    if (argc > 2)
        seed = strtoul(argv[2], NULL, 0);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
