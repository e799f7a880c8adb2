/* SPDX-License-Identifier: MIT */
/*
 * Control operations that no PV domain of Debian's Xen can have: HVM state,
 * introspection, sharing, cache allocation, passthrough, virtual UARTs, shadow
 * pools. Each with sub-operations and the pointers that a tool would give. Left
 * out: vm_event_op on a domain with vcpus, where Xen follows a null pointer.
 */
#include "control.h"

static void introspection(void)
{
    FOR(v, 0, 1, 2, 3, 4, 5, ~0u)
    FOR(w, 0, 1, 2, 3, ~0u)
    {
        DOMCTL(T, monitor_op, U.monitor_op.op = v; U.monitor_op.event = w);
    }
    FOR(v, 0, 1)
    DOMCTL(0, monitor_op, U.monitor_op.op = v);
    FOR(v, 0, 1, 255)
    DOMCTL(T, mem_sharing_op, U.mem_sharing_op.op = v);
    FOR(v, 0, 1)
    DOMCTL(T, set_access_required, U.access_required.access_required = v);
    DOMCTL(T, audit_p2m);
    DOMCTL(T, set_broken_page_p2m);
    FOR(v, 0, 1, 2, 3, 4, 5, 6, 7, ~0u)
    DOMCTL(T, vmtrace_op, U.vmtrace_op.cmd = v);
    FOR(v, 0, 1, ~0u)
    DOMCTL(T, gdbsx_guestmemio, U.gdbsx_guest_memio.len = v;
           U.gdbsx_guest_memio.pgd3val = v);
}

static void full_virtualisation(void)
{
    FOR(v, 0, 1, 4096, ~0u)
    {
        DOMCTL(T, gethvmcontext, U.hvmcontext.size = v;
               H(U.hvmcontext.buffer, buffer));
        DOMCTL(T, sethvmcontext, U.hvmcontext.size = v;
               H(U.hvmcontext.buffer, buffer));
        DOMCTL(T, gethvmcontext_partial, U.hvmcontext_partial.type = v);
    }
    FOR(v, 0, 1, 4096, 1ULL << 40, ~0ULL)
    {
        DOMCTL(T, set_paging_mempool_size, U.paging_mempool.size = v);
        DOMCTL(T, get_paging_mempool_size);
    }
    FOR(v, 0, 1, ~0u)
    DOMCTL(T, vuart_op, U.vuart_op.cmd = v);
    FOR(v, 0, 1)
    DOMCTL(T, cacheflush, U.cacheflush.nr_pfns = v);
}

static void cache_allocation(void)
{
    FOR(v, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, ~0u)
    {
        DOMCTL(T, psr_cmt_op, U.psr_cmt_op.cmd = v);
        DOMCTL(T, psr_alloc, U.psr_alloc.cmd = v);
    }
}

static void passthrough(void)
{
    FOR(v, 0, 1, 2, 3, ~0u)
    {
        DOMCTL(T, assign_device, U.assign_device.dev = v);
        DOMCTL(T, test_assign_device, U.assign_device.dev = v);
        DOMCTL(T, deassign_device, U.assign_device.dev = v);
        DOMCTL(DOMID_IO, assign_device, U.assign_device.dev = v);
        DOMCTL(DOMID_INVALID, test_assign_device, U.assign_device.dev = v);
    }
    FOR(v, 0, 1, ~0u)
    DOMCTL(T, assign_device, U.assign_device.flags = v;
           U.assign_device.u.pci.machine_sbdf = 0x10);
    FOR(v, 0, 1, 8)
    DOMCTL(T, get_device_group, U.get_device_group.machine_sbdf = 0x10;
           U.get_device_group.max_sdevs = v;
           H(U.get_device_group.sdev_array, buffer));
    FOR(v, 0, 1, 2, 3, 4, 5, ~0u)
    {
        DOMCTL(T, bind_pt_irq, U.bind_pt_irq.irq_type = v);
        DOMCTL(T, unbind_pt_irq, U.bind_pt_irq.irq_type = v);
    }
}

static void virtual_numa(void)
{
    FOR(v, 0, 1, 2, 255, ~0u)
    FOR(w, 0, 1, 2, ~0u)
    {
        memset(buffer, 0, 4096);
        DOMCTL(T, setvnumainfo, U.vnuma.nr_vnodes = v;
               U.vnuma.nr_vmemranges = w; U.vnuma.nr_vcpus = w;
               H(U.vnuma.vdistance, buffer); H(U.vnuma.vcpu_to_vnode, buffer);
               H(U.vnuma.vnode_to_pnode, buffer); H(U.vnuma.vmemrange, buffer));
    }
    DOMCTL(T, setvnumainfo, U.vnuma.nr_vnodes = 1; U.vnuma.nr_vmemranges = 1;
           U.vnuma.nr_vcpus = 2; U.vnuma.pad = 1);
    DOMCTL(T, setvnumainfo, U.vnuma.nr_vnodes = 1; U.vnuma.nr_vmemranges = 1;
           U.vnuma.nr_vcpus = 2);
}

void try_domctl_absent(void)
{
    DOMCTL(T, max_vcpus, U.max_vcpus.max = 2);
    introspection();
    full_virtualisation();
    cache_allocation();
    passthrough();
    virtual_numa();
}
