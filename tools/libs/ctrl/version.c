/* SPDX-License-Identifier: MIT */
/* The hypervisor's version and features: the xen_version hypercall. */
#include <stdlib.h>

#include "private.h"

int xlc_version(xlc_handle *h)
{
    return xlc_simple_op(h, __HYPERVISOR_xen_version, XENVER_version, NULL, 0);
}

/* Xen fills a fixed array of max bytes, which may lack its NUL. */
static int version_text(xlc_handle *h, unsigned int cmd, size_t max, char *text,
                        size_t size)
{
    struct bounce b;
    char whole[1024 + 1] = "";
    int rc;

    if (!size || max >= sizeof(whole)) {
        errno = EINVAL;
        return -1;
    }
    if (bounce_new(h, &b, whole, max))
        return -1;
    rc = xencall2(h->call, __HYPERVISOR_xen_version, cmd, (uintptr_t)b.buffer);
    if (rc >= 0) {
        size_t length;

        bounce_out(&b, max);
        length = strnlen(whole, max);
        if (length > size - 1)
            length = size - 1;
        memcpy(text, whole, length);
        text[length] = '\0';
        rc = 0;
    }
    bounce_free(h, &b);
    return rc;
}

int xlc_version_extra(xlc_handle *h, char *text, size_t size)
{
    return version_text(h, XENVER_extraversion, sizeof(xen_extraversion_t),
                        text, size);
}

int xlc_version_capabilities(xlc_handle *h, char *text, size_t size)
{
    return version_text(h, XENVER_capabilities, sizeof(xen_capabilities_info_t),
                        text, size);
}

int xlc_version_changeset(xlc_handle *h, char *text, size_t size)
{
    return version_text(h, XENVER_changeset, sizeof(xen_changeset_info_t), text,
                        size);
}

int xlc_version_commandline(xlc_handle *h, char *text, size_t size)
{
    return version_text(h, XENVER_commandline, sizeof(xen_commandline_t), text,
                        size);
}

int xlc_version_compile(xlc_handle *h, struct xen_compile_info *info)
{
    memset(info, 0, sizeof(*info));
    if (xlc_simple_op(h, __HYPERVISOR_xen_version, XENVER_compile_info, info,
                      sizeof(*info)))
        return -1;
    info->compiler[sizeof(info->compiler) - 1] = '\0';
    info->compile_by[sizeof(info->compile_by) - 1] = '\0';
    info->compile_domain[sizeof(info->compile_domain) - 1] = '\0';
    info->compile_date[sizeof(info->compile_date) - 1] = '\0';
    return 0;
}

int xlc_version_virt_start(xlc_handle *h, uint64_t *virt_start)
{
    xen_platform_parameters_t params = {0};

    if (xlc_simple_op(h, __HYPERVISOR_xen_version, XENVER_platform_parameters,
                      &params, sizeof(params)))
        return -1;
    *virt_start = params.virt_start;
    return 0;
}

int xlc_version_pagesize(xlc_handle *h)
{
    return xlc_simple_op(h, __HYPERVISOR_xen_version, XENVER_pagesize, NULL, 0);
}

int xlc_version_build_id(xlc_handle *h, uint8_t *id, size_t size)
{
    xen_build_id_t *build_id;
    int rc;

    build_id = xencall_alloc_buffer(h->call, sizeof(*build_id) + size);
    if (!build_id)
        return -1;
    build_id->len = (uint32_t)size;
    rc = xencall2(h->call, __HYPERVISOR_xen_version, XENVER_build_id,
                  (uintptr_t)build_id);
    if (rc > 0 && (size_t)rc <= size)
        memcpy(id, build_id->buf, (size_t)rc);
    else if (rc >= 0) {
        errno = ENODATA;
        rc = -1;
    }
    xencall_free_buffer(h->call, build_id);
    return rc;
}
