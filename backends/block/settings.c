/* SPDX-License-Identifier: MIT */
/* See settings.h. */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include <base/macros.h>
#include <base/number.h>
#include <daemon/log.h>

const char *const block_settings[] = {"werror", "limit-bytes", "limit-iops",
                                      NULL};

static enum block_on_error on_error(const char *text)
{
    static const char *const names[] = {[BLOCK_WAIT_FOR_ROOM] = "enospc",
                                        [BLOCK_REPORT] = "report",
                                        [BLOCK_STOP] = "stop"};

    for (unsigned int i = 0; text && i < ARRAY_SIZE(names); i++)
        if (!strcmp(text, names[i]))
            return (enum block_on_error)i;
    if (text)
        log_warning("werror '%.40s' is not enospc, report or stop", text);
    return BLOCK_WAIT_FOR_ROOM;
}

static uint64_t limit(struct xenbus_device *bus, const char *key)
{
    char *text = xenbus_read(bus, key);
    uint64_t value = 0;

    if (text && !parse_uint(text, BLOCK_LIMIT_MOST, &value)) {
        log_warning("%s '%.40s' is not a number up to %llu", key, text,
                    BLOCK_LIMIT_MOST);
        value = 0;
    }
    free(text);
    return value;
}

void block_settings_read(struct xenbus_device *bus, struct block_share *s)
{
    char *text = xenbus_read(bus, block_settings[0]);
    enum block_on_error next = on_error(text);
    uint64_t bytes = limit(bus, block_settings[1]);
    uint64_t requests = limit(bus, block_settings[2]);

    free(text);
    if (store_lost(&bus->store))
        return;
    s->on_error = next;
    block_limit_set(&s->limit, bytes, requests);
}
