/* SPDX-License-Identifier: MIT */
/*
 * Opening the kernel's devices for Xen. Where one is missing, most often the
 * machine was started without the hypervisor or the drivers are not loaded; the
 * message tells which.
 *
 * Everything is inline: the libraries that use it are separate objects, and
 * none of them shall export a name for it.
 */
#ifndef OPEN_DEVICE_H
#define OPEN_DEVICE_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <xentoollog.h>

/* What to do about an errno of open(), to be put behind the message. It begins
 * with a blank, and is a constant. errno may change. The last
 * remedy names all drivers, for a machine that lacks one mostly lacks all.
 */
static inline const char *device_remedy(int error)
{
    if (error == EACCES || error == EPERM)
        return " (only root may)";
    /* The kernel has that directory if it runs on Xen, mounted or not. */
    if (access("/proc/xen", F_OK))
        return " (this Linux does not run on Xen: choose GRUB's entry with the "
               "hypervisor)";
    return " (modprobe -a xen-privcmd xen-evtchn xen-gntdev xen-gntalloc)";
}

/*
 * A descriptor, the caller's to close; -1 with errno, and a line in the log at
 * the level of errors, with the remedy. path: of the device, which is never
 * created. context: the library's name there. flags: those of open(), with
 * O_CLOEXEC unless the program has asked for a handle that its children inherit
 * over exec: most have no business with it.
 */
static inline int open_device(xentoollog_logger *logger, const char *context,
                              const char *path, int flags)
{
    int fd = open(path, flags), saved = errno;

    if (fd < 0)
        xtl_log(logger, XTL_ERROR, saved, context, "cannot open %s%s", path,
                device_remedy(saved));
    errno = saved; /* whatever the logger has done to it */
    return fd;
}

#endif
