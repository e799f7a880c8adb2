/* SPDX-License-Identifier: MIT */
/* See libxl_device_world.h. */
#include "libxl_device_world.h"

libxl_ctx the_ctx;
char logged[400];
int logged_n;

static void keep(struct xentoollog_logger *logger, xentoollog_level level,
                 int errnoval, const char *context, const char *format,
                 va_list al)
{
    vsnprintf(logged, sizeof(logged), format, al);
    logged_n++;
}

xentoollog_logger log_of_one_line = {.vmessage = keep};

/* --- the store: paths and values --- */

static struct {
    char *path, *value;
} nodes[512];
static int nodes_n;

static int find(const char *path)
{
    for (int i = 0; i < nodes_n; i++)
        if (!strcmp(nodes[i].path, path))
            return i;
    return -1;
}

static bool is_at_or_below(const char *path, const char *top)
{
    size_t n = strlen(top);

    return !strncmp(path, top, n) && (!path[n] || path[n] == '/');
}

int count(const char *top)
{
    int n = 0;

    for (int i = 0; i < nodes_n; i++)
        n += is_at_or_below(nodes[i].path, top);
    return n;
}

bool store_is_away, fails_to_write;

const char *libxl__xs_read(libxl__gc *gc, xs_transaction_t t, const char *path)
{
    int i = store_is_away ? -1 : find(path);

    errno = store_is_away ? EIO : ENOENT;
    return i < 0 ? NULL : libxl__strdup(gc, nodes[i].value);
}

int libxl__xs_read_uint(libxl__gc *gc, xs_transaction_t t, const char *path,
                        uint32_t *value)
{
    const char *s = libxl__xs_read(gc, t, path);

    return s ? libxl__parse_uint(s, UINT32_MAX, value) : ERROR_NOTFOUND;
}

int libxl__xs_write(libxl__gc *gc, xs_transaction_t t, const char *path,
                    const char *value)
{
    int i = find(path);

    if (i < 0) {
        i = nodes_n++;
        assert_true(i < (int)ARRAY_SIZE(nodes));
        nodes[i].path = strdup(path);
    } else {
        free(nodes[i].value);
    }
    nodes[i].value = strdup(value);
    return 0;
}

int libxl__xs_writev(libxl__gc *gc, xs_transaction_t t, const char *dir,
                     const struct libxl__node *list)
{
    for (; list->name; list++)
        if (list->value)
            libxl__xs_write(gc, t, GCSPRINTF("%s/%s", dir, list->name),
                            list->value);
    return 0;
}

int libxl__xs_mknod(libxl__gc *gc, xs_transaction_t t, const char *path,
                    struct xs_permissions *perms, unsigned int n)
{
    return libxl__xs_write(gc, t, path, "");
}

/* Empty, if it is not there. */
char **libxl__xs_directory(libxl__gc *gc, xs_transaction_t t, const char *path,
                           unsigned int *n)
{
    size_t len = strlen(path);
    char **list, *name;
    unsigned int known;

    *n = 0;
    if (store_is_away) {
        errno = EIO;
        return NULL;
    }
    GCNEW_ARRAY(list, nodes_n + 1);
    for (int i = 0; i < nodes_n; i++) {
        if (!is_at_or_below(nodes[i].path, path) || !nodes[i].path[len])
            continue;
        name = libxl__strdup(gc, nodes[i].path + len + 1);
        name[strcspn(name, "/")] = 0;
        for (known = 0; known < *n && strcmp(list[known], name); known++)
            ;
        if (known == *n)
            list[(*n)++] = name;
    }
    return list;
}

libxl_domain_config config;
const char *stays_configured;

static void check_configured(void)
{
    int n = 0;

    for (int i = 0; stays_configured && i < config.num_disks; i++)
        n += !strcmp(config.disks[i].vdev, stays_configured);
    assert_true(n == 1 || !stays_configured);
}

int libxl__xs_rm(libxl__gc *gc, xs_transaction_t t, const char *path)
{
    int left = 0;

    check_configured();
    for (int i = 0; i < nodes_n; i++) {
        if (is_at_or_below(nodes[i].path, path)) {
            free(nodes[i].path);
            free(nodes[i].value);
        } else {
            nodes[left++] = nodes[i];
        }
    }
    nodes_n = left;
    return 0;
}

int libxl__xs_rm_up(libxl__gc *gc, const char *path)
{
    return libxl__xs_rm(gc, XBT_NULL, path);
}

int libxl__xs_transaction(libxl__gc *gc, libxl__xs_body *body, void *arg)
{
    return store_is_away || fails_to_write ? ERROR_FAIL : body(gc, 1, arg);
}

const char *node(const char *path)
{
    int i = find(path);

    return i < 0 ? "" : nodes[i].value;
}

void set_node(const char *path, const char *value)
{
    libxl__xs_write(NULL, XBT_NULL, path, value);
}

void remove_nodes(const char *top)
{
    libxl__xs_rm(NULL, XBT_NULL, top);
}

/* --- the domain and its configuration --- */

bool domain_is_gone;
int locks;

int libxl__domain_find(libxl__gc *gc, uint32_t domid,
                       struct xen_domctl_getdomaininfo *info)
{
    *info = (struct xen_domctl_getdomaininfo){0};
    return domain_is_gone ? ERROR_DOMAIN_NOTFOUND : 0;
}

const char *libxl__domain_label(libxl__gc *gc, uint32_t domid)
{
    return "g";
}

int libxl__name_to_domid(libxl__gc *gc, const char *name, uint32_t *domid)
{
    return ERROR_INVAL;
}

int libxl__userdata_lock(libxl__gc *gc, uint32_t domid)
{
    assert_int_equal(locks++, 0);
    return 99;
}

void libxl__userdata_unlock(int fd)
{
    assert_int_equal(fd, 99);
    locks--;
}

int libxl__domain_config_load(libxl__gc *gc, uint32_t domid,
                              libxl_domain_config *to)
{
    libxl_domain_config_copy(&the_ctx, to, &config);
    return 0;
}

int libxl__domain_config_save(libxl__gc *gc, uint32_t domid,
                              libxl_domain_config *from)
{
    assert_int_equal(locks, 1); /* or another's change would be lost */
    libxl_domain_config_dispose(&config);
    libxl_domain_config_init(&config);
    libxl_domain_config_copy(&the_ctx, &config, from);
    check_configured();
    return 0;
}

int libxl__domain_uuid(libxl__gc *gc, uint32_t domid, libxl_uuid *uuid)
{
    return ERROR_DOMAIN_NOTFOUND;
}

char *libxl_domid_to_name(libxl_ctx *ctx, uint32_t domid)
{
    return NULL;
}

int libxl_domain_sched_params_get(libxl_ctx *ctx, uint32_t domid,
                                  libxl_domain_sched_params *params)
{
    return ERROR_FAIL;
}

int libxl__check_name(libxl__gc *gc, const char *name)
{
    return 0;
}

bool libxl__scripts_wanted(libxl__gc *gc, uint32_t domid)
{
    return true;
}

/* --- events: they come when a test says so --- */

libxl__ev_watch *watch;
libxl__ev_time *timer;

int libxl__ev_watch_register(libxl_ctx *ctx, libxl__ev_watch *ev,
                             const char *path,
                             void (*func)(libxl_ctx *, libxl__ev_watch *))
{
    *ev = (libxl__ev_watch){.func = func};
    watch = ev;
    return 0;
}

void libxl__ev_watch_deregister(libxl_ctx *ctx, libxl__ev_watch *ev)
{
    if (watch == ev)
        watch = NULL;
}

int libxl__ev_time_register(libxl_ctx *ctx, libxl__ev_time *ev, int ms,
                            void (*func)(libxl_ctx *, libxl__ev_time *))
{
    *ev = (libxl__ev_time){.func = func};
    timer = ev;
    return 0;
}

void libxl__ev_time_deregister(libxl_ctx *ctx, libxl__ev_time *ev)
{
    if (timer == ev)
        timer = NULL;
}

pid_t libxl__ev_child_fork(libxl_ctx *ctx, libxl__ev_child *ev,
                           void (*func)(libxl_ctx *, libxl__ev_child *, pid_t,
                                        int))
{
    fail_msg("no script is there to be run");
    return -1;
}

void time_passes(void)
{
    libxl__ev_time *ev = timer;

    assert_non_null(ev);
    timer = NULL;
    ev->func(&the_ctx, ev);
}

void backend_says(const char *back, const char *state)
{
    libxl__gc gc_ = {.ctx = &the_ctx}, *gc = &gc_;

    libxl__xs_write(gc, XBT_NULL, GCSPRINTF("%s/state", back), state);
    libxl__gc_free(gc);
    if (watch)
        look_again();
}

void look_again(void)
{
    watch->func(&the_ctx, watch);
}

struct libxl__due *libxl__take_due(libxl_ctx *ctx)
{
    return NULL;
}

void libxl__run_due(libxl_ctx *ctx, struct libxl__due *due)
{
}

/* --- operations --- */

static libxl__ao ao;
int result;

libxl__ao *libxl__ao_create(libxl_ctx *ctx, uint32_t domid,
                            const libxl_asyncop_how *how)
{
    libxl__gc_free(&ao.gc);
    ao = (libxl__ao){.gc.ctx = &the_ctx, .domid = domid};
    result = RUNNING;
    return &ao;
}

void libxl__ao_complete(libxl__ao *its_ao, int rc)
{
    result = rc;
}

/* What an application that does not wait sees. */
int libxl__ao_inprogress(libxl__ao *its_ao)
{
    return 0;
}

int libxl__ao_failed(libxl__ao *its_ao, int rc)
{
    libxl__gc_free(&ao.gc);
    result = rc;
    return rc;
}

int libxl__ao_done(libxl__ao *its_ao, int rc)
{
    return libxl__ao_failed(its_ao, rc);
}

void forget_operation(void)
{
    libxl__gc_free(&ao.gc);
}
