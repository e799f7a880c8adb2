/* SPDX-License-Identifier: MIT */
/*
 * xlctrl-ops: every operation of libxlctrl once, in a dom0, on an empty
 * domain that it creates and destroys. TAP on standard output. It holds on
 * genuine Xen and on xen-lite alike, so it also says which operations of the
 * toolstack a hypervisor still lacks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xentoollog.h>

#include <xlctrl.h>

static xlc_handle *xc;
static unsigned int tests, failures;

static void check(int good, const char *name)
{
    tests++;
    if (!good) {
        failures++;
        printf("# errno: %s\n", strerror(errno));
    }
    printf("%sok %u - %s\n", good ? "" : "not ", tests, name);
    errno = 0;
}

/*
 * For what a hypervisor may leave out: EOPNOTSUPP is an answer too, and the
 * line says so.
 */
static void check_optional(int good, const char *name)
{
    if (!good && errno == EOPNOTSUPP) {
        printf("ok %u - %s # SKIP left out by this hypervisor\n", ++tests,
               name);
        errno = 0;
        return;
    }
    check(good, name);
}

static void check_host(void)
{
    struct xen_sysctl_physinfo phys;
    struct xen_sysctl_cputopo topo[64];
    struct xen_sysctl_meminfo mem[8];
    uint32_t distance[64], index = 0;
    struct xen_compile_info compile;
    char text[2048];
    uint8_t id[64];
    uint64_t value;
    int nr;

    check(xlc_version(xc) == (4 << 16 | 17),
          "the hypervisor's version is 4.17");
    check(!xlc_version_text(xc, XENVER_extraversion, text, sizeof(text)) &&
              text[0],
          "the version has an extra part");
    check(!xlc_version_text(xc, XENVER_capabilities, text, sizeof(text)) &&
              strstr(text, "xen-3.0-x86_64"),
          "the capabilities name 64-bit PV");
    check(!xlc_version_text(xc, XENVER_capabilities, text, 8) &&
              strlen(text) == 7,
          "capabilities that do not fit are cut to the buffer");
    check(!xlc_version_text(xc, XENVER_changeset, text, sizeof(text)),
          "the changeset can be read");
    check(!xlc_version_text(xc, XENVER_commandline, text, sizeof(text)) &&
              strstr(text, "dom0_mem"),
          "the hypervisor's command line has dom0_mem");
    check(!xlc_version_compile(xc, &compile) && compile.compiler[0],
          "the compile information names a compiler");
    check(!xlc_version_virt_start(xc, &value) && value == 0xffff800000000000ULL,
          "the hypervisor's virtual addresses start at 0xffff800000000000");
    check(xlc_version_pagesize(xc) == 4096, "the page size is 4096");
    check(xlc_version_build_id(xc, id, sizeof(id)) >= 8,
          "the build id has 8 bytes or more");

    check(!xlc_physinfo(xc, &phys) && phys.nr_cpus && phys.total_pages &&
              phys.free_pages < phys.total_pages,
          "physinfo has CPUs, and memory of which a part is free");
    check(phys.capabilities & XEN_SYSCTL_PHYSCAP_pv,
          "physinfo has the capability PV");
    nr = xlc_cputopology(xc, 0, NULL);
    check(nr > (int)phys.max_cpu_id,
          "the CPU topology without a buffer tells how many CPUs there are");
    check(xlc_cputopology(xc, 64, topo) == nr && topo[0].node == 0,
          "the CPU topology has CPU 0 on node 0");
    nr = xlc_numainfo(xc, 0, NULL, NULL);
    check(nr >= 1, "numainfo without buffers tells how many nodes there are");
    check(xlc_numainfo(xc, 8, mem, distance) >= 1 && mem[0].memsize,
          "numainfo says that node 0 has memory");
    check(xlc_memory_sharing_freed(xc) == 0, "no page is freed by sharing");
    check(xlc_memory_sharing_shared(xc) == 0, "no page is shared");

    check(!xlc_debug_keys(xc, "h"), "the debug key h is taken");
    nr = xlc_readconsole(xc, text, sizeof(text) - 1, false, true, &index);
    check(nr > 0 && index >= (uint32_t)nr,
          "the first read of the console ring has text");
    while (nr > 0)
        nr = xlc_readconsole(xc, text, sizeof(text) - 1, false, true, &index);
    check(nr == 0, "reading on, the console ring comes to an end");
}

static void check_pools(void)
{
    struct xlc_cpupool pool;
    uint8_t cpus[16] = {0};
    struct xen_sysctl_scheduler_op sched = {.cmd = XEN_SYSCTL_SCHEDOP_getinfo};

    check(!xlc_cpupool_info(xc, 0, &pool, sizeof(cpus), cpus) && pool.id == 0 &&
              cpus[0] & 1 && pool.nr_domains >= 1,
          "CPU pool 0 has CPU 0 and a domain");
    check(xlc_cpupool_info(xc, 1000, &pool, sizeof(cpus), cpus) == -1 &&
              errno == ENOENT,
          "information on CPU pool 1000 is ENOENT");
    check(!xlc_cpupool_freeinfo(xc, sizeof(cpus), cpus) && !cpus[0],
          "no CPU is outside all pools");
    sched.sched_id = (uint32_t)xlc_sched_id(xc);
    check(!xlc_cpupool_sched(xc, &sched),
          "the scheduler parameters of pool 0 can be read");
    sched.cmd = XEN_SYSCTL_SCHEDOP_putinfo;
    check_optional(
        !xlc_cpupool_sched(xc, &sched),
        "the scheduler parameters of pool 0 can be set to what they are");
}

static void check_properties(uint32_t domid)
{
    xen_domain_handle_t uuid = {1, 2, 3};
    struct xen_domctl_tsc_info tsc = {0};
    struct xen_domctl_scheduler_op sched = {.cmd = XEN_DOMCTL_SCHEDOP_getinfo};
    struct xlc_e820 map = {.size = 64 << 20, .type = 1};
    struct xen_domctl_getdomaininfo info;
    int port;

    check(!xlc_domain_max_mem(xc, domid, 64 << 10),
          "a domain's memory limit can be set");
    check(!xlc_domain_set_handle(xc, domid, uuid),
          "a domain's handle can be set");
    check(!xlc_domain_getinfo(xc, domid, &info) && info.max_pages == 64 << 8 &&
              info.handle[2] == 3 && info.flags & XEN_DOMINF_paused,
          "a domain's information shows its limit and handle, and that it is "
          "paused");
    check(!xlc_domain_set_address_size(xc, domid, 64),
          "a domain's address size can be set to 64 bits");
    check(!xlc_domain_set_time_offset(xc, domid, -3600),
          "a domain's time offset can be set");
    check(!xlc_domain_set_tsc(xc, domid, &tsc),
          "a domain's TSC mode can be set");
    check(!xlc_memory_set_map(xc, domid, 1, &map),
          "a domain's memory map can be set");
    sched.sched_id = (uint32_t)xlc_sched_id(xc);
    check(!xlc_domain_sched(xc, domid, &sched) && sched.u.credit2.weight == 256,
          "a new domain has the weight 256");
    sched.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    sched.u.credit2.weight = 512;
    check(!xlc_domain_sched(xc, domid, &sched), "a domain's weight can be set");
    sched = (struct xen_domctl_scheduler_op){.cmd = XEN_DOMCTL_SCHEDOP_getinfo,
                                             .sched_id = sched.sched_id};
    check(!xlc_domain_sched(xc, domid, &sched) && sched.u.credit2.weight == 512,
          "a domain's weight reads as it was set");
    port = xlc_evtchn_alloc_unbound(xc, domid, 0);
    check(port > 0, "an unbound port of a domain is allocated for dom0");
    check(!xlc_gnttab_seed(xc, domid, 1, 2),
          "the reserved grants of store and console can be seeded");
}

static void check_vcpus(uint32_t domid)
{
    struct xen_domctl_getvcpuinfo info;
    uint8_t hard[16] = {0}, soft[16] = {0};

    check(!xlc_domain_max_vcpus(xc, domid, 2), "two vcpus can be created");
    check(!xlc_vcpu_getinfo(xc, domid, 1, &info) && !info.online,
          "a new vcpu is offline");
    check(xlc_vcpu_getinfo(xc, domid, 2, &info) == -1,
          "information on a vcpu that does not exist is refused");
    check(!xlc_vcpu_affinity(xc, domid, 0, XEN_DOMCTL_getvcpuaffinity,
                             XEN_VCPUAFFINITY_HARD, sizeof(hard), hard, NULL) &&
              hard[0] & 1,
          "a new vcpu's hard affinity has CPU 0");
    memset(soft, 0xff, sizeof(soft));
    hard[0] = 1;
    check(!xlc_vcpu_affinity(xc, domid, 0, XEN_DOMCTL_setvcpuaffinity,
                             XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT,
                             sizeof(hard), hard, soft) &&
              hard[0] == 1 && soft[0] == 1,
          "setting the affinities of a vcpu reports what is effective");
}

static void check_memory(uint32_t domid)
{
    xen_pfn_t extents[4] = {0, 512, 1024, 1536}, single = 4096;
    struct xen_domctl_getdomaininfo info;

    check(!xlc_memory_claim(xc, domid, 4096),
          "16 MiB of memory can be claimed");
    check(!xlc_domain_getinfo(xc, domid, &info) &&
              info.outstanding_pages == 4096,
          "a claim is shown as outstanding");
    check(xlc_memory_populate(xc, domid, 9, 0, 4, extents) == 4 &&
              extents[0] != 0 && extents[3] % 512 == 0,
          "four extents of 2 MiB are populated, each in consecutive frames");
    check(xlc_memory_populate(xc, domid, 0, 0, 1, &single) == 1,
          "one frame of 4 KiB is populated");
    check(!xlc_memory_claim(xc, domid, 0), "a claim can be given up");
    check(!xlc_domain_getinfo(xc, domid, &info) && info.tot_pages == 2049 &&
              !info.outstanding_pages,
          "a domain counts the 2049 pages that it got, and no claim");
    check(xlc_memory_claim(xc, domid, 1UL << 40) == -1,
          "a claim of 4 PiB is refused");
    check(xlc_mmuext_pin(xc, domid, MMUEXT_PIN_L4_TABLE, extents[0]) == -1 ||
              !xlc_mmuext_pin(xc, domid, MMUEXT_UNPIN_TABLE, extents[0]),
          "a frame of old bytes is pinned as a root only if it is valid");
}

static void check_life(uint32_t domid)
{
    struct xen_domctl_getdomaininfo list[8];
    int nr = xlc_domain_getinfolist(xc, 0, 8, list);

    check(nr >= 2 && list[0].domain == 0,
          "the list of domains starts with domain 0");
    check(xlc_domain_getinfolist(xc, domid, 1, list) == 1 &&
              list[0].domain == domid,
          "the list of domains can start with a given one");
    check(xlc_domain_getinfo(xc, 30000, list) == -1 && errno == ESRCH,
          "information on a domain that does not exist is ESRCH");
    check(!xlc_domain_pause(xc, domid), "a domain can be paused");
    check(xlc_domain_send_trigger(xc, domid, 77, 0) == -1,
          "a trigger that does not exist is refused");
    check(!xlc_domain_destroy(xc, domid), "a domain is destroyed");
    check(xlc_domain_getinfo(xc, domid, list) == -1 && errno == ESRCH,
          "information on a destroyed domain is ESRCH");
    check(xlc_domain_unpause(xc, domid) == -1 && errno == ESRCH,
          "unpausing a destroyed domain is ESRCH");
}

/* Xen's small-object allocator may keep a few pages that it has grown by. */
#define SLACK_PAGES 8

/* The last structures of a domain are freed a little after it is gone. */
static int memory_is_back(const struct xen_sysctl_physinfo *before)
{
    struct xen_sysctl_physinfo now;
    int tries;

    for (tries = 0; tries < 30; tries++) {
        if (xlc_physinfo(xc, &now))
            return 0;
        if (now.free_pages + SLACK_PAGES >= before->free_pages)
            return 1;
        usleep(100000);
    }
    printf("# %llu pages free before, %llu now\n",
           (unsigned long long)before->free_pages,
           (unsigned long long)now.free_pages);
    return 0;
}

int main(void)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = 2,
        .max_evtchn_port = 1023,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
    struct xen_sysctl_physinfo before;
    uint32_t domid = DOMID_INVALID;

    xc = xlc_open(NULL);
    if (!xc)
        return 1;
    check_host();
    check_pools();
    xlc_physinfo(xc, &before);
    check(!xlc_domain_create(xc, &domid, &config) && domid &&
              domid < DOMID_FIRST_RESERVED,
          "a domain is created with a number of its own");
    check_vcpus(domid);
    check_properties(domid);
    check_memory(domid);
    check_life(domid);
    check(memory_is_back(&before),
          "all memory of a destroyed domain is free again");
    xlc_close(xc);
    printf("1..%u\n", tests);
    return failures != 0;
}
