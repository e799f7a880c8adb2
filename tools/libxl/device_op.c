/* SPDX-License-Identifier: MIT */
/*
 * A device's way in and out, as a chain of callbacks:
 *
 *   add:     wait for InitWait            -> script -> done
 *   remove:  close, wait for Closed       -> script -> directories -> done
 *
 * Backends are strangers: each wait has a time limit. When a removal is
 * forced, a backend that does not answer is reported and overridden.
 */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <xen/io/xenbus.h>

#include "device.h"

#define BACKEND_MS 10000
#define SCRIPT_MS  40000

#define SCRIPT_LOG LIBXL__LOG_DIR "/xen-hotplug.log"

static void run_script(libxl__aodev *aodev);

static void stop_waiting(libxl_ctx *ctx, libxl__aodev *aodev)
{
    libxl__ev_watch_deregister(ctx, &aodev->state_watch);
    libxl__ev_time_deregister(ctx, &aodev->timeout);
}

static const char *be_node(libxl__aodev *aodev, const char *name)
{
    libxl__gc *gc = &aodev->ao->gc;

    return libxl__xs_read(
        gc, XBT_NULL,
        GCSPRINTF("%s/%s", libxl__device_backend(gc, &aodev->dev), name));
}

static int remove_dirs(libxl__aodev *aodev)
{
    libxl__gc *gc = &aodev->ao->gc;
    const char *online = aodev->force ? NULL : be_node(aodev, "online");

    if (!online && !aodev->force && errno != ENOENT)
        return ERROR_FAIL;
    /* Two may have removed this device, and it was made anew meanwhile. */
    if (online && !strcmp(online, "1"))
        return 0;
    return libxl__xs_rm_up(gc, libxl__device_backend(gc, &aodev->dev)) ?:
           libxl__xs_rm(gc, XBT_NULL, libxl__device_frontend(gc, &aodev->dev)) ?:
           libxl__xs_rm(gc, XBT_NULL, libxl__device_record(gc, &aodev->dev));
}

static void finish(libxl__aodev *aodev, int rc)
{
    int r = 0;

    stop_waiting(aodev->ao->gc.ctx, aodev);
    if (!aodev->add && (!rc || aodev->force))
        r = remove_dirs(aodev);
    rc = rc ? rc : r;
    aodev->callback(aodev, rc);
}

/* Why a backend has failed, for the end of a message. */
static const char *backend_error(libxl__aodev *aodev)
{
    libxl__gc *gc = &aodev->ao->gc;
    const char *s = libxl__device_trouble(gc, &aodev->dev);

    return s ? GCSPRINTF(": %s", s) : "";
}

/* The numbers of XenbusState*; Unknown when there is none. False: the store
 * does not answer, and will be asked again. */
static bool read_state(libxl__aodev *aodev, uint32_t *state)
{
    const char *s = be_node(aodev, "state");
    bool answered = s || errno == ENOENT;

    if (!s || libxl__parse_uint(s, XenbusStateReconfigured, state))
        *state = XenbusStateUnknown;
    return answered;
}

static void state_changed(libxl_ctx *ctx, libxl__ev_watch *ev)
{
    libxl__aodev *aodev = CONTAINER_OF(ev, libxl__aodev, state_watch);
    libxl__gc *gc = &aodev->ao->gc;
    uint32_t state;

    if (!read_state(aodev, &state))
        return;
    if (aodev->add) {
        if (state == XenbusStateInitialising)
            return;
        stop_waiting(ctx, aodev);
        if (state == XenbusStateInitWait || state == XenbusStateInitialised ||
            state == XenbusStateConnected) {
            run_script(aodev);
            return;
        }
        LOG(ERROR, "domain %s: the backend of %s gave up%s",
            libxl__domain_label(gc, aodev->dev.domid), aodev->label,
            backend_error(aodev));
        finish(aodev, ERROR_FAIL);
        return;
    }
    if (state != XenbusStateClosed && state != XenbusStateUnknown)
        return;
    stop_waiting(ctx, aodev);
    run_script(aodev);
}

static void remove_by_force(libxl__aodev *aodev)
{
    libxl__gc *gc = &aodev->ao->gc;
    int rc;

    LOG(WARN, "domain %s: the guest does not let go of %s, taking it away",
        libxl__domain_label(gc, aodev->dev.domid), aodev->label);
    aodev->force = true;
    rc = libxl__aodev_start(aodev);
    if (rc)
        finish(aodev, rc);
}

static void report_timeout(libxl__aodev *aodev, uint32_t state)
{
    libxl__gc *gc = &aodev->ao->gc;

    if (aodev->add && state == XenbusStateInitialising)
        LOG(ERROR,
            "domain %s: no backend has taken %s for %d s: neither xen-backendd "
            "nor a driver of the kernel serves '%s'",
            libxl__domain_label(gc, aodev->dev.domid), aodev->label,
            BACKEND_MS / 1000, libxl__device_backend_kind(&aodev->dev));
    else if (aodev->force)
        LOG(WARN, "domain %u: the backend of %s does not close (state %u)",
            aodev->dev.domid, aodev->label, state);
    else
        LOG(ERROR, "domain %s: %s is not %s after %d s (state %u)%s",
            libxl__domain_label(gc, aodev->dev.domid), aodev->label,
            aodev->add ? "ready" : "released", BACKEND_MS / 1000, state,
            backend_error(aodev));
}

static void state_timeout(libxl_ctx *ctx, libxl__ev_time *ev)
{
    libxl__aodev *aodev = CONTAINER_OF(ev, libxl__aodev, timeout);
    uint32_t state;

    stop_waiting(ctx, aodev);
    if (aodev->insist && !aodev->force) {
        remove_by_force(aodev);
        return;
    }
    read_state(aodev, &state);
    report_timeout(aodev, state);
    if (aodev->force)
        run_script(aodev);
    else
        finish(aodev, ERROR_TIMEDOUT);
}

static int wait_for_backend(libxl__aodev *aodev)
{
    libxl__gc *gc = &aodev->ao->gc;
    const char *path =
        GCSPRINTF("%s/state", libxl__device_backend(gc, &aodev->dev));
    int rc = libxl__ev_time_register(CTX, &aodev->timeout, BACKEND_MS,
                                     state_timeout);

    if (!rc)
        rc = libxl__ev_watch_register(CTX, &aodev->state_watch, path,
                                      state_changed);
    if (rc)
        libxl__ev_time_deregister(CTX, &aodev->timeout);
    return rc;
}

/* --- the hotplug script --- */

/* When a failed creation is undone, the same complaint would come twice. */
static xentoollog_level problem_level(const libxl__aodev *aodev)
{
    return aodev->add ? XTL_ERROR : aodev->undo ? XTL_VERBOSE : XTL_WARN;
}

static void script_failed(libxl__aodev *aodev, int status)
{
    libxl__gc *gc = &aodev->ao->gc;
    const char *why = be_node(aodev, "hotplug-error");
    const char *script = be_node(aodev, "script");

    if (!why || !*why)
        why = aodev->killed ? GCSPRINTF("%s hangs", script)
              : WIFEXITED(status)
                  ? GCSPRINTF("%s failed with status %d, see " SCRIPT_LOG,
                              script, WEXITSTATUS(status))
                  : GCSPRINTF("%s was killed by signal %d", script,
                              WTERMSIG(status));
    xtl_log(CTX->lg, problem_level(aodev), -1, "libxl", "domain %s: %s: %s",
            libxl__domain_label(gc, aodev->dev.domid), aodev->label,
            libxl__printable(gc, why));
}

static void script_ended(libxl_ctx *ctx, libxl__ev_child *ev, pid_t pid,
                         int status)
{
    libxl__aodev *aodev = CONTAINER_OF(ev, libxl__aodev, script);
    const char *result = aodev->add ? be_node(aodev, "hotplug-status") : NULL;
    bool failed = status || (result && !strcmp(result, "error"));

    libxl__ev_time_deregister(ctx, &aodev->timeout);
    if (failed)
        script_failed(aodev, status);
    finish(aodev, failed && aodev->add ? ERROR_FAIL : 0);
}

static void script_timeout(libxl_ctx *ctx, libxl__ev_time *ev)
{
    libxl__aodev *aodev = CONTAINER_OF(ev, libxl__aodev, timeout);

    aodev->killed = true;
    /* The script and all processes that it has started. */
    kill(-aodev->script.pid, SIGKILL);
}

/* This process's environment and the pairs, made before the fork: after it, in
 * a program with threads, only system calls are safe. */
static char **environment(libxl__gc *gc, const struct libxl__node *pairs,
                          size_t pairs_n)
{
    size_t n = 0;
    char **env;

    while (environ[n])
        n++;
    GCNEW_ARRAY(env, n + pairs_n + 1);
    /* The new ones first: of two equal names the first one is found. */
    n = 0;
    for (size_t i = 0; i < pairs_n; i++)
        if (pairs[i].value)
            env[n++] = GCSPRINTF("%s=%s", pairs[i].name, pairs[i].value);
    for (char **e = environ; *e; e++)
        env[n++] = *e;
    return env;
}

/* In the child. The script's words go to a file: what the user needs to know
 * it writes to hotplug-error. */
static void exec_script(char *const *args, char *const *env)
{
    int null = open("/dev/null", O_RDWR);
    int log = open(SCRIPT_LOG, O_WRONLY | O_APPEND | O_CREAT, 0644);
    sigset_t none;

    setsid();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    dup2(null, 0);
    dup2(log < 0 ? null : log, 1);
    dup2(log < 0 ? null : log, 2);
    execve(args[0], args, env);
    _exit(127);
}

static void run_script(libxl__aodev *aodev)
{
    libxl__gc *gc = &aodev->ao->gc;
    const libxl__device *dev = &aodev->dev;
    const char *script = be_node(aodev, "script");
    bool unread = !script && errno != ENOENT;
    bool vif = !strcmp(dev->kind, "vif");
    const char *vifname = vif ? be_node(aodev, "vifname") : NULL;
    const char *path = libxl__device_own_backend(gc, dev);
    /* Before the script has renamed it, the driver's own name. */
    const char *interface = vifname && !aodev->add
                                ? vifname
                                : GCSPRINTF("vif%u.%u", dev->domid, dev->devid);
    const struct libxl__node pairs[] = {
        {"script", script},
        {"XENBUS_TYPE", dev->kind},
        {"XENBUS_BASE_PATH", "backend"},
        {"XENBUS_PATH", path},
        {"vif", vif ? interface : NULL},
        {"netdev", vif ? be_node(aodev, "gatewaydev") : NULL},
    };
    const char *verb = vif ? (aodev->add ? "online" : "offline")
                           : (aodev->add ? "add" : "remove");
    char **env;
    pid_t pid;

    if (unread) {
        finish(aodev, ERROR_FAIL);
        return;
    }
    /* A driver domain runs its scripts itself. */
    if (!aodev->with_scripts || !script ||
        dev->backend_domid != LIBXL__TOOLSTACK_DOMID) {
        finish(aodev, 0);
        return;
    }
    if (access(script, X_OK)) {
        xtl_log(CTX->lg, problem_level(aodev), errno, "libxl",
                "domain %s: %s: hotplug script %s",
                libxl__domain_label(gc, dev->domid), aodev->label, script);
        finish(aodev, aodev->add ? ERROR_FAIL : 0);
        return;
    }
    if (mkdir(LIBXL__LOG_DIR, 0750) && errno != EEXIST)
        LOGE(WARN, "cannot create " LIBXL__LOG_DIR);
    char *args[] = {(char *)script, (char *)verb, vif ? "type_if=vif" : NULL,
                    NULL};

    env = environment(gc, pairs, ARRAY_SIZE(pairs));
    pid = libxl__ev_child_fork(CTX, &aodev->script, script_ended);
    if (!pid)
        exec_script(args, env);
    if (pid < 0) {
        finish(aodev, ERROR_FAIL);
        return;
    }
    /* If this fails the script has no time limit, but it does have an end. */
    libxl__ev_time_register(CTX, &aodev->timeout, SCRIPT_MS, script_timeout);
}

/* --- start --- */

static int close_backend(libxl__gc *gc, xs_transaction_t t, void *arg)
{
    const libxl__aodev *aodev = arg;
    const char *be = libxl__device_backend(gc, &aodev->dev);
    const char *state = libxl__xs_read(gc, t, GCSPRINTF("%s/state", be));
    int rc = state || errno == ENOENT ? 0 : ERROR_FAIL;

    if (!rc && aodev->force)
        rc = libxl__xs_rm(gc, t, libxl__device_frontend(gc, &aodev->dev));
    /* Never bring back a directory that is gone. */
    if (!rc && state)
        rc = libxl__xs_write(gc, t, GCSPRINTF("%s/online", be), "0")
                 ?: libxl__xs_write(gc, t, GCSPRINTF("%s/state", be), "5");
    return rc;
}

int libxl__aodev_start(libxl__aodev *aodev)
{
    uint32_t state;
    bool known;
    int rc;

    if (aodev->add)
        return wait_for_backend(aodev);
    known = read_state(aodev, &state);
    rc = libxl__xs_transaction(&aodev->ao->gc, close_backend, aodev);
    if (rc)
        return rc;
    /* If no backend has ever seen this device, none will answer. */
    if (known &&
        (state == XenbusStateUnknown || state == XenbusStateInitialising ||
         state == XenbusStateClosed))
        run_script(aodev);
    else
        rc = wait_for_backend(aodev);
    return rc;
}

/* --- several devices --- */

static void one_over(libxl__multidev *multi, int rc)
{
    if (!multi->rc)
        multi->rc = rc;
    if (!--multi->pending)
        multi->callback(multi, multi->rc);
}

static void device_over(libxl__aodev *aodev, int rc)
{
    one_over(aodev->multi, rc);
}

void libxl__multidev_begin(libxl__ao *ao, libxl__multidev *multi,
                           void (*callback)(libxl__multidev *, int))
{
    multi->ao = ao;
    multi->callback = callback;
    multi->pending = 1;
    multi->rc = 0;
}

void libxl__multidev_add(libxl__multidev *multi, const libxl__aodev *template)
{
    libxl__gc *gc = &multi->ao->gc;
    libxl__aodev *aodev;
    int rc;

    GCNEW(aodev);
    *aodev = *template;
    aodev->ao = multi->ao;
    aodev->multi = multi;
    aodev->callback = device_over;
    multi->pending++;
    rc = libxl__aodev_start(aodev);
    if (rc)
        one_over(multi, rc);
}

void libxl__multidev_prepared(libxl__multidev *multi, int rc)
{
    one_over(multi, rc);
}
