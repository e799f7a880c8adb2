/* SPDX-License-Identifier: MIT */
/*
 * Calls and lines of the control-operation comparison; see control.h. At the
 * end all domains are gone again and free memory is where it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control.h"
#include <xen/sys/privcmd.h>

union argument *arg;
uint8_t *buffer;
domid_t T;
uint64_t v, w;
static int privcmd;
#define FIRST_ID 3000
#define SLACK    64 /* pages; a domain takes more */
static unsigned int number;
static char fields[512];

const domid_t odd_domain[] = {GONE,       DOMID_SELF, DOMID_IO,
                              DOMID_XEN,  DOMID_COW,  DOMID_INVALID,
                              DOMID_IDLE, 0xffff,     0x7fef};
const unsigned int nr_odd_domains = ARRAY_SIZE(odd_domain);

const char *domain_name(unsigned int id)
{
    static char text[16];

    switch (id) {
    case 0:
        return "dom0";
    case GONE:
        return "gone";
    case DOMID_SELF:
        return "SELF";
    case DOMID_IO:
        return "IO";
    case DOMID_XEN:
        return "XEN";
    case DOMID_COW:
        return "COW";
    case DOMID_INVALID:
        return "INVALID";
    case DOMID_IDLE:
        return "IDLE";
    }
    if (id == T)
        return "T";
    snprintf(text, sizeof(text), id < 0x7f00 ? "other" : "%x", id);
    return text;
}

long hypercall(unsigned int op, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
               uint64_t e)
{
    privcmd_hypercall_t call = {op, {a, b, c, d, e}};
    long rc = syscall(SYS_ioctl, privcmd, IOCTL_PRIVCMD_HYPERCALL, &call);

    return rc == -1 ? -errno : rc;
}

/* --- lines ---------------------------------------------------------------- */

void field(const char *name, uint64_t value)
{
    size_t n = strlen(fields);

    snprintf(fields + n, sizeof(fields) - n, " %s=%lx", name, value);
}

/* What a call has changed in T, if anything: printed with the call. */
static void domain_changes(void)
{
    static uint64_t before[6];
    static const char *const name[6] = {"tot",   "max",    "outstanding",
                                        "flags", "online", "max_vcpu"};
    struct xen_domctl d = {.cmd = XEN_DOMCTL_getdomaininfo,
                           .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
                           .domain = T};
    const struct xen_domctl_getdomaininfo *i = &d.u.getdomaininfo;
    static struct xen_domctl *copy;

    if (!T)
        return;
    if (!copy)
        copy = (struct xen_domctl *)(buffer - 4096);
    *copy = d;
    if (hypercall(__HYPERVISOR_domctl, (uint64_t)copy, 0, 0, 0, 0))
        return;
    d = *copy;
    uint64_t now[6] = {i->tot_pages, i->max_pages,       i->outstanding_pages,
                       i->flags,     i->nr_online_vcpus, i->max_vcpu_id};

    for (unsigned int k = 0; k < 6; k++)
        if (now[k] != before[k]) {
            field(name[k], now[k]);
            before[k] = now[k];
        }
}

void report(const char *family, long rc, const char *what, ...)
{
    char text[512], *p, *q;
    va_list ap;

    va_start(ap, what);
    vsnprintf(text, sizeof(text), what, ap);
    va_end(ap);
    for (p = q = text; *p; p++) /* source text without its line breaks */
        if (*p != ' ' || (q > text && q[-1] != ' '))
            *q++ = *p;
    *q = 0;
    domain_changes();
    printf("%s %u %s", family, ++number, text);
    if (v || w)
        printf(" v=%lx", v);
    if (w)
        printf(" w=%lx", w);
    if (rc < 0)
        printf(" = -%s", strerrorname_np(-rc));
    else
        printf(" = %ld", rc);
    printf("%s\n", fields);
    fields[0] = 0;
}

long domctl(unsigned int id, uint32_t command, const char *name,
            const char *text)
{
    long rc;

    arg->d.cmd = command;
    if (!arg->d.interface_version)
        arg->d.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    arg->d.domain = id;
    rc = hypercall(__HYPERVISOR_domctl, (uint64_t)arg, 0, 0, 0, 0);
    report("domctl", rc, "%s(%s%s%s)", name, domain_name(id), *text ? ": " : "",
           text);
    return rc;
}

long sysctl(uint32_t command, const char *name, const char *text)
{
    long rc;

    arg->s.cmd = command;
    if (!arg->s.interface_version)
        arg->s.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    rc = hypercall(__HYPERVISOR_sysctl, (uint64_t)arg, 0, 0, 0, 0);
    report("sysctl", rc, "%s(%s)", name, text);
    return rc;
}

long platform(uint32_t command, const char *name, const char *text)
{
    long rc;

    arg->p.cmd = command;
    if (!arg->p.interface_version)
        arg->p.interface_version = XENPF_INTERFACE_VERSION;
    rc = hypercall(__HYPERVISOR_platform_op, (uint64_t)arg, 0, 0, 0, 0);
    report("platform_op", rc, "%s(%s)", name, text);
    return rc;
}

/* --- domains -------------------------------------------------------------- */

domid_t new_domain(void)
{
    static domid_t next = FIRST_ID;
    long rc;

    /* The same id on both systems; a domain that is dying keeps its own. */
    next = next < FIRST_ID + 1000 ? next + 1 : FIRST_ID;
    memset(arg, 0, sizeof(arg->d));
    arg->d.cmd = XEN_DOMCTL_createdomain;
    arg->d.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    arg->d.domain = next;
    U.createdomain.max_vcpus = 2;
    U.createdomain.max_evtchn_port = 1023;
    U.createdomain.max_grant_frames = 8;
    U.createdomain.max_maptrack_frames = 8;
    U.createdomain.grant_opts = 1;
    rc = hypercall(__HYPERVISOR_domctl, (uint64_t)arg, 0, 0, 0, 0);
    if (rc) {
        printf("cannot create a domain: %ld\n", rc);
        exit(1);
    }
    return arg->d.domain;
}

void destroy(domid_t id)
{
    long rc;

    do {
        memset(arg, 0, sizeof(arg->d));
        arg->d.cmd = XEN_DOMCTL_destroydomain;
        arg->d.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
        arg->d.domain = id;
        rc = hypercall(__HYPERVISOR_domctl, (uint64_t)arg, 0, 0, 0, 0);
    } while (rc == -ERESTART || rc == -EAGAIN);
}

static uint64_t free_pages(void)
{
    memset(arg, 0, sizeof(arg->s));
    arg->s.cmd = XEN_SYSCTL_physinfo;
    arg->s.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    hypercall(__HYPERVISOR_sysctl, (uint64_t)arg, 0, 0, 0, 0);
    return S.physinfo.free_pages;
}

static uint8_t *pages(size_t size)
{
    uint8_t *p = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (p == MAP_FAILED || mlock(p, size) || munmap(p + size, 4096)) {
        perror("pages");
        exit(1);
    }
    return p;
}

static const struct {
    const char *name;
    void (*fn)(void);
} lists[] = {
    {"domctl", try_domctl},
    {"domctl_vcpu", try_domctl_vcpu},
    {"absent", try_domctl_absent},
    {"sysctl", try_sysctl},
    {"platform", try_platform},
    {"memory", try_memory},
    {"events", try_events},
    {"grants", try_grants},
    {"mmu", try_mmu},
    {"others", try_others},
};

/* control [LIST...]: all of them, or these. */
int main(int argc, char **argv)
{
    uint64_t before, after;

    setvbuf(stdout, NULL, _IOLBF, 0);
    privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (privcmd < 0) {
        perror("/dev/xen/privcmd");
        return 1;
    }
    arg = (union argument *)(pages(4096) + 4096 - sizeof(*arg));
    buffer = pages(4096 + BUFFER_SIZE) + 4096;
    destroy(new_domain()); /* what is allocated once and kept */
    before = free_pages();
    for (unsigned int i = 0; i < ARRAY_SIZE(lists); i++) {
        int wanted = argc < 2;

        for (int k = 1; k < argc; k++)
            wanted |= !strcmp(argv[k], lists[i].name);
        if (!wanted)
            continue;
        number = i * 10000;
        T = new_domain();
        lists[i].fn();
        destroy(T);
        T = 0;
        fprintf(stderr, "after %s: %lu\n", lists[i].name, free_pages());
    }
    sleep(1); /* destruction ends in the background */
    after = free_pages();
    memset(arg, 0, sizeof(arg->s));
    S.getdomaininfolist.first_domain = 1;
    S.getdomaininfolist.max_domains = 10;
    H(S.getdomaininfolist.buffer, buffer);
    sysctl(XEN_SYSCTL_getdomaininfolist, "getdomaininfolist", "at the end");
    printf("memory domains left: %u\n", S.getdomaininfolist.num_domains);
    printf("memory free pages %s\n", after == before ? "as before" : "differ");
    fprintf(stderr, "free pages: %lu before, %lu after\n", before, after);
    return 0;
}
