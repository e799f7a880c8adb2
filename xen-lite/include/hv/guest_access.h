/* SPDX-License-Identifier: MIT */
/*
 * Guest memory is reached only by these copies, which check the range and
 * survive faults. A handle is never dereferenced here.
 *
 * The addresses are virtual ones of the current vcpu's kernel: they are
 * resolved by the tables that are loaded, so the caller must run in that vcpu's
 * context. What is copied in is the guest's to change again at once: read it
 * once, check the copy, use the copy.
 *
 * copy_* return the number of bytes NOT copied (0 = success), like the field's
 * custom; the macros return nonzero on failure. A copy that fails may have
 * copied a part. Each element's address is computed and checked at use, after
 * adding the index, so a resumed index cannot leave the guest's range.
 */
#ifndef HV_GUEST_ACCESS_H
#define HV_GUEST_ACCESS_H

#include <hv/types.h>

/* Architecture: checks [addr, addr+n) against the hypervisor's range, faults
 * handled. dst/src on our side must not overlap guest memory. n may be 0, and
 * then every address will do. clear_guest_raw() writes zeros; what a copy from
 * a guest could not read is zero in the destination. */
size_t copy_to_guest_raw(uint64_t to, const void *from, size_t n);
size_t copy_from_guest_raw(void *to, uint64_t from, size_t n);
size_t clear_guest_raw(uint64_t to, size_t n);

/* The address of element i, and whether the guest gave no address at all. */
#define guest_handle_addr(h, i)                                                \
    ((uint64_t)(h).p + (uint64_t)(i) * sizeof(*(h).p))
#define guest_handle_is_null(h) ((h).p == NULL)
/*
 * Whether element 'index' of an array at base can be named without overflow. It
 * says nothing of the range: the copy does.
 */
static inline bool guest_index_ok(uint64_t base, uint64_t index, size_t size)
{
    uint64_t off, end;
    return !__builtin_mul_overflow(index, size, &off) &&
           !__builtin_add_overflow(base, off, &end);
}

/* nr elements at index off; ptr's type must be the handle's. Each argument is
 * evaluated once, but for the handle. */
#define copy_from_guest_offset(ptr, h, off, nr)                                \
    ({                                                                         \
        typeof(*(h).p) *p_ = (ptr);                                            \
        uint64_t o_ = (off), n_ = (nr);                                        \
        guest_index_ok((uint64_t)(h).p, o_ + n_, sizeof(*p_)) && o_ + n_ >= o_ \
            ? copy_from_guest_raw(p_, guest_handle_addr(h, o_),                \
                                  n_ * sizeof(*p_))                            \
            : 1;                                                               \
    })
#define copy_to_guest_offset(h, off, ptr, nr)                                  \
    ({                                                                         \
        const typeof(*(h).p) *p_ = (ptr);                                      \
        uint64_t o_ = (off), n_ = (nr);                                        \
        guest_index_ok((uint64_t)(h).p, o_ + n_, sizeof(*p_)) && o_ + n_ >= o_ \
            ? copy_to_guest_raw(guest_handle_addr(h, o_), p_,                  \
                                n_ * sizeof(*p_))                              \
            : 1;                                                               \
    })
/* From the first element on. */
#define copy_from_guest(ptr, h, nr) copy_from_guest_offset(ptr, h, 0, nr)
#define copy_to_guest(h, ptr, nr)   copy_to_guest_offset(h, 0, ptr, nr)
/* One object at an address that came in a register. Its type is that of *ptr,
 * so that must be the one of the ABI. */
#define copy_object_from_guest(ptr, addr)                                      \
    copy_from_guest_raw(ptr, addr, sizeof(*(ptr)))
#define copy_object_to_guest(addr, ptr)                                        \
    copy_to_guest_raw(addr, ptr, sizeof(*(ptr)))
/*
 * One field of a structure that the guest holds at addr; the fields beside it
 * are not touched.
 */
#define copy_field_to_guest(addr, ptr, field)                                  \
    copy_to_guest_raw((addr) + offsetof(typeof(*(ptr)), field), &(ptr)->field, \
                      sizeof((ptr)->field))

#endif
