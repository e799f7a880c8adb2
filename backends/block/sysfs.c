/* SPDX-License-Identifier: MIT */
/* See sysfs.h. */
#include "sysfs.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

static FILE *open_at(dev_t dev, const char *above, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s%s", major(dev),
             minor(dev), above, name);
    return fopen(path, "re");
}

/* A partition has no queue of its own, its parent directory has. */
static FILE *open_attribute(dev_t dev, const char *name)
{
    FILE *f = open_at(dev, "", name);

    return f ? f : open_at(dev, "../", name);
}

unsigned long sysfs_number(dev_t dev, const char *name)
{
    unsigned long value = 0;
    FILE *f = open_attribute(dev, name);

    if (!f)
        return 0;
    if (fscanf(f, "%lu", &value) != 1)
        value = 0;
    fclose(f);
    return value;
}

bool sysfs_says(dev_t dev, const char *name, const char *text)
{
    char line[32] = "";
    FILE *f = open_attribute(dev, name);

    if (!f)
        return false;
    if (!fgets(line, sizeof(line), f))
        line[0] = 0;
    fclose(f);
    line[strcspn(line, "\n")] = 0;
    return !strcmp(line, text);
}
