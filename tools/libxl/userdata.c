/* SPDX-License-Identifier: MIT */
/*
 * Data kept beside a domain, in files /var/lib/xen/userdata-d.DOMID.UUID.ID:
 * the domain's configuration in JSON ("libxl-json"), and whatever programs
 * store of their own. A file is replaced as a whole or not at all.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "domain.h"

#define CONFIG_ID "libxl-json"

static const char *file_name(libxl__gc *gc, uint32_t domid,
                             const libxl_uuid *uuid, const char *id)
{
    return GCSPRINTF(LIBXL__USERDATA_DIR "/userdata-d.%u." LIBXL_UUID_FMT ".%s",
                     domid, LIBXL_UUID_BYTES(*uuid), id);
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
        *file = file_name(gc, domid, &uuid, id);
    return rc;
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

int libxl_userdata_store(libxl_ctx *ctx, uint32_t domid,
                         const char *userdata_userid, const uint8_t *data,
                         int datalen)
{
    GC_INIT(ctx);
    const char *file;
    int rc = file_of(gc, domid, userdata_userid, &file);

    if (rc)
        return rc;
    if (datalen)
        return store(gc, file, data, datalen);
    if (unlink(file) && errno != ENOENT) {
        LOGE(ERROR, "cannot remove %s", file);
        return ERROR_FAIL;
    }
    return 0;
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

void libxl__userdata_destroy_all(libxl__gc *gc, uint32_t domid,
                                 const libxl_uuid *uuid)
{
    const char *prefix = strrchr(file_name(gc, domid, uuid, ""), '/') + 1;
    DIR *dir = opendir(LIBXL__USERDATA_DIR);
    struct dirent *e;

    while (dir && (e = readdir(dir)))
        if (!strncmp(e->d_name, prefix, strlen(prefix)) &&
            unlinkat(dirfd(dir), e->d_name, 0) && errno != ENOENT)
            LOGE(WARN, "cannot remove " LIBXL__USERDATA_DIR "/%s", e->d_name);
    if (dir)
        closedir(dir);
}

int libxl__domain_config_save(libxl__gc *gc, uint32_t domid,
                              libxl_domain_config *config)
{
    char *json = libxl__own(gc, libxl_domain_config_to_json(CTX, config));
    const char *file;
    int rc = json ? file_of(gc, domid, CONFIG_ID, &file) : ERROR_FAIL;

    if (rc)
        return rc;
    if (mkdir(LIBXL__USERDATA_DIR, 0755) && errno != EEXIST) {
        LOGE(ERROR, "cannot create " LIBXL__USERDATA_DIR);
        return ERROR_FAIL;
    }
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
