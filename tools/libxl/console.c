/* SPDX-License-Identifier: MIT */
/*
 * The guest's console: its nodes, which the console daemon serves, and the
 * program that connects a terminal to it.
 */
#include "device.h"

#define RING_LIMIT "1048576" /* bytes that the daemon buffers */

int libxl__console_write(libxl__gc *gc, uint32_t domid, uint64_t mfn,
                         uint32_t port)
{
    libxl__device dev = {.domid = domid, .kind = "console"};
    const struct libxl__node back[] = {
        {"online", "1"}, {"state", "1"}, {"protocol", "vt100"}, {0}};
    const struct libxl__node front[] = {
        {"limit", RING_LIMIT},
        {"type", "xenconsoled"},
        {"output", "pty"},
        {"tty", ""},
        {"port", GCSPRINTF("%u", port)},
        {"ring-ref", GCSPRINTF("%" PRIu64, mfn)},
        {0},
    };

    return libxl__device_write(gc, &dev, back, front, true);
}

int libxl_console_get_tty(libxl_ctx *ctx, uint32_t domid, int cons_num,
                          libxl_console_type type, char **path)
{
    GC_INIT(ctx);
    libxl__device dev = {.domid = domid, .kind = "console", .devid = cons_num};
    const char *tty = NULL;

    if (type != LIBXL_CONSOLE_TYPE_PV || cons_num < 0)
        return ERROR_INVAL;
    tty = libxl__xs_read(gc, XBT_NULL,
                         GCSPRINTF("%s/tty", libxl__device_frontend(gc, &dev)));
    if (!tty || !*tty) {
        LOG(ERROR, "domain %s has no terminal for its console",
            libxl__domain_label(gc, domid));
        return ERROR_FAIL;
    }
    *path = libxl__strdup_nogc(ctx, tty);
    return 0;
}

int libxl_primary_console_get_tty(libxl_ctx *ctx, uint32_t domid_vm,
                                  char **path)
{
    return libxl_console_get_tty(ctx, domid_vm, 0, LIBXL_CONSOLE_TYPE_PV, path);
}

/* The client of this project, or that of a stock Xen installation. */
static const char *const programs[] = {
    LIBXL__PRIVATE_BIN "/xenconsole",
    "/usr/lib/xen-4.17/bin/xenconsole",
    "/usr/sbin/xenconsole",
};

int libxl_console_exec(libxl_ctx *ctx, uint32_t domid, int cons_num,
                       libxl_console_type type, int notify_fd)
{
    GC_INIT(ctx);
    const char *id = GCSPRINTF("%u", domid);
    const char *num = GCSPRINTF("%d", cons_num);

    if (type != LIBXL_CONSOLE_TYPE_PV) {
        LOG(ERROR, "a PV domain has a PV console only");
        return ERROR_INVAL;
    }
    for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
        const char *args[12] = {programs[i], id, "--num", num, "--type", "pv"};
        int n = 6;

        if (access(programs[i], X_OK))
            continue;
        if (notify_fd != -1) {
            args[n++] = "--start-notify-fd";
            args[n++] = GCSPRINTF("%d", notify_fd);
        }
        execv(programs[i], (char **)args);
    }
    LOGE(ERROR, "cannot run xenconsole");
    return ERROR_FAIL;
}

int libxl_primary_console_exec(libxl_ctx *ctx, uint32_t domid_vm, int notify_fd)
{
    return libxl_console_exec(ctx, domid_vm, 0, LIBXL_CONSOLE_TYPE_PV,
                              notify_fd);
}
