/* SPDX-License-Identifier: MIT */
/* What both boot protocols say in the same words: command lines, modules. */
#include <hv/lib.h>
#include "boot.h"

void __init boot_copy_cmdline(char *to, size_t size, const char *from,
                              bool is_file)
{
    const char *end = from;

    while (*from == ' ')
        from++;
    for (end = from; *end && *end != ' '; end++)
        if (*end == '/' && !is_file)
            is_file = true;
        else if (*end == '=' && !is_file) /* an option's value, not a path */
            break;
    while (*end && *end != ' ')
        end++;
    if (is_file || (end - from == 11 && !strncmp(from, "placeholder", 11)))
        from = end;
    while (*from == ' ')
        from++;
    if (strlcpy(to, from, size) >= size)
        printk(XENLOG_WARNING "A command line was cut: %.40s...\n", from);
}

void __init boot_add_module(paddr_t start, paddr_t end, const char *cmdline)
{
    static char lines[BOOT_MODULES][2048] __initdata;
    unsigned int n = boot_info.nr_modules;

    if (n == BOOT_MODULES || end < start)
        return;
    boot_copy_cmdline(lines[n], sizeof(lines[n]), cmdline,
                      !strcmp(boot_info.loader, "qemu"));
    boot_info.modules[n] = (struct boot_module){start, end - start, lines[n]};
    boot_info.nr_modules++;
}
