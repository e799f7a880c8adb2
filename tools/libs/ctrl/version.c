/* SPDX-License-Identifier: MIT */
/* The hypervisor's version and features: the xen_version hypercall. */
#include <stdio.h>

#include "private.h"

int xlc_version(xlc_handle *h)
{
    return xlc_simple_op(h, __HYPERVISOR_xen_version, XENVER_version, NULL, 0);
}

/* Xen fills an array of at most 1024 bytes, which may lack its NUL. */
int xlc_version_text(xlc_handle *h, unsigned int cmd, char *text, size_t size)
{
    char whole[1024 + 1] = "";

    if (!size) {
        errno = EINVAL;
        return -1;
    }
    if (xlc_simple_op(h, __HYPERVISOR_xen_version, cmd, whole,
                      sizeof(whole) - 1) < 0)
        return -1;
    snprintf(text, size, "%s", whole);
    return 0;
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
