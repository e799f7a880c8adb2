/* SPDX-License-Identifier: MIT */
/*
 * A hypervisor for a store daemon on the host, loaded before its libraries
 * (LD_PRELOAD): for ours, for Xen's in C, and for Xen's in OCaml (oxenstored)
 * as far as local clients go. In the daemon's directory (XENSTORED_RUNDIR) the
 * file dom.N is domain N and its ring page, and the pipe 'events' brings
 * numbers of ports that have an event: EXC_PORT for a domain that has come or
 * gone, RING_PORT + N for domain N's ring. Events to guests go nowhere: they
 * look at their rings.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>

#include "store_xen.h"

struct xlc_handle;

static char *file_of(const char *name, char path[4096])
{
    snprintf(path, 4096, "%s/%s", getenv("XENSTORED_RUNDIR"), name);
    return path;
}

static char *domain_file(uint32_t domid, char path[4096])
{
    char name[32];

    snprintf(name, sizeof(name), "dom.%u", domid);
    return file_of(name, path);
}

/* Any address will do for what is only handed around. */
static int anything;
#define HANDLE ((void *)&anything)

/* --- domains: the file's number is what tells two of one id apart --- */

/* The first domain from @domid on. */
static bool find(uint32_t *domid, struct stat *st)
{
    char path[4096];

    for (; *domid < MAX_DOMAINS; ++*domid)
        if (*domid == 0 || stat(domain_file(*domid, path), st) == 0)
            return true;
    return false;
}

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild, unsigned int flags)
{
    return HANDLE;
}

int xc_interface_close(xc_interface *xch)
{
    return 0;
}

int xc_domain_getinfo(xc_interface *xch, uint32_t first, unsigned int max,
                      xc_dominfo_t *info)
{
    struct stat st = {0};

    if (!find(&first, &st))
        return 0;
    memset(info, 0, sizeof(*info));
    info->domid = first;
    memcpy(info->handle, &st.st_ino, sizeof(st.st_ino));
    return 1;
}

struct xlc_handle *xlc_open(struct xentoollog_logger *logger);
struct xlc_handle *xlc_open(struct xentoollog_logger *logger)
{
    return HANDLE;
}

int xlc_domain_getinfo(struct xlc_handle *h, uint32_t domid,
                       struct xen_domctl_getdomaininfo *info);
int xlc_domain_getinfo(struct xlc_handle *h, uint32_t domid,
                       struct xen_domctl_getdomaininfo *info)
{
    struct stat st = {0};
    uint32_t first = domid;

    if (!find(&first, &st) || first != domid) {
        errno = ESRCH;
        return -1;
    }
    memset(info, 0, sizeof(*info));
    info->domain = (domid_t)domid;
    memcpy(info->handle, &st.st_ino, sizeof(st.st_ino));
    return 0;
}

/* --- files: those of a machine with Xen are in the directory --- */

/* The last part of a @path that is Xen's, else NULL. */
static const char *name_of(const char *path)
{
    static const char *const dir[] = {"/proc/xen/", "/var/run/xen/",
                                      "/var/run/xenstored/", "/var/log/xen/"};

    for (size_t i = 0; i < sizeof(dir) / sizeof(dir[0]); i++)
        if (!strncmp(path, dir[i], strlen(dir[i])))
            return path + strlen(dir[i]);
    return NULL;
}

static const char *moved(const char *path, char ours[4096])
{
    const char *name = name_of(path);

    return name ? file_of(name, ours) : path;
}

/* Each daemon is built to call one of these. */
static int open_file(const char *path, int flags, mode_t mode)
{
    char ours[4096];

    return openat(AT_FDCWD, moved(path, ours), flags, mode);
}

int open_32(const char *path, int flags, ...) __asm__("open");
int open_32(const char *path, int flags, ...)
{
    return open_file(path, flags, 0600);
}

int open_64(const char *path, int flags, ...) __asm__("open64");
int open_64(const char *path, int flags, ...)
{
    return open_file(path, flags, 0600);
}

/* oxenstored makes all directories of its files from the root on. */
int mkdir(const char *path, mode_t mode)
{
    if (strncmp(path, "/var", 4) == 0) {
        errno = EEXIST;
        return -1;
    }
    return mkdirat(AT_FDCWD, path, mode);
}

int unlink(const char *path)
{
    char ours[4096];

    return unlinkat(AT_FDCWD, moved(path, ours), 0);
}

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
    struct sockaddr_un a = {0};
    char ours[4096];

    memcpy(&a, address, len < sizeof(a) ? len : sizeof(a));
    if (a.sun_family == AF_UNIX && name_of(a.sun_path)) {
        moved(a.sun_path, ours);
        ours[sizeof(a.sun_path) - 1] = '\0';
        strcpy(a.sun_path, ours);
        len = sizeof(a);
    }
    return (int)syscall(SYS_bind, fd, &a, len);
}

/* oxenstored ends where it may not have a million descriptors. */
int set_limit(int what, const struct rlimit *limit) __asm__("setrlimit");
int set_limit(int what, const struct rlimit *limit)
{
    return 0;
}

/* --- ours gives up what it does not need; but these files are read --- */

int unshare(int flags);
int unshare(int flags)
{
    errno = EINVAL;
    return -1;
}

int setresuid(uid_t real, uid_t effective, uid_t saved);
int setresuid(uid_t real, uid_t effective, uid_t saved)
{
    return 0;
}

int setresgid(gid_t real, gid_t effective, gid_t saved);
int setresgid(gid_t real, gid_t effective, gid_t saved)
{
    return 0;
}

/* Of what valgrind, which counts instructions, does not have. */
int seccomp_attr_set(void *filter, int attribute, uint32_t value);
int seccomp_attr_set(void *filter, int attribute, uint32_t value)
{
    return 0;
}

int seccomp_load(void *filter);
int seccomp_load(void *filter)
{
    return 0;
}

/* --- rings --- */

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger,
                                 unsigned int flags)
{
    return HANDLE;
}

int xengnttab_close(xengnttab_handle *h)
{
    return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *h, uint32_t n)
{
    return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *h, uint32_t domid, uint32_t ref,
                              int prot)
{
    char path[4096];
    int fd = open_file(domain_file(domid, path), O_RDWR | O_CLOEXEC, 0);
    void *page;

    if (fd < 0)
        return NULL;
    page = mmap(NULL, 4096, prot, MAP_SHARED, fd, 0);
    close(fd);
    return page == MAP_FAILED ? NULL : page;
}

int xengnttab_unmap(xengnttab_handle *h, void *page, uint32_t count)
{
    return munmap(page, (size_t)count * 4096);
}

/* --- event channels --- */

static int events = -1;

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger,
                                 unsigned int flags)
{
    char path[4096];

    events =
        open_file(file_of("events", path), O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
    return events < 0 ? NULL : HANDLE;
}

xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd,
                                   unsigned int flags)
{
    return NULL;
}

int xenevtchn_fd(xenevtchn_handle *h)
{
    return events;
}

int xenevtchn_notify(xenevtchn_handle *h, evtchn_port_t port)
{
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *h,
                                                     uint32_t domid,
                                                     evtchn_port_t remote)
{
    if (remote != GUEST_PORT) {
        errno = EINVAL;
        return -1;
    }
    return (int)(RING_PORT + domid);
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *h,
                                              unsigned int virq)
{
    return EXC_PORT;
}

int xenevtchn_unbind(xenevtchn_handle *h, evtchn_port_t port)
{
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *h)
{
    uint32_t port;

    return read(events, &port, sizeof(port)) == sizeof(port) ? (int)port : -1;
}

int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
    return 0;
}
