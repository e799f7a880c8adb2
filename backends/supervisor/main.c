/* SPDX-License-Identifier: MIT */
/*
 * xen-backendd - starts and reaps the backend processes of this domain. It
 * watches backend/vbd and backend/vif in the store and keeps one process per
 * device instance; everything about a device happens in that process.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <daemon/daemonise.h>
#include <daemon/event_loop.h>
#include "../common/kernel_driver.h"
#include <daemon/log.h>
#include "devices.h"

#define PROGRAM_DIR "/usr/lib/xen-lite/bin"
#define LOG_FILE    "/var/log/xen/xen-backendd.log"

static struct event_loop loop;
static struct devices devices = {.program_dir = PROGRAM_DIR};
static struct event_source store, signals;

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

static void store_ready(struct event_source *s, uint32_t events)
{
    char **event;
    bool any = false;

    while ((event = xs_check_watch(devices.xs))) {
        any = true;
        /* The watch itself reports the directory: look at all of it. */
        devices_check(&devices,
                      strcmp(event[XS_WATCH_PATH], event[XS_WATCH_TOKEN])
                          ? event[XS_WATCH_PATH]
                          : NULL);
        free(event);
    }
    if (!any && errno != EAGAIN) {
        log_error("lost the connection to xenstored");
        event_loop_stop(&loop, 1);
    }
}

static void signal_ready(struct event_source *s, uint32_t events)
{
    struct signalfd_siginfo info;

    if (read(s->fd, &info, sizeof(info)) != sizeof(info))
        return;
    if (info.ssi_signo == SIGCHLD)
        devices_reap(&devices);
    else
        event_loop_stop(&loop, 0);
}

static int watch_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    /* Before libxenstore's thread exists, so that it inherits the mask. */
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return -errno;
    signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    signals.ready = signal_ready;
    return signals.fd < 0 ? -errno : event_source_add(&loop, &signals, EPOLLIN);
}

static int watch_store(void)
{
    devices.xs = xs_open(0);
    if (!devices.xs)
        return -errno;
    for (unsigned int i = 0; i < nr_device_kinds; i++) {
        char path[32];

        snprintf(path, sizeof(path), "backend/%s", device_kinds[i].name);
        if (!xs_watch(devices.xs, path, path))
            return -errno;
    }
    store.fd = xs_fileno(devices.xs);
    store.ready = store_ready;
    return event_source_add(&loop, &store, EPOLLIN);
}

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

int main(int argc, char **argv)
{
    struct options o = {.log_file = LOG_FILE};
    int rc = 0, token = -1;

    parse_options(&o, argc, argv);
    log_setup("xen-backendd", devices.debug ? LOG_LVL_DEBUG : LOG_LVL_INFO);
    for (unsigned int i = 0; i < nr_device_kinds; i++)
        if (kernel_serves(device_kinds[i].name))
            return 1;
    if (!o.foreground) {
        token = daemonise_begin();
        rc = token < 0 ? token : 0;
    }
    rc = rc ? rc : event_loop_init(&loop);
    rc = rc ? rc : watch_signals();
    rc = rc ? rc : watch_store();
    rc = rc ? rc : write_pid_file(o.pid_file);
    if (rc) {
        log_error("cannot start: %s", strerror(-rc));
        return 1;
    }
    if (!o.foreground)
        daemonise_ready(token, o.log_file);
    log_info("watching for devices");
    rc = event_loop_run(&loop);
    devices_stop_all(&devices);
    if (o.pid_file)
        unlink(o.pid_file);
    return rc;
}
