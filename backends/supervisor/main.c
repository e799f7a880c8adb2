/* SPDX-License-Identifier: MIT */
/*
 * xen-backendd - starts and reaps the backend processes of this domain. It
 * watches backend/vbd and backend/vif in the store and keeps one process per
 * device instance; everything about a device happens in that process.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <xlctrl.h>

#include <daemon/daemonise.h>
#include <daemon/event_loop.h>
#include <daemon/log.h>
#include <daemon/signals.h>

#include "../common/kernel_driver.h"
#include "../common/store_client.h"
#include "devices.h"

#define PROGRAM_DIR "/usr/lib/xen-lite/bin"
#define LOG_FILE    "/var/log/xen/xen-backendd.log"

static struct event_loop loop;
static struct store_client store;
static struct devices devices = {
    .store = &store, .loop = &loop, .program_dir = PROGRAM_DIR};

static void usage(FILE *f)
{
    fputs("usage: xen-backendd [options]\n"
          "  -i, --interactive      stay in the foreground\n"
          "  -p, --pid-file FILE    write the process id there\n"
          "  -l, --log FILE         where the log goes in the background\n"
          "                         (default " LOG_FILE ")\n"
          "  -b, --backend-dir DIR  where the backend programs are\n"
          "                         (default " PROGRAM_DIR ")\n"
          "  -d, --debug            log more\n"
          "  -h, --help             this text\n",
          f);
}

/* The watch itself reports the directory: then all of it is looked at. */
static void store_event(struct store_client *c, const char *path,
                        const char *token)
{
    devices_check(&devices, strcmp(path, token) ? path : NULL);
}

static void store_changed(struct store_client *c)
{
    devices_store_changed(&devices);
}

static int watch_store(void)
{
    int rc;

    store.event = store_event;
    store.connected = store.lost = store_changed;
    devices.xlc = xlc_open(log_for_libraries());
    rc = store_client_open(&store, &loop);
    for (unsigned int i = 0; !rc && i < nr_device_kinds; i++) {
        char path[32];

        snprintf(path, sizeof(path), "backend/%s", device_kinds[i].name);
        rc = store_client_watch(&store, path, path);
    }
    return rc;
}

static void reap(void)
{
    devices_reap(&devices);
}

static struct signal_watch signals = {.child = reap};

struct options {
    const char *pid_file, *log_file;
    bool foreground;
};

static void parse_options(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        {"interactive", no_argument, NULL, 'i'},
        {"pid-file", required_argument, NULL, 'p'},
        {"log", required_argument, NULL, 'l'},
        {"backend-dir", required_argument, NULL, 'b'},
        {"debug", no_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "ip:l:b:dh", longs, NULL)) != -1)
        switch (c) {
        case 'i':
            o->foreground = true;
            break;
        case 'p':
            o->pid_file = optarg;
            break;
        case 'l':
            o->log_file = optarg;
            break;
        case 'b':
            devices.program_dir = optarg;
            break;
        case 'd':
            devices.debug = true;
            break;
        default:
            usage(c == 'h' ? stdout : stderr);
            exit(c == 'h' ? 0 : 2);
        }
}

static int start(void)
{
    struct rlimit files = {65536, 65536};
    int rc = event_loop_init(&loop);

    setrlimit(RLIMIT_NOFILE, &files); /* two descriptors per device */
    rc = rc ? rc : signals_watch(&signals, &loop);
    return rc ? rc : watch_store();
}

int main(int argc, char **argv)
{
    struct options o = {.log_file = LOG_FILE};
    int rc;

    parse_options(&o, argc, argv);
    log_setup("xen-backendd", devices.debug ? LOG_LVL_DEBUG : LOG_LVL_INFO);
    for (unsigned int i = 0; i < nr_device_kinds; i++)
        if (kernel_serves(device_kinds[i].name))
            return 1;
    if (daemon_begin(o.pid_file, o.foreground))
        return 1;
    rc = start();
    if (rc) {
        log_error("cannot start: %s", strerror(-rc));
        return 1;
    }
    daemon_ready(o.log_file);
    log_info("watching for devices");
    rc = event_loop_run(&loop);
    devices_stop_all(&devices);
    daemon_end();
    return rc;
}
