/* SPDX-License-Identifier: MIT */
/*
 * xen-backendd - starts the backend processes of this domain. It watches its
 * kinds of backends in the store and keeps one process per device
 * instance; everything about a device happens in that process, which goes on
 * when this one ends.
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

#include "../block/record.h"
#include "../common/store_client.h"
#include "../net/record.h"
#include "device_status.h"
#include "devices.h"
#include "disk_answers.h"
#include "interface.h"
#include "kernel_choice.h"

#define PROGRAM_DIR "/usr/lib/xen-lite/bin"
#define LOG_FILE    "/var/log/xen/xen-backendd.log"
#define PID_FILE    "/run/xen-backendd.pid"
#define RUN_DIR     "/run/xen-backendd"
#define STATS_DIR   "/run/xen"
#define CONFIG_FILE "/etc/xen/xl.conf"

static struct event_loop loop;
static struct store_client store;
static struct device_kind kinds[] = {
    {.name = "vbd",
     .program = "xen-block-backend",
     .record_size = sizeof(struct block_record),
     .disk = true},
    /* What our toolstack does not give to the kernel's driver; QEMU's say
     * 'qdisk'. */
    {.name = "qdisk",
     .program = "xen-block-backend",
     .record_size = sizeof(struct block_record),
     .disk = true,
     .type = "phy"},
    {.name = "vif",
     .program = "xen-net-backend",
     .record_size = sizeof(struct net_record),
     .keep = interface_keep},
    {0},
};

static struct devices devices = {.kinds = kinds,
                                 .store = &store,
                                 .loop = &loop,
                                 .program_dir = PROGRAM_DIR,
                                 .run_dir = RUN_DIR,
                                 .stats_dir = STATS_DIR};

static void usage(FILE *f)
{
    fputs("usage: xen-backendd [options]\n"
          "  -i, --interactive      stay in the foreground\n"
          "  -s, --stop             end the daemon and the backends of all "
          "devices\n"
          "  -S, --status           print all devices and their backends, in "
          "JSON\n"
          "  -u, --in-use DEVICE    exit with 0 if somebody has claimed this "
          "block\n"
          "                         device from the kernel, with 1 if not\n"
          "  -L, --loops            print what each loop device lies on\n"
          "  -p, --pid-file FILE    write the process id there\n"
          "                         (default " PID_FILE ")\n"
          "  -l, --log FILE         where the log goes in the background\n"
          "                         (default " LOG_FILE ")\n"
          "  -b, --backend-dir DIR  where the backend programs are\n"
          "                         (default " PROGRAM_DIR ")\n"
          "  -r, --run-dir DIR      where the backends' files are\n"
          "                         (default " RUN_DIR ")\n"
          "  -c, --config FILE      what the kernel's drivers are to serve\n"
          "                         (default " CONFIG_FILE ")\n"
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
    for (const struct device_kind *k = kinds; !rc && k->name; k++) {
        char path[32];

        snprintf(path, sizeof(path), "backend/%s", k->name);
        rc = store_client_watch(&store, path, path);
    }
    return rc;
}

static struct signal_watch signals;

struct options {
    const char *pid_file, *log_file, *config;
    bool foreground, stop, status;
};

static void parse_options(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        {"interactive", no_argument, NULL, 'i'},
        {"stop", no_argument, NULL, 's'},
        {"status", no_argument, NULL, 'S'},
        {"in-use", required_argument, NULL, 'u'},
        {"loops", no_argument, NULL, 'L'},
        {"pid-file", required_argument, NULL, 'p'},
        {"log", required_argument, NULL, 'l'},
        {"backend-dir", required_argument, NULL, 'b'},
        {"run-dir", required_argument, NULL, 'r'},
        {"config", required_argument, NULL, 'c'},
        {"debug", no_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "isSu:Lp:l:b:r:c:dh", longs, NULL)) !=
           -1)
        switch (c) {
        case 'i':
            o->foreground = true;
            break;
        case 's':
            o->stop = o->foreground = true;
            break;
        case 'S':
            o->status = true;
            break;
        case 'u':
            exit(disk_answer_in_use(optarg));
        case 'L':
            exit(disk_answer_loops(stdout));
        case 'p':
            o->pid_file = optarg;
            break;
        case 'l':
            o->log_file = optarg;
            break;
        case 'b':
            devices.program_dir = optarg;
            break;
        case 'r':
            devices.run_dir = optarg;
            break;
        case 'c':
            o->config = optarg;
            break;
        case 'd':
            devices.debug = true;
            break;
        default:
            usage(c == 'h' ? stdout : stderr);
            exit(c == 'h' ? 0 : 2);
        }
}

/* All that can fail. The store is connected later, in the loop. */
static int start(void)
{
    struct rlimit files = {65536, 65536};
    int rc = event_loop_init(&loop);

    setrlimit(RLIMIT_NOFILE, &files); /* some descriptors per device */
    rc = rc ? rc : signals_watch(&signals, &loop);
    rc = rc ? rc : devices_open(&devices);
    if (rc)
        return rc;
    return watch_store();
}

/* What is said from here on goes to the log. */
static int serve(bool stop)
{
    devices_adopt(&devices);
    if (stop)
        devices_stop_all(&devices);
    else
        log_info("watching for devices");
    return event_loop_run(&loop);
}

/* Takes the daemon's place, for as long as it takes. */
static int begin(const struct options *o)
{
    int rc = o->stop ? daemon_end_other(o->pid_file) : 0;

    if (rc)
        log_error("cannot end the daemon: %s", strerror(-rc));
    return rc ? rc : daemon_begin(o->pid_file, o->foreground);
}

int main(int argc, char **argv)
{
    struct options o = {
        .log_file = LOG_FILE, .pid_file = PID_FILE, .config = CONFIG_FILE};
    int rc;

    parse_options(&o, argc, argv);
    log_setup("xen-backendd", devices.debug ? LOG_LVL_DEBUG : LOG_LVL_INFO);
    if (o.status)
        return device_status_print(stdout, devices.run_dir, o.pid_file) != 0;
    if (begin(&o))
        return 1;
    rc = start();
    if (rc) {
        log_error("cannot start: %s", strerror(-rc));
        return 1;
    }
    if (!o.stop)
        kernel_choice(o.config, devices.run_dir);
    daemon_ready(o.log_file);
    rc = serve(o.stop);
    devices_close(&devices);
    daemon_end();
    return rc;
}
