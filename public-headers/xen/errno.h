/* SPDX-License-Identifier: MIT */
/*
 * Error numbers of hypercalls; they return the negative. Included plainly,
 * this gives an enumeration of XEN_<name>. With XEN_ERRNO(name, value) defined
 * it expands that for each (any number of times); XEN_ERRNO is then undefined.
 * EAGAIN and EDEADLK have a second name each, so an expansion into the cases of
 * a switch must leave those out. What only the hypervisor uses inside itself is
 * not expanded for others.
 *
 * The numbers are Linux's. What they mean wherever an operation says nothing
 * else:
 *
 *   EPERM       the caller may not do this
 *   EFAULT      memory of the caller cannot be read or written; what was done
 *               before that stays done
 *   ENOSYS      no such hypercall or operation
 *   EOPNOTSUPP  the operation is known and left out
 *   ESRCH       no such domain
 *   ENOENT      no such vcpu or other object; EEXIST: it is there already
 *   EINVAL      an argument is none that the operation takes
 *   EACCES      another version of the interface
 *   ENOMEM      the hypervisor, or the domain's share, has no memory for it
 *   ENOSPC      no number is left: ports, handles, interrupts
 *   ENOBUFS     the caller's list is too small
 *   EBUSY       somebody uses it
 *
 * Rarer ones, of single operations:
 *
 *   E2BIG       the caller's list is longer than any may be
 *   ENODEV      there is no such CPU, device or register in this machine
 *   ENODATA     the object exists and has nothing to tell yet
 *   ENXIO       a vcpu_info that no guest frame can hold
 *   ERANGE      the list names something that it cannot be about; EDOM: a
 *               count of vectors that no device has
 *   EOVERFLOW   a number, or a count of pauses, does not fit
 *   EADDRNOTAVAIL  a CPU that the pool does not have
 *
 * No operation leaves a caller to guess whether to try again: what the
 * hypervisor interrupts it continues by itself, without an error. EAGAIN, EINTR
 * and ERESTART therefore never reach a guest.
 *
 * The remaining names are never returned by hypercalls here. The store's
 * protocol uses some of them, as names and not as numbers, and a guest may run
 * on another hypervisor that does return them.
 */
#ifdef XEN_ERRNO
#define XEN_ERRNO_FOREACH
#elif !defined(__XEN_PUBLIC_ERRNO_H__)
#define __XEN_PUBLIC_ERRNO_H__
#define XEN_ERRNO_FOREACH
#define XEN_ERRNO_ENUM
#define XEN_ERRNO(name, value) XEN_##name = value,
enum xen_errno {
#endif

/* clang-format off */
#ifdef XEN_ERRNO_FOREACH
XEN_ERRNO(EPERM,           1)
XEN_ERRNO(ENOENT,          2)
XEN_ERRNO(ESRCH,           3)
#ifdef __HYPERVISOR__           /* never leaves the hypervisor */
XEN_ERRNO(EINTR,           4)
#endif
XEN_ERRNO(EIO,             5)
XEN_ERRNO(ENXIO,           6)
XEN_ERRNO(E2BIG,           7)
XEN_ERRNO(ENOEXEC,         8)
XEN_ERRNO(EBADF,           9)
XEN_ERRNO(ECHILD,         10)
XEN_ERRNO(EAGAIN,         11)
XEN_ERRNO(EWOULDBLOCK,    11)
XEN_ERRNO(ENOMEM,         12)
XEN_ERRNO(EACCES,         13)
XEN_ERRNO(EFAULT,         14)
XEN_ERRNO(EBUSY,          16)
XEN_ERRNO(EEXIST,         17)
XEN_ERRNO(EXDEV,          18)
XEN_ERRNO(ENODEV,         19)
XEN_ERRNO(ENOTDIR,        20)
XEN_ERRNO(EISDIR,         21)
XEN_ERRNO(EINVAL,         22)
XEN_ERRNO(ENFILE,         23)
XEN_ERRNO(EMFILE,         24)
XEN_ERRNO(ENOSPC,         28)
XEN_ERRNO(EROFS,          30)
XEN_ERRNO(EMLINK,         31)
XEN_ERRNO(EDOM,           33)
XEN_ERRNO(ERANGE,         34)
XEN_ERRNO(EDEADLK,        35)
XEN_ERRNO(EDEADLOCK,      35)
XEN_ERRNO(ENAMETOOLONG,   36)
XEN_ERRNO(ENOLCK,         37)
XEN_ERRNO(ENOSYS,         38)
XEN_ERRNO(ENOTEMPTY,      39)
XEN_ERRNO(ENODATA,        61)
XEN_ERRNO(ETIME,          62)
XEN_ERRNO(EBADMSG,        74)
XEN_ERRNO(EOVERFLOW,      75)
XEN_ERRNO(EILSEQ,         84)
#ifdef __HYPERVISOR__           /* a long call asks to be continued */
XEN_ERRNO(ERESTART,       85)
#endif
XEN_ERRNO(ENOTSOCK,       88)
XEN_ERRNO(EMSGSIZE,       90)
XEN_ERRNO(EOPNOTSUPP,     95)
XEN_ERRNO(EADDRINUSE,     98)
XEN_ERRNO(EADDRNOTAVAIL,  99)
XEN_ERRNO(ENOBUFS,       105)
XEN_ERRNO(EISCONN,       106)
XEN_ERRNO(ENOTCONN,      107)
XEN_ERRNO(ETIMEDOUT,     110)
XEN_ERRNO(ECONNREFUSED,  111)
#undef XEN_ERRNO
#undef XEN_ERRNO_FOREACH
#endif

#ifdef XEN_ERRNO_ENUM
#undef XEN_ERRNO_ENUM
};
#endif
