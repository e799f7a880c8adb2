/* SPDX-License-Identifier: MIT */
/* The host as a whole: size, topology, and Xen's own console. */
#include "private.h"

int xlc_physinfo(xlc_handle *h, struct xen_sysctl_physinfo *info)
{
    struct xen_sysctl op = sysctl_of(XEN_SYSCTL_physinfo);

    if (xlc_sysctl(h, &op))
        return -1;
    *info = op.u.physinfo;
    return 0;
}

int xlc_cputopology(xlc_handle *h, unsigned int nr,
                    struct xen_sysctl_cputopo *cpus)
{
    struct xen_sysctl op = sysctl_of(XEN_SYSCTL_cputopoinfo);
    struct bounce b;
    int rc;

    if (bounce_new(h, &b, cpus, nr * sizeof(*cpus)))
        return -1;
    op.u.cputopoinfo.num_cpus = nr;
    set_xen_guest_handle(op.u.cputopoinfo.cputopo, b.buffer);
    rc = xlc_sysctl(h, &op);
    if (!rc) {
        rc = (int)op.u.cputopoinfo.num_cpus;
        bounce_out(&b, op.u.cputopoinfo.num_cpus * sizeof(*cpus));
    }
    bounce_free(h, &b);
    return rc;
}

int xlc_numainfo(xlc_handle *h, unsigned int nr,
                 struct xen_sysctl_meminfo *meminfo, uint32_t *distance)
{
    struct xen_sysctl op = sysctl_of(XEN_SYSCTL_numainfo);
    struct bounce bmem = {0}, bdist = {0};
    size_t matrix = (size_t)nr * nr * sizeof(*distance);
    int rc = -1;

    if (bounce_new(h, &bmem, meminfo, nr * sizeof(*meminfo)) ||
        bounce_new(h, &bdist, distance, matrix))
        goto out;
    op.u.numainfo.num_nodes = nr;
    set_xen_guest_handle(op.u.numainfo.meminfo, bmem.buffer);
    set_xen_guest_handle(op.u.numainfo.distance, bdist.buffer);
    rc = xlc_sysctl(h, &op);
    if (!rc) {
        rc = (int)op.u.numainfo.num_nodes;
        bounce_out(&bmem, op.u.numainfo.num_nodes * sizeof(*meminfo));
        bounce_out(&bdist, matrix);
    }
out:
    bounce_free(h, &bmem);
    bounce_free(h, &bdist);
    return rc;
}

int xlc_debug_keys(xlc_handle *h, const char *keys)
{
    struct xen_sysctl op = sysctl_of(XEN_SYSCTL_debug_keys);
    size_t nr = strlen(keys);
    struct bounce b;
    int rc;

    if (bounce_in(h, &b, keys, nr))
        return -1;
    set_xen_guest_handle(op.u.debug_keys.keys, b.buffer);
    op.u.debug_keys.nr_keys = (uint32_t)nr;
    rc = xlc_sysctl(h, &op);
    bounce_free(h, &b);
    return rc;
}

int xlc_readconsole(xlc_handle *h, char *buffer, uint32_t size, bool clear,
                    bool incremental, uint32_t *index)
{
    struct xen_sysctl op = sysctl_of(XEN_SYSCTL_readconsole);
    struct xen_sysctl_readconsole *read = &op.u.readconsole;
    struct bounce b;
    int rc;

    if (bounce_new(h, &b, buffer, size))
        return -1;
    read->clear = clear;
    read->incremental = incremental;
    read->index = incremental ? *index : 0;
    read->count = size;
    set_xen_guest_handle(read->buffer, b.buffer);
    rc = xlc_sysctl(h, &op);
    if (!rc) {
        rc = (int)(read->count < size ? read->count : size);
        bounce_out(&b, (size_t)rc);
        if (index)
            *index = read->index;
    }
    bounce_free(h, &b);
    return rc;
}
