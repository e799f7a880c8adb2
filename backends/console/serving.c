/* SPDX-License-Identifier: MIT */
/* See serving.h. */
#include "serving.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <daemon/log.h>

#define CLAIM_MS 5000

static int file = -1;

/* The process that serves ends with its parent, but a little later. */
static bool lock_file(void)
{
    struct flock lock = {.l_type = F_WRLCK};
    int rc = fcntl(file, F_OFD_SETLK, &lock);

    for (int ms = 0; rc && ms < CLAIM_MS; ms += 10) {
        usleep(10000);
        rc = fcntl(file, F_OFD_SETLK, &lock);
    }
    return !rc;
}

int serving_claim(const char *dir)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/serving", dir);
    if (mkdir(dir, 0700) && errno != EEXIST)
        return log_reason(-errno, "cannot make %s: %s", dir, strerror(errno));
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return log_reason(-errno, "cannot open %s: %s", path, strerror(errno));
    if (!lock_file())
        return log_reason(-errno, "another xenconsoled runs and holds %s",
                          path);
    return ftruncate(file, 0) ? -errno : 0;
}

void serving_announce(void)
{
    static bool announced;

    if (announced)
        return;
    announced = write(file, "\n", 1) == 1;
    if (!announced)
        log_error("clients will not see that this daemon serves: %m");
}
