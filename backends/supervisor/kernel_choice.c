/* SPDX-License-Identifier: MIT */
/* See kernel_choice.h. */
#include "kernel_choice.h"

#include <dirent.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <daemon/log.h>

#include "../common/kernel_driver.h"

/* By their files, which go with the device: where a process was killed the next
 * one has yet to begin, and a driver would bind to the guest's rings first. */
static bool has_processes(const char *kind, const char *run_dir)
{
    DIR *dir = opendir(run_dir);
    size_t n = strlen(kind);
    bool found = false;
    struct dirent *e;

    while (dir && !found && (e = readdir(dir))) {
        size_t len = strlen(e->d_name);

        found = !strncmp(e->d_name, kind, n) && e->d_name[n] == '-' &&
                len > 4 && !strcmp(e->d_name + len - 4, ".pid");
    }
    if (dir)
        closedir(dir);
    return found;
}

/* Its name alone: what modprobe.d keeps away is what the kernel asks for. */
static void load(const char *module)
{
    char *argv[] = {(char *)"modprobe", (char *)module, NULL};
    pid_t pid;

    if (!posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ))
        waitpid(pid, NULL, 0);
}

static void choose(const char *kind, const char *run_dir)
{
    const char *module = kernel_driver_name(kind);

    if (!module || kernel_driver(kind))
        return;
    if (has_processes(kind, run_dir)) {
        log_warning("%s devices are served by processes: the kernel's %s is "
                    "not loaded before a start without any",
                    kind, module);
        return;
    }
    load(module);
    if (!kernel_driver(kind))
        log_error("the kernel's %s cannot be loaded: %s devices are served by "
                  "processes",
                  module, kind);
}

void kernel_choice(const char *file, const char *run_dir)
{
    FILE *f = fopen(file, "re");
    char *line = NULL, kind[16], driver[16];
    size_t size = 0;

    while (f && getline(&line, &size, f) >= 0) {
        if (sscanf(line, " %15[a-z].default.driver = %*1[\"']%15[^\"'\n]", kind,
                   driver) != 2)
            continue;
        if (!strcmp(driver, "kernel"))
            choose(kind, run_dir);
        else if (strcmp(driver, "process"))
            log_warning("%s: %s.default.driver is kernel or process, not '%s'",
                        file, kind, driver);
    }
    free(line);
    if (f)
        fclose(f);
}
