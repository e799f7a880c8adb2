/* SPDX-License-Identifier: MIT */
/*
 * The smallest guest that stays: it blocks for ever, so that a whole directory
 * of them costs nothing but their creation. With "crash" on its command line it
 * reports a crash at once, with "fault" it is stopped for a double fault.
 */
#include <pv/pv.h>

static bool asked(const char *word)
{
    const char *line = (const char *)start_info->cmd_line;
    size_t n = strlen(word);

    for (; *line; line++)
        if (!strncmp(line, word, n))
            return true;
    return false;
}

int main(void)
{
    if (asked("crash"))
        shutdown(SHUTDOWN_crash);
    if (asked("fault")) {
        /* No handlers any more: the next trap finds none. */
        HC1(set_trap_table, 0);
        asm volatile("ud2");
    }
    for (;;)
        HC2(sched_op, SCHEDOP_block, 0);
}
