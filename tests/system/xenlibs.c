/* SPDX-License-Identifier: MIT */
/*
 * xenlibs: what the stable libraries do, one line per case, good and bad. It
 * runs in a dom0 (argument: a paused domain to look into) and prints no
 * address and no time, so that the outputs with our libraries and with
 * Debian's, and on xen-lite and on Xen, can be compared with diff.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/memory.h>
#include <xen/version.h>

#include <xencall.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>
#include <xentoollog.h>

static xentoollog_logger *quiet;

static void line(const char *what, long result)
{
    if (result < 0)
        printf("%s: %ld %s\n", what, result, strerror(errno));
    else
        printf("%s: %ld\n", what, result);
    errno = 0;
}

static void pointer(const char *what, const void *p)
{
    line(what, p ? 0 : -1);
}

static void calls(void)
{
    xencall_handle *xcall = xencall_open(quiet, 0);
    void *buffer = xencall_alloc_buffer(xcall, 5000);
    unsigned char *page = xencall_alloc_buffer_pages(xcall, 1);

    pointer("alloc_buffer", buffer);
    page[17] = 1;
    xencall_free_buffer_pages(xcall, page, 1);
    page = xencall_alloc_buffer_pages(xcall, 1);
    line("a reused page is zero", page[17]);
    line("version",
         xencall2(xcall, __HYPERVISOR_xen_version, XENVER_version, 0) >> 16);
    strcpy((char *)page, "");
    line("capabilities", xencall2(xcall, __HYPERVISOR_xen_version,
                                  XENVER_capabilities, (unsigned long)page));
    line("has PV", !!strstr((char *)page, "xen-3.0-x86_64"));
    line("bad hypercall", xencall1(xcall, 63, 0));
    line("bad version op", xencall2(xcall, __HYPERVISOR_xen_version, 99, 0));
    line("2L error", xencall2L(xcall, __HYPERVISOR_memory_op, 99, 0));
    line("2L result", xencall2L(xcall, __HYPERVISOR_memory_op,
                                XENMEM_maximum_ram_page, 0) > 0);
    line("never fault", xencall_buffers_never_fault(xcall));
    xencall_free_buffer(xcall, buffer);
    xencall_free_buffer_pages(xcall, page, 1);
    line("close", xencall_close(xcall));
}

static void events(void)
{
    xenevtchn_handle *xce = xenevtchn_open(quiet, 0);
    struct pollfd pfd = {.fd = xenevtchn_fd(xce), .events = POLLIN};
    int a = xenevtchn_bind_unbound_port(xce, 0), b;

    line("unbound", a > 0);
    b = xenevtchn_bind_interdomain(xce, 0, (evtchn_port_t)a);
    line("interdomain", b > 0);
    line("interdomain again",
         xenevtchn_bind_interdomain(xce, 0, (evtchn_port_t)a));
    line("notify", xenevtchn_notify(xce, (evtchn_port_t)b));
    line("poll", poll(&pfd, 1, 1000));
    /* Which: the driver raises one event itself when it binds. */
    line("pending", xenevtchn_pending(xce) > 0);
    line("unmask", xenevtchn_unmask(xce, (evtchn_port_t)a));
    line("notify nobody's", xenevtchn_notify(xce, 1000));
    line("unbind nobody's", xenevtchn_unbind(xce, 1000));
    line("bad virq", xenevtchn_bind_virq(xce, 99));
    line("bad domain", xenevtchn_bind_interdomain(xce, 999, 1));
    line("unbind", xenevtchn_unbind(xce, (evtchn_port_t)b));
    line("close", xenevtchn_close(xce));
    pointer("bad flags", xenevtchn_open(quiet, 8));
    pointer("fdopen bad flags", xenevtchn_fdopen(quiet, 0, 1));
}

static void grants(uint32_t domid)
{
    xengnttab_handle *xgt = xengnttab_open(quiet, 0);
    xengntshr_handle *xgs = xengntshr_open(quiet, 0);
    uint32_t refs[3], domids[3] = {0, 0, 0};
    char *mine = xengntshr_share_pages(xgs, 0, 3, refs, 1), *theirs;
    char local[64] = "copied";
    xengnttab_grant_copy_segment_t copy = {
        .source.virt = local,
        .dest.foreign = {.ref = refs[2], .offset = 100, .domid = 0},
        .len = 7,
        .flags = GNTCOPY_dest_gref,
    };

    pointer("share", mine);
    strcpy(mine + 4096, "second page");
    theirs =
        xengnttab_map_grant_refs(xgt, 3, domids, refs, PROT_READ | PROT_WRITE);
    pointer("map three", theirs);
    line("same memory", theirs && !strcmp(theirs + 4096, "second page"));
    line("copy", xengnttab_grant_copy(xgt, 1, &copy));
    line("copy status", copy.status);
    line("copied", !strcmp(mine + 2 * 4096 + 100, "copied"));
    copy.dest.foreign.ref = 99999;
    line("copy to a bad ref", xengnttab_grant_copy(xgt, 1, &copy));
    line("its status", copy.status < 0);
    line("unmap", xengnttab_unmap(xgt, theirs, 3));
    line("unmap again", xengnttab_unmap(xgt, theirs, 3));
    line("unshare", xengntshr_unshare(xgs, mine, 3));
    pointer("map a bad ref", xengnttab_map_grant_ref(xgt, 0, 99999, PROT_READ));
    pointer("map from nobody", xengnttab_map_grant_ref(xgt, 999, 0, PROT_READ));

    mine = xengntshr_share_page_notify(xgs, 0, refs, 1, 8, -1);
    pointer("share with notify", mine);
    mine[8] = mine[9] = 1;
    theirs = xengnttab_map_grant_ref_notify(xgt, 0, refs[0],
                                            PROT_READ | PROT_WRITE, 9, -1);
    pointer("map with notify", theirs);
    line("unmap clears", xengnttab_unmap(xgt, theirs, 1));
    line("mine is kept", mine[8]);
    line("theirs is cleared", mine[9]);
    line("unshare", xengntshr_unshare(xgs, mine, 1));
    theirs = xengnttab_map_grant_ref(xgt, domid, 1, PROT_READ);
    pointer("map a guest's store page", theirs);
    line("set max grants", xengnttab_set_max_grants(xgt, 16));
    line("unmap", theirs ? xengnttab_unmap(xgt, theirs, 1) : -1);
    line("close", xengnttab_close(xgt));
    line("close", xengntshr_close(xgs));
}

static void frames(uint32_t domid, xen_pfn_t mfn)
{
    xenforeignmemory_handle *fmem = xenforeignmemory_open(quiet, 0);
    xen_pfn_t list[3] = {mfn, 0xfffffff0, mfn + 1};
    int err[3] = {1, 1, 1};
    size_t size = 0;
    void *table = NULL;
    xenforeignmemory_resource_handle *res;
    char *p = xenforeignmemory_map(fmem, domid, PROT_READ, 1, list, NULL);

    pointer("map", p);
    line("magic", p ? !memcmp(p, "xen-3.0-x86_64", 15) : -1);
    line("unmap", xenforeignmemory_unmap(fmem, p, 1));
    pointer("map with a bad frame",
            xenforeignmemory_map(fmem, domid, PROT_READ, 3, list, NULL));
    p = xenforeignmemory_map(fmem, domid, PROT_READ, 3, list, err);
    pointer("map with errors", p);
    printf("errors %d %d %d\n", err[0], err[1], err[2]);
    line("unmap", xenforeignmemory_unmap(fmem, p, 3));
    pointer("map nobody's",
            xenforeignmemory_map(fmem, 999, PROT_READ, 1, list, NULL));
    line("resource size",
         xenforeignmemory_resource_size(fmem, (domid_t)domid,
                                        XENMEM_resource_grant_table, 0, &size));
    line("it is", (long)size);
    line("resource size of nobody",
         xenforeignmemory_resource_size(fmem, 999, XENMEM_resource_grant_table,
                                        0, &size));
    res = xenforeignmemory_map_resource(fmem, (domid_t)domid,
                                        XENMEM_resource_grant_table, 0, 0, 1,
                                        &table, PROT_READ, 0);
    pointer("map resource", res);
    line("console grant", res ? *(uint16_t *)table : -1);
    line("unmap resource", xenforeignmemory_unmap_resource(fmem, res));
    table = NULL;
    pointer("map a bad resource",
            xenforeignmemory_map_resource(fmem, (domid_t)domid, 77, 0, 0, 1,
                                          &table, PROT_READ, 0));
    line("close", xenforeignmemory_close(fmem));
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: xenlibs DOMID MFN-OF-ITS-START-INFO\n");
        return 2;
    }
    quiet = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr,
                                                              XTL_CRITICAL, 0);
    calls();
    events();
    grants((uint32_t)strtoul(argv[1], NULL, 0));
    frames((uint32_t)strtoul(argv[1], NULL, 0), strtoul(argv[2], NULL, 0));
    xtl_logger_destroy(quiet);
    return 0;
}
