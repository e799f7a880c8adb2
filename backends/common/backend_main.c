/* SPDX-License-Identifier: MIT */
/* See backend_main.h. */
#include "backend_main.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/log.h>
#include <daemon/privileges.h>

#include "handover.h"
#include "kernel_driver.h"
#include "syscall_filter.h"

struct arguments {
    const char *path;
    bool debug;
    int supervisor, record, lock, medium, errors;
};

/* Once at a time: with each answer the connection before it ends. */
static void ask_supervisor(struct store_client *c)
{
    struct backend *b = container_of(c, struct backend, bus.store);

    if (b->supervisor.added && !b->asked)
        b->asked = !handover_ask(b->supervisor.fd);
}

/* The device is served on. A supervisor that is started anew connects again. */
static void supervisor_gone(struct backend *b)
{
    if (!b->supervisor.added)
        return;
    event_source_remove(&b->loop, &b->supervisor);
    close(b->supervisor.fd);
    b->asked = false;
}

static void supervisor_answers(struct event_source *s, uint32_t events)
{
    struct backend *b = container_of(s, struct backend, supervisor);
    int fd = handover_take(s->fd);

    if (fd == -EAGAIN)
        return;
    b->asked = false;
    if (fd == -ENOTCONN)
        supervisor_gone(b);
    else
        store_client_take(&b->bus.store, fd);
}

static void supervisor_comes(struct event_source *s, uint32_t events)
{
    struct backend *b = container_of(s, struct backend, listener);
    int end = handover_accept(s->fd);

    if (end < 0)
        return;
    supervisor_gone(b); /* the former */
    b->supervisor = (struct event_source){end, .ready = supervisor_answers};
    if (event_source_add(&b->loop, &b->supervisor, EPOLLIN))
        close(end);
    else
        store_client_hurry(&b->bus.store);
}

/* listener: below 0 for a backend that is started by hand. */
static int meet_supervisor(struct backend *b, int listener)
{
    if (listener < 0)
        return 0;
    b->bus.store.ask = ask_supervisor;
    b->listener = (struct event_source){listener, .ready = supervisor_comes};
    supervisor_comes(&b->listener, EPOLLIN); /* it is there already */
    return event_source_add(&b->loop, &b->listener, EPOLLIN);
}

/* With several processors, who sends and who serves work at the same time. On
 * the only one, a process that is woken for each packet or each transfer would
 * also be switched to for each; so it waits until who wakes it has done what he
 * can. */
static void share_processor(void)
{
    const struct sched_param none = {0};

    if (sysconf(_SC_NPROCESSORS_ONLN) == 1 &&
        sched_setscheduler(0, SCHED_BATCH, &none))
        log_debug("SCHED_BATCH: %s", strerror(errno));
}

static int connect_to_xen(const struct backend_ops *ops, struct backend *b,
                          const struct arguments *a)
{
    int rc = privileges_limit();

    rc = rc ? rc
            : record_open(&b->bus.record, a->record, ops->record_format,
                          ops->record_size);
    rc = rc ? rc : event_loop_init(&b->loop);
    rc = rc ? rc : signals_watch(&b->signals, &b->loop);
    rc = rc ? rc : meet_supervisor(b, a->supervisor);
    rc = rc ? rc : xenbus_open(&b->bus, &b->loop, a->path, &ops->bus);
    rc = rc ? rc : ports_open(&b->ports, &b->loop);
    if (!rc)
        ports_restrict(&b->ports, b->bus.domid);
    rc = rc ? rc : grants_open(&b->grants, b->bus.domid);
    share_processor();
    rc = rc ? rc : ops->init(b);
    if (rc)
        log_error("cannot start: %s", log_take_reason(rc));
    return rc;
}

/* The loop ends when the medium is to be opened, and at the device's end. */
static int serve(struct backend *b)
{
    xenbus_advance(&b->bus);
    return event_loop_run(&b->loop);
}

static uid_t user_of(const struct backend_ops *ops, const struct backend *b)
{
    return PRIVILEGES_UID_DEVICES + 2 * b->bus.domid +
           !strcmp(ops->bus.kind, "vif");
}

static int give_up_privileges(const struct backend_ops *ops, struct backend *b)
{
    int rc = privileges_limit_files(ops->file_bytes ? ops->file_bytes(b) : 0);

    rc = rc ? rc : privileges_drop(user_of(ops, b));

    if (!rc && ops->begin)
        rc = ops->begin(b);
    return rc ? rc : syscall_filter_install(b->lock, b->bus.record.fd);
}

/* As root until the medium is open, as that user from then on. */
static int open_medium(const struct backend_ops *ops, struct backend *b)
{
    int rc = record_claim(&b->bus.record), dropped = 0;

    rc = rc ? rc : ops->open(b);
    if (store_lost(&b->bus.store)) {
        ops->close(b); /* which way it was to be opened is not known */
        rc = -ENOTCONN;
    }
    if (!rc)
        dropped = give_up_privileges(ops, b);
    if (!dropped)
        xenbus_opened(&b->bus, rc);
    return dropped;
}

static int run(const struct backend_ops *ops, struct backend *b)
{
    int code, rc;

    while (code = serve(b), b->bus.open_wanted) {
        rc = open_medium(ops, b);
        if (rc) {
            log_error("cannot give up privileges: %s", strerror(-rc));
            return 1;
        }
    }
    return code;
}

/* Where the descriptor goes that the option tells; NULL: no such option. */
static int *descriptor(struct arguments *a, const char *option)
{
    const struct {
        const char *name;
        int *fd;
    } all[] = {{"--supervisor", &a->supervisor},
               {"--record", &a->record},
               {"--lock", &a->lock},
               {"--medium", &a->medium},
               {"--errors", &a->errors}};

    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        if (!strcmp(option, all[i].name))
            return all[i].fd;
    return NULL;
}

/* False: not understood. */
static bool parse_arguments(struct arguments *a, int argc, char **argv)
{
    int i = 1, *fd;

    *a = (struct arguments){
        .supervisor = -1, .record = -1, .lock = -1, .medium = -1, .errors = -1};
    for (; i < argc - 1; i++)
        if (!strcmp(argv[i], "--debug"))
            a->debug = true;
        else if ((fd = descriptor(a, argv[i])) && i + 2 < argc)
            *fd = atoi(argv[++i]);
        else
            return false;
    a->path = argv[i];
    return a->path;
}

/* The kernel's, by its name, that serves this device; or NULL. */
static const char *rival(const char *path)
{
    char kind[16];

    return sscanf(path, "backend/%15[^/]/", kind) == 1 ? kernel_driver(kind)
                                                       : NULL;
}

int backend_main(const struct backend_ops *ops, struct backend *b, int argc,
                 char **argv)
{
    struct arguments a;
    const char *driver;
    int code;

    if (!parse_arguments(&a, argc, argv)) {
        fprintf(stderr,
                "usage: %s [--debug] [--supervisor FD] [--record FD] "
                "[--lock FD] [--medium FD [--errors FD]] "
                "backend/%s/DOMID/DEVID\n",
                argv[0], ops->bus.kind);
        return 2;
    }
    log_setup(ops->program, a.debug ? LOG_LVL_DEBUG : LOG_LVL_INFO);
    driver = rival(a.path);
    if (driver)
        log_error("the kernel's %s serves these devices", driver);
    b->lock = a.lock;
    b->medium = a.medium;
    b->errors = a.errors;
    if (driver || connect_to_xen(ops, b, &a))
        return 1;
    code = run(ops, b);
    xenbus_close(&b->bus);
    ops->close(b);
    ports_close(&b->ports);
    grants_close(&b->grants);
    record_close(&b->bus.record);
    return code;
}
