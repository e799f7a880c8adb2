/* SPDX-License-Identifier: MIT */
/* Start of day: from the loader's start_info to main(). */
#include <pv/domu.h>

#include "console_ring.h"
#include "resume.h"

struct start_info *start_info;
struct shared_info *shared_info;
uint64_t *p2m;
static uint8_t shared_page[PAGE_SIZE] __attribute__((aligned(4096)));

bool is_served(void)
{
    return !strncmp((const char *)start_info->cmd_line, SERVES, sizeof(SERVES));
}

/* In the place of a page of the guest's own, which comes back. */
bool shared_info_map(void)
{
    return !map_va(shared_page,
                   start_info->shared_info | PTE_P | PTE_W | PTE_U | PTE_A |
                       PTE_D,
                   UVMF_INVLPG);
}

void shared_info_unmap(void)
{
    make_writable(shared_page);
}

void pv_start(struct start_info *si);
void memory_init(void);

void pv_start(struct start_info *si)
{
    int failed;

    start_info = si;
    p2m = (uint64_t *)si->mfn_list;
    traps_init();
    if (!shared_info_map()) {
        printf("Bail out! cannot map shared_info\n");
        shutdown(SHUTDOWN_crash);
    }
    shared_info = (struct shared_info *)shared_page;
    events_init();
    memory_init();
    if (is_served())
        domu_serve();
    console_ring_init();
    failed = main();
    done_testing();
    shutdown(failed ? SHUTDOWN_crash : SHUTDOWN_poweroff);
}
