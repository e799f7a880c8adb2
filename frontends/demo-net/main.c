/* SPDX-License-Identifier: MIT */
/*
 * demo-net: a guest that is a web server. Its page and its number of requests
 * are on its disk (disk.h), its address comes by DHCP or stands on its command
 * line (address.h); TCP/IP is lwIP (port.h). It ends when it is told to shut
 * down. See frontends/README.
 */
#include <pv/xenbus.h>

#include "address.h"
#include "disk.h"
#include "port.h"
#include "server.h"

static int told_to = -1; /* SHUTDOWN_* */

/* The toolstack's word, which is acknowledged by taking it away. */
static void shutdown_asked(struct xenbus_watch *w)
{
    char word[16];

    if (xenbus_read(NULL, w->path, word, sizeof(word)) <= 0)
        return;
    if (!strcmp(word, "reboot"))
        told_to = SHUTDOWN_reboot;
    else if (!strcmp(word, "poweroff") || !strcmp(word, "halt"))
        told_to = SHUTDOWN_poweroff;
    if (told_to >= 0)
        xenbus_write(NULL, w->path, "");
}

static void give_up(const char *why)
{
    printf("demo-net: %s\n", why);
    shutdown(SHUTDOWN_crash);
}

static void begin(void)
{
    struct address address;

    if (!address_parse((const char *)start_info->cmd_line,
                       sizeof(start_info->cmd_line), &address))
        give_up("the command line's ip= is no address");
    disk_open();
    if (net_open(&address))
        give_up("there is no network");
    if (!server_open())
        give_up("there is no memory for a server");
}

int main(void)
{
    static struct xenbus_watch stop = {.path = "control/shutdown",
                                       .changed = shutdown_asked};
    uint64_t started = system_time();

    begin();
    xenbus_watch(&stop);
    printf("demo-net: serves after %lu us\n", (system_time() - started) / 1000);
    while (told_to < 0 && net_serve(SECOND_NS / 2)) {
        server_serve();
        disk_serve();
    }
    disk_close();
    net_close();
    shutdown(told_to < 0 ? SHUTDOWN_crash : told_to);
}
