/* SPDX-License-Identifier: MIT */
/*
 * Files and other small services that libxl offers to its applications.
 */
#include <sys/stat.h>

#include "device.h"

#define LOGS_KEPT 10

char *libxl_basename(const char *name)
{
    const char *slash = strrchr(name, '/');

    return libxl__strdup_nogc(NULL, slash ? slash + 1 : name);
}

bool libxl__kernel_serves(const char *kind)
{
    char path[64];

    snprintf(path, sizeof(path), "/sys/bus/xen-backend/drivers/%s", kind);
    return !access(path, F_OK);
}

static int transfer(libxl_ctx *ctx, bool in, int fd, char *data, ssize_t sz,
                    const char *filename, const char *what)
{
    GC_INIT(ctx);
    ssize_t r;

    while (sz > 0) {
        r = in ? read(fd, data, sz) : write(fd, data, sz);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0) {
            int e = r ? errno : EPROTO;

            LOGEV(ERROR, e, "cannot %s %s%s%s%s", in ? "read" : "write",
                  what ? what : "", what ? ": " : "", filename,
                  r ? "" : ": it ends too early");
            return e;
        }
        data += r;
        sz -= r;
    }
    return 0;
}

int libxl_read_exactly(libxl_ctx *ctx, int fd, void *data, ssize_t sz,
                       const char *filename, const char *what)
{
    return transfer(ctx, true, fd, data, sz, filename, what);
}

int libxl_write_exactly(libxl_ctx *ctx, int fd, const void *data, ssize_t sz,
                        const char *filename, const char *what)
{
    return transfer(ctx, false, fd, (char *)data, sz, filename, what);
}

int libxl_read_file_contents(libxl_ctx *ctx, const char *filename,
                             void **data_r, int *datalen_r)
{
    GC_INIT(ctx);
    int fd = open(filename, O_RDONLY | O_CLOEXEC), r = 0;
    struct stat st = {0};
    void *data = NULL;

    if (fd < 0 || fstat(fd, &st))
        r = errno;
    else if (!S_ISREG(st.st_mode))
        r = ENOTTY;
    else if (st.st_size > INT_MAX)
        r = EFBIG;
    if (r && r != ENOENT)
        LOGEV(ERROR, r, "cannot read %s", filename);
    if (!r && st.st_size && data_r) {
        data = libxl__array_nogc(ctx, st.st_size, 1);
        r = libxl_read_exactly(ctx, fd, data, st.st_size, filename, NULL);
    }
    if (fd >= 0)
        close(fd);
    if (r) {
        free(data);
        return r;
    }
    if (data_r)
        *data_r = data;
    if (datalen_r)
        *datalen_r = st.st_size;
    return 0;
}

int libxl_pipe(libxl_ctx *ctx, int pipes[2])
{
    GC_INIT(ctx);

    if (!pipe(pipes))
        return 0;
    LOGE(ERROR, "cannot create a pipe");
    return ERROR_FAIL;
}

static int set_flag(libxl_ctx *ctx, int fd, int get, int set, int flag, int on)
{
    GC_INIT(ctx);
    int flags = fcntl(fd, get);

    if (flags >= 0 && !fcntl(fd, set, on ? flags | flag : flags & ~flag))
        return 0;
    LOGE(ERROR, "cannot set flags of descriptor %d", fd);
    return ERROR_FAIL;
}

int libxl_fd_set_cloexec(libxl_ctx *ctx, int fd, int cloexec)
{
    return set_flag(ctx, fd, F_GETFD, F_SETFD, FD_CLOEXEC, cloexec);
}

int libxl_fd_set_nonblock(libxl_ctx *ctx, int fd, int nonblock)
{
    return set_flag(ctx, fd, F_GETFL, F_SETFL, O_NONBLOCK, nonblock);
}

int libxl_string_to_backend(libxl_ctx *ctx, char *s,
                            libxl_disk_backend *backend)
{
    if (!strcmp(s, "file"))
        *backend = LIBXL_DISK_BACKEND_PHY;
    else if (libxl_disk_backend_from_string(s, backend) ||
             *backend == LIBXL_DISK_BACKEND_UNKNOWN)
        return ERROR_INVAL;
    return 0;
}

void libxl_string_copy(libxl_ctx *ctx, char **dst, char *const *src)
{
    *dst = libxl__strdup_nogc(ctx, *src);
}

/* NAME.log, with its predecessors moved on to .1 ... .10. */
int libxl_create_logfile(libxl_ctx *ctx, const char *name, char **full_name)
{
    GC_INIT(ctx);
    const char *file = GCSPRINTF(LIBXL__LOG_DIR "/%s.log", name);
    struct stat st;

    if (mkdir(LIBXL__LOG_DIR, 0750) && errno != EEXIST) {
        LOGE(ERROR, "cannot create " LIBXL__LOG_DIR);
        return ERROR_FAIL;
    }
    if (!stat(file, &st) && st.st_size) {
        for (int i = LOGS_KEPT; i > 0; i--) {
            const char *from = i > 1 ? GCSPRINTF("%s.%d", file, i - 1) : file;

            if (rename(from, GCSPRINTF("%s.%d", file, i)) && errno != ENOENT)
                LOGE(WARN, "cannot rotate %s", from);
        }
    }
    *full_name = libxl__strdup_nogc(ctx, file);
    return 0;
}

/* Of domain ids that must not be used again soon: none is kept. */
int libxl_clear_domid_history(libxl_ctx *ctx)
{
    return 0;
}
