/* SPDX-License-Identifier: MIT */
/* See serving.h. */
#include "serving.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <daemon/log.h>

static int file = -1;

int serving_claim(const char *dir)
{
    struct flock lock = {.l_type = F_WRLCK};
    char path[128];

    snprintf(path, sizeof(path), "%s/serving", dir);
    if (mkdir(dir, 0700) && errno != EEXIST)
        return log_reason(-errno, "cannot make %s: %s", dir, strerror(errno));
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return log_reason(-errno, "cannot open %s: %s", path, strerror(errno));
    if (fcntl(file, F_OFD_SETLK, &lock))
        return log_reason(-errno, "another xenconsoled runs and holds %s",
                          path);
    return ftruncate(file, 0) ? -errno : 0;
}

void serving_announce(void)
{
    if (pwrite(file, "\n", 1, 0) != 1)
        log_error("clients will not see that this daemon serves: %m");
}
