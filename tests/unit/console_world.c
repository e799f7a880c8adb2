/* SPDX-License-Identifier: MIT */
/* See console_world.h. */
#include "console_world.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <xlctrl.h>

#include "../../backends/console/parent.h"
#include "../../tools/libxenstore/reconnect.h"
#include "taken_over.h"

char world_top[] = "/tmp/console-parent.XXXXXX";
char world_logs[64];
int world_ready[2];
int world_stores[2][2];

static char keeper[4096];
static bool with_logs = true;

/* --- what the parent finds ------------------------------------------------ */

int xs_connect(void)
{
    static unsigned int n;

    return n < 2 ? world_stores[n++][1] : -1;
}

xlc_handle *xlc_open(struct xentoollog_logger *logger)
{
    return (xlc_handle *)(uintptr_t)1;
}

int xlc_domain_getinfo(xlc_handle *h, uint32_t domid,
                       struct xen_domctl_getdomaininfo *info)
{
    static uint64_t frame = 100;
    static int looks;

    if (domid == NOWHERE) {
        errno = ESRCH;
        return -1;
    }
    memset(info, 0, sizeof(*info));
    info->shared_info_frame = domid == CHANGING ? frame++ : 77;
    if (domid == DYING || (domid == REBORN && ++looks == 2))
        info->flags = XEN_DOMINF_dying;
    return 0;
}

/* Every other one lives. */
int xlc_domain_getinfolist(xlc_handle *h, uint32_t first, uint32_t max,
                           struct xen_domctl_getdomaininfo *info)
{
    uint32_t n = 0;

    for (; n < max && first <= 2 * LIVING; n++, first++)
        info[n] = (struct xen_domctl_getdomaininfo){
            .domain = (domid_t)first,
            .flags = first % 2 ? XEN_DOMINF_dying : 0};
    return (int)n;
}

/* All but what begins at 0 is lost, and of that there are three bytes. */
int xlc_readconsole(xlc_handle *h, char *text, uint32_t size, bool clear,
                    bool incremental, uint32_t *position)
{
    if (clear || !incremental || *position)
        return 0;
    memcpy(text, "Xen", size < 3 ? size : 3);
    *position = 3;
    return 3;
}

static void is_ready(void)
{
    assert_int_equal(write(world_ready[1], "", 1), 1);
}

/* --- the parent ----------------------------------------------------------- */

static int run(struct pair *both)
{
    const struct parent with = {.log_dir = world_logs,
                                .log_guests = with_logs,
                                .log_hypervisor = with_logs,
                                .run_dir = world_top,
                                .keeper = keeper,
                                .ready = is_ready};

    return parent_run(&with, both);
}

int world_start(void **state)
{
    for (int i = 0; i < 2; i++)
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, world_stores[i]))
            return -1;
    return taken_over_start(NULL, run);
}

int world_start_without_logs(void **state)
{
    with_logs = false;
    return world_start(state);
}

int world_stop(void **state)
{
    char bytes[8];

    taken_over_stop();
    with_logs = true;
    for (int i = 0; i < 4; i++)
        close(world_stores[i / 2][i % 2]);
    while (read(world_ready[0], bytes, sizeof(bytes)) > 0)
        ;
    return 0;
}

int world_begin(void)
{
    const char *build = getenv("BUILD");

    snprintf(keeper, sizeof(keeper), "%s/bin/xen-console-keeper",
             build ? build : "build");
    if (!mkdtemp(world_top))
        return -1;
    snprintf(world_logs, sizeof(world_logs), "%s/logs", world_top);
    return mkdir(world_logs, 0755) ||
           pipe2(world_ready, O_CLOEXEC | O_NONBLOCK);
}

int world_end(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", world_top);
    return system(command);
}
