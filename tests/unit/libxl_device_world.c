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

void set_node(const char *path, const char *value)
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
}

void remove_nodes(const char *top)
{
    int left = 0;

    for (int i = 0; i < nodes_n; i++) {
        if (is_at_or_below(nodes[i].path, top)) {
            free(nodes[i].path);
            free(nodes[i].value);
        } else {
            nodes[left++] = nodes[i];
        }
    }
    nodes_n = left;
}

bool store_is_away, fails_to_write;

static bool answers(void)
{
    errno = EIO;
    return !store_is_away;
}

/* answers(), and the path is there. */
static bool has(const char *path)
{
    if (!answers())
        return false;
    errno = ENOENT;
    return count(path);
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    return has(path) ? strdup(node(path)) : NULL;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    if (answers())
        set_node(path, data);
    return answers();
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    return xs_write(h, t, path, "", 0);
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                        const char *path, struct xs_permissions *perms,
                        unsigned int num_perms)
{
    return answers();
}

/* As the real one's: pointers, and the names behind them, from one malloc. */
char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                    unsigned int *num)
{
    static char names[ARRAY_SIZE(nodes)][100];
    size_t len = strlen(path);
    char **list;
    unsigned int known;

    if (!has(path))
        return NULL;
    *num = 0;
    for (int i = 0; i < nodes_n; i++) {
        if (!is_at_or_below(nodes[i].path, path) || !nodes[i].path[len])
            continue;
        snprintf(names[*num], sizeof(names[0]), "%s", nodes[i].path + len + 1);
        names[*num][strcspn(names[*num], "/")] = 0;
        for (known = 0; strcmp(names[known], names[*num]); known++)
            ;
        *num += known == *num;
    }
    list = malloc(*num * sizeof(*list) + sizeof(names));
    memcpy(list + *num, names, sizeof(names));
    for (unsigned int i = 0; i < *num; i++)
        list[i] = (char *)(list + *num) + i * sizeof(names[0]);
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

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    check_configured();
    if (!has(path))
        return false;
    remove_nodes(path);
    return true;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    return answers() && !fails_to_write;
}

/* What fails has changed nothing, in these tests. */
bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    return answers();
}

const char *node(const char *path)
{
    int i = find(path);

    return i < 0 ? "" : nodes[i].value;
}

/* --- the domain and its configuration --- */

bool domain_is_gone, cannot_save, kernel_serves;

bool libxl__kernel_serves(const char *kind)
{
    return kernel_serves;
}

int locks;
void (*meanwhile)(void);

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
    void (*other)(void) = meanwhile;

    meanwhile = NULL;
    if (other)
        other();
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
    if (cannot_save)
        return ERROR_FAIL;
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

/* The store does not end. */
bool libxl__store_again(libxl_ctx *ctx)
{
    return false;
}

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
    char path[100];

    snprintf(path, sizeof(path), "%s/state", back);
    set_node(path, state);
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
