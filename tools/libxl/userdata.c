/* SPDX-License-Identifier: MIT */
/*
 * Data kept beside a domain, in files /var/lib/xen/userdata-d.DOMID.UUID.ID:
 * the domain's configuration in JSON ("libxl-json"), and whatever programs
 * store of their own. A file is replaced as a whole or not at all, so who reads
 * needs no lock. Who reads, changes and writes takes the lock, of all programs,
 * on userdata-l.DOMID.UUID.domain-userdata-lock.
 */
#include <dirent.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "domain.h"

#define CONFIG_ID "libxl-json"

#define LOCK_ID "domain-userdata-lock"

/* kind: d for data, l for the lock. */
static const char *file_name(libxl__gc *gc, char kind, uint32_t domid,
                             const libxl_uuid *uuid, const char *id)
{
    return GCSPRINTF(LIBXL__USERDATA_DIR "/userdata-%c.%u." LIBXL_UUID_FMT
                                         ".%s",
                     kind, domid, LIBXL_UUID_BYTES(*uuid), id);
}

static int file_of(libxl__gc *gc, uint32_t domid, const char *id,
                   const char **file)
{
    libxl_uuid uuid;
    int rc;

    if (!*id || strchr(id, '/')) {
        LOG(ERROR, "'%s' cannot be the name of user data", id);
        return ERROR_INVAL;
    }
    rc = libxl__domain_uuid(gc, domid, &uuid);
    if (!rc)
        *file = file_name(gc, 'd', domid, &uuid, id);
    return rc;
}

static int make_dir(libxl__gc *gc)
{
    if (!mkdir(LIBXL__USERDATA_DIR, 0755) || errno == EEXIST)
        return 0;
    LOGE(ERROR, "cannot create " LIBXL__USERDATA_DIR);
    return ERROR_FAIL;
}

/* Whether the file of this name is still the one that is open. */
static bool is_named(int fd, const char *file)
{
    struct stat open_one, named;

    return !fstat(fd, &open_one) && !stat(file, &named) &&
           open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

static int lock_file(libxl__gc *gc, const char *file)
{
    int fd, r;

    for (;;) {
        fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
            break;
        do
            r = flock(fd, LOCK_EX);
        while (r && errno == EINTR);
        if (!r && is_named(fd, file))
            return fd;
        close(fd);
        if (r)
            break;
    }
    LOGE(ERROR, "cannot lock %s", file);
    return -1;
}

int libxl__userdata_lock(libxl__gc *gc, uint32_t domid)
{
    libxl_uuid uuid, now;
    const char *file;
    int fd;

    while (!libxl__domain_uuid(gc, domid, &uuid) && !make_dir(gc)) {
        file = file_name(gc, 'l', domid, &uuid, LOCK_ID);
        fd = lock_file(gc, file);
        if (fd < 0 || (!libxl__domain_uuid(gc, domid, &now) &&
                       !libxl_uuid_compare(&uuid, &now)))
            return fd;
        /* Its end may have come while the lock was waited for, or another
         * uuid, and then nobody else removes the file. */
        unlink(file);
        libxl__userdata_unlock(fd);
    }
    return -1;
}

/* Also for a process that was forked meanwhile and has the file open. */
void libxl__userdata_unlock(int fd)
{
    flock(fd, LOCK_UN);
    close(fd);
}

static int store(libxl__gc *gc, const char *file, const void *data, size_t len)
{
    const char *tmp = GCSPRINTF("%s.tmp", file);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int r = fd < 0 ? errno : 0;

    if (!r)
        r = libxl_write_exactly(CTX, fd, data, len, tmp, "user data");
    if (fd >= 0 && close(fd) && !r)
        r = errno;
    if (!r && rename(tmp, file))
        r = errno;
    if (!r)
        return 0;
    LOGEV(ERROR, r, "cannot write %s", file);
    unlink(tmp);
    return ERROR_FAIL;
}

static int store_or_remove(libxl__gc *gc, const char *file, const uint8_t *data,
                           int datalen)
{
    if (datalen)
        return store(gc, file, data, datalen);
    if (unlink(file) && errno != ENOENT) {
        LOGE(ERROR, "cannot remove %s", file);
        return ERROR_FAIL;
    }
    return 0;
}

int libxl_userdata_store(libxl_ctx *ctx, uint32_t domid,
                         const char *userdata_userid, const uint8_t *data,
                         int datalen)
{
    GC_INIT(ctx);
    const char *file;
    int rc = file_of(gc, domid, userdata_userid, &file), fd;

    if (rc)
        return rc;
    fd = libxl__userdata_lock(gc, domid);
    if (fd < 0)
        return ERROR_LOCK_FAIL;
    /* Its name may have changed while the lock was waited for. */
    rc = file_of(gc, domid, userdata_userid, &file)
             ?: store_or_remove(gc, file, data, datalen);
    libxl__userdata_unlock(fd);
    return rc;
}

int libxl_userdata_retrieve(libxl_ctx *ctx, uint32_t domid,
                            const char *userdata_userid, uint8_t **data_r,
                            int *datalen_r)
{
    GC_INIT(ctx);
    void *data = NULL;
    const char *file;
    int len = 0, r;
    int rc = file_of(gc, domid, userdata_userid, &file);

    if (rc)
        return rc;
    r = libxl_read_file_contents(ctx, file, &data, &len);
    if (r && r != ENOENT)
        return ERROR_FAIL;
    if (datalen_r)
        *datalen_r = len;
    if (data_r)
        *data_r = data;
    else
        free(data);
    return 0;
}

int libxl_userdata_unlink(libxl_ctx *ctx, uint32_t domid,
                          const char *userdata_userid)
{
    return libxl_userdata_store(ctx, domid, userdata_userid, NULL, 0);
}

static void remove_all(libxl__gc *gc, const char *path)
{
    const char *prefix = strrchr(path, '/') + 1;
    DIR *dir = opendir(LIBXL__USERDATA_DIR);
    struct dirent *e;

    while (dir && (e = readdir(dir)))
        if (!strncmp(e->d_name, prefix, strlen(prefix)) &&
            unlinkat(dirfd(dir), e->d_name, 0) && errno != ENOENT)
            LOGE(WARN, "cannot remove " LIBXL__USERDATA_DIR "/%s", e->d_name);
    if (dir)
        closedir(dir);
}

void libxl__userdata_destroy_locked(libxl__gc *gc, uint32_t domid,
                                    const libxl_uuid *uuid, int fd)
{
    remove_all(gc, file_name(gc, 'd', domid, uuid, ""));
    unlink(file_name(gc, 'l', domid, uuid, LOCK_ID));
    libxl__userdata_unlock(fd);
}

void libxl__userdata_destroy_all(libxl__gc *gc, uint32_t domid,
                                 const libxl_uuid *uuid)
{
    const char *lock = file_name(gc, 'l', domid, uuid, LOCK_ID);
    int fd = access(lock, F_OK) ? -1 : lock_file(gc, lock);

    if (fd < 0)
        remove_all(gc, file_name(gc, 'd', domid, uuid, ""));
    else
        libxl__userdata_destroy_locked(gc, domid, uuid, fd);
}

int libxl__domain_config_save(libxl__gc *gc, uint32_t domid,
                              libxl_domain_config *config)
{
    char *json = libxl__own(gc, libxl_domain_config_to_json(CTX, config));
    const char *file;
    int rc = json ? file_of(gc, domid, CONFIG_ID, &file) : ERROR_FAIL;

    if (rc)
        return rc;
    rc = make_dir(gc);
    if (rc)
        return rc;
    /* With its NUL, as it has always been kept. */
    return store(gc, file, json, strlen(json) + 1);
}

int libxl__domain_config_load(libxl__gc *gc, uint32_t domid,
                              libxl_domain_config *config)
{
    uint8_t *data;
    char *text;
    int len, rc = libxl_userdata_retrieve(CTX, domid, CONFIG_ID, &data, &len);

    if (rc)
        return rc;
    if (!len)
        return ERROR_JSON_CONFIG_EMPTY;
    text = libxl__realloc(gc, libxl__own(gc, data), len + 1);
    text[len] = 0; /* whatever the file ends with */
    return libxl_domain_config_from_json(CTX, config, text);
}
