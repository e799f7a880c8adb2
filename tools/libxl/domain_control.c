/* SPDX-License-Identifier: MIT */
/*
 * Acts on a living domain: pause, names, and what the guest itself is asked
 * for by its control nodes.
 */
#include "domain.h"

/* A domain that does not exist has one message, whatever was wanted of it. */
static int check_exists(libxl__gc *gc, uint32_t domid)
{
    struct xen_domctl_getdomaininfo info;

    return libxl__domain_find(gc, domid, &info);
}

static int hypercall_result(libxl__gc *gc, uint32_t domid, const char *what,
                            int r)
{
    if (!r)
        return 0;
    if (errno == ESRCH)
        return check_exists(gc, domid) ?: ERROR_FAIL;
    LOGE(ERROR, "cannot %s domain %s", what, libxl__domain_label(gc, domid));
    return ERROR_FAIL;
}

int libxl_domain_pause(libxl_ctx *ctx, uint32_t domid,
                       const libxl_asyncop_how *ao_how)
{
    libxl__ao *ao = libxl__ao_create(ctx, domid, ao_how);

    return libxl__ao_done(ao,
                          hypercall_result(&ao->gc, domid, "pause",
                                           xlc_domain_pause(ctx->xch, domid)));
}

int libxl_domain_unpause(libxl_ctx *ctx, uint32_t domid,
                         const libxl_asyncop_how *ao_how)
{
    libxl__ao *ao = libxl__ao_create(ctx, domid, ao_how);

    return libxl__ao_done(
        ao, hypercall_result(&ao->gc, domid, "unpause",
                             xlc_domain_unpause(ctx->xch, domid)));
}

/* --- the guest's control nodes --- */

static int ask_guest(libxl__gc *gc, uint32_t domid, const char *what)
{
    const char *path = GCSPRINTF("/local/domain/%u/control/shutdown", domid);
    int rc = check_exists(gc, domid);

    return rc ? rc : libxl__xs_write(gc, XBT_NULL, path, what);
}

int libxl_domain_shutdown(libxl_ctx *ctx, uint32_t domid,
                          const libxl_asyncop_how *ao_how)
{
    libxl__ao *ao = libxl__ao_create(ctx, domid, ao_how);

    return libxl__ao_done(ao, ask_guest(&ao->gc, domid, "poweroff"));
}

int libxl_domain_reboot(libxl_ctx *ctx, uint32_t domid,
                        const libxl_asyncop_how *ao_how)
{
    libxl__ao *ao = libxl__ao_create(ctx, domid, ao_how);

    return libxl__ao_done(ao, ask_guest(&ao->gc, domid, "reboot"));
}

int libxl_send_sysrq(libxl_ctx *ctx, uint32_t domid, char sysrq)
{
    GC_INIT(ctx);
    int rc = check_exists(gc, domid);

    return rc ? rc
              : libxl__xs_printf(
                    gc, XBT_NULL,
                    GCSPRINTF("/local/domain/%u/control/sysrq", domid), "%c",
                    sysrq);
}

int libxl_send_trigger(libxl_ctx *ctx, uint32_t domid, libxl_trigger trigger,
                       uint32_t vcpuid, const libxl_asyncop_how *ao_how)
{
    static const int of_xen[] = {
        [LIBXL_TRIGGER_NMI] = XEN_DOMCTL_SENDTRIGGER_NMI,
        [LIBXL_TRIGGER_INIT] = XEN_DOMCTL_SENDTRIGGER_INIT,
        [LIBXL_TRIGGER_RESET] = XEN_DOMCTL_SENDTRIGGER_RESET,
    };
    libxl__ao *ao = libxl__ao_create(ctx, domid, ao_how);
    libxl__gc *gc = &ao->gc;
    int r;

    if (trigger != LIBXL_TRIGGER_NMI && trigger != LIBXL_TRIGGER_INIT &&
        trigger != LIBXL_TRIGGER_RESET) {
        LOG(ERROR, "a PV domain has no such button");
        return libxl__ao_failed(ao, ERROR_INVAL);
    }
    r = xlc_domain_send_trigger(ctx->xch, domid, of_xen[trigger], vcpuid);
    return libxl__ao_done(ao, hypercall_result(gc, domid, "trigger", r));
}

/* --- names --- */

/* It stands in tables, store paths, and names of files. */
int libxl__check_name(libxl__gc *gc, const char *name)
{
    const char *p = name;

    while (*p && (unsigned char)*p >= ' ' && *p != 0x7f && *p != '/')
        p++;
    if (!*p && p > name && p - name < 256 && strcmp(name, ".") &&
        strcmp(name, ".."))
        return 0;
    LOG(ERROR, "'%.255s' cannot be a domain's name", name);
    return ERROR_INVAL;
}

static int check_name_free(libxl__gc *gc, uint32_t domid, const char *name)
{
    uint32_t other;
    int rc = libxl__check_name(gc, name);

    if (rc)
        return rc;
    rc = libxl__name_to_domid(gc, name, &other);
    if (rc)
        return rc == ERROR_INVAL ? 0 : rc;
    if (other == domid)
        return 0;
    LOG(ERROR, "the name '%s' is in use by domain %u", name, other);
    return ERROR_INVAL;
}

int libxl__domain_rename(libxl__gc *gc, uint32_t domid, const char *old_name,
                         const char *new_name, xs_transaction_t t)
{
    const char *path = GCSPRINTF("/local/domain/%u/name", domid);
    const char *vm, *its;
    int rc = check_name_free(gc, domid, new_name);

    if (rc)
        return rc;
    its = libxl__xs_read(gc, t, path);
    if (old_name && its && strcmp(its, old_name)) {
        LOG(ERROR, "domain %u is called '%s', not '%s'", domid, its, old_name);
        return ERROR_FAIL;
    }
    rc = libxl__xs_write(gc, t, path, new_name);
    vm = libxl__xs_read(gc, t, GCSPRINTF("/local/domain/%u/vm", domid));
    if (!rc && vm)
        rc = libxl__xs_write(gc, t, GCSPRINTF("%s/name", vm), new_name);
    return rc;
}

/* The saved configuration follows; without one there is nothing to follow. */
static void rename_in_config(libxl__gc *gc, uint32_t domid, const char *name)
{
    libxl_domain_config config;
    int fd = domid ? libxl__userdata_lock(gc, domid) : -1;

    if (fd < 0)
        return;
    libxl_domain_config_init(&config);
    if (!libxl__domain_config_load(gc, domid, &config)) {
        free(config.c_info.name);
        config.c_info.name = libxl__strdup_nogc(CTX, name);
        libxl__domain_config_save(gc, domid, &config);
    }
    libxl_domain_config_dispose(&config);
    libxl__userdata_unlock(fd);
}

struct rename {
    uint32_t domid;
    const char *from, *to;
};

static int rename_nodes(libxl__gc *gc, xs_transaction_t t, void *arg)
{
    const struct rename *names = arg;

    return libxl__domain_rename(gc, names->domid, names->from, names->to, t);
}

int libxl_domain_rename(libxl_ctx *ctx, uint32_t domid, const char *old_name,
                        const char *new_name)
{
    GC_INIT(ctx);
    struct rename names = {domid, old_name, new_name};
    int rc = check_exists(gc, domid);

    if (!rc)
        rc = libxl__xs_transaction(gc, rename_nodes, &names);
    if (!rc)
        rename_in_config(gc, domid, new_name);
    return rc;
}
