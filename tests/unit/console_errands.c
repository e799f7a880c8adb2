/* SPDX-License-Identifier: MIT */
/* See console_errands.h. */
#include "console_errands.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <daemon/log_open.h>

#include "../../backends/console/errand.h"
#include "../../backends/console/page.h"
#include "../../backends/console/terminal.h"

const char *errands_logs;
unsigned int errands_logs_asked;

uint64_t errands_frame;

int errand_domain(unsigned int domid, struct domain_state *d)
{
    *d = (struct domain_state){.frame = errands_frame};
    return errands_frame ? 0 : -ESRCH;
}

int errand_log(unsigned int domid, const char *name, bool full)
{
    char path[256], old[sizeof(path) + 2];

    errands_logs_asked++;
    if (!errands_logs)
        return -ENOENT;
    snprintf(path, sizeof(path), "%s/%s.log", errands_logs, name);
    snprintf(old, sizeof(old), "%s.1", path);
    if (full)
        rename(path, old);
    return log_open_below(errands_logs, path);
}

int errand_terminal(unsigned int domid, size_t size, int fds[TERMINAL_FDS])
{
    int rc = terminal_open(&fds[TERMINAL_MASTER], &fds[TERMINAL_SLAVE]);

    return rc ? rc : terminal_pipe(&fds[TERMINAL_PIPE_OUT], size);
}

int errand_page(void)
{
    return page_make();
}

int errand_show(int master)
{
    return 0;
}
