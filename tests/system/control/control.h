/* SPDX-License-Identifier: MIT */
/*
 * The control-operation comparison: a program that issues a fixed list of
 * control calls in dom0 and prints one line for each: its family, the call as
 * it stands in the source, the loop values, the result, the fields that count.
 * Run on two hypervisors, the outputs must be the same. Figures that may
 * differ (frame numbers, times, amounts of memory) are not printed but judged.
 *
 * It knows Xen by Debian's headers alone and issues calls through privcmd.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdint.h>
#include <string.h>

#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>

/* The argument of a call: the last bytes of a page, nothing is mapped behind.
 */
union argument {
    struct xen_domctl d;
    struct xen_sysctl s;
    struct xen_platform_op p;
    uint8_t bytes[2048];
};
extern union argument *arg;
extern uint8_t *buffer; /* BUFFER_SIZE bytes, nothing is mapped behind */
#define BUFFER_SIZE (256 * 1024)
#define NOWHERE     ((void *)(buffer + BUFFER_SIZE))
#define XENS_OWN    ((void *)0xffff830000001000UL)

/* Domains: T is ours to try things on, GONE does not exist. */
extern domid_t T;
#define GONE 777
const char *domain_name(unsigned int id);
extern const domid_t odd_domain[];
extern const unsigned int nr_odd_domains;
/* A domain without memory and vcpus; its id. */
domid_t new_domain(void);
void destroy(domid_t id);

/* The ambient loop variables, printed with each call. */
extern uint64_t v, w;
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define FOR(var, ...)                                                          \
    for (uint64_t list_##var[] = {__VA_ARGS__}, i_##var = 0;                   \
         i_##var < ARRAY_SIZE(list_##var) && (var = list_##var[i_##var], 1);   \
         i_##var++, var = 0)

/* The hypercall as it is. Result or -errno. */
long hypercall(unsigned int op, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
               uint64_t e);
/* One line. */
void report(const char *family, long rc, const char *what, ...)
    __attribute__((format(printf, 3, 4)));
/* Fields for the next line. */
void field(const char *name, uint64_t value);

/* A domctl, sysctl or platform_op: the text is the source's. */
#define U                  arg->d.u
#define S                  arg->s.u
#define P                  arg->p.u
#define H(handle, pointer) set_xen_guest_handle(handle, (void *)(pointer))
#define DOMCTL(id, command, ...)                                               \
    ({                                                                         \
        memset(arg, 0, sizeof(arg->d));                                        \
        __VA_ARGS__;                                                           \
        domctl(id, XEN_DOMCTL_##command, #command, #__VA_ARGS__);              \
    })
#define SYSCTL(command, ...)                                                   \
    ({                                                                         \
        memset(arg, 0, sizeof(arg->s));                                        \
        __VA_ARGS__;                                                           \
        sysctl(XEN_SYSCTL_##command, #command, #__VA_ARGS__);                  \
    })
#define PLATFORM(command, ...)                                                 \
    ({                                                                         \
        memset(arg, 0, sizeof(arg->p));                                        \
        __VA_ARGS__;                                                           \
        platform(XENPF_##command, #command, #__VA_ARGS__);                     \
    })
/* Any other: family, hypercall, sub-op and its name, a structure and how it is
 * filled in, as text and as statements. Wrappers take the texts themselves:
 * another level of macros would see numbers instead of names. */
#define CALL(family, hcall, sub, name, type, text, ...)                        \
    ({                                                                         \
        type *a = (type *)arg;                                                 \
        memset(a, 0, sizeof(*a));                                              \
        __VA_ARGS__;                                                           \
        long rc_ = hypercall(__HYPERVISOR_##hcall, sub, (uint64_t)a, 0, 0, 0); \
        report(family, rc_, "%s(%s)", name, text);                             \
        rc_;                                                                   \
    })
#define RAW(family, hcall, a, b, c, d, e)                                      \
    ({                                                                         \
        long rc_ =                                                             \
            hypercall(__HYPERVISOR_##hcall, (uint64_t)(a), (uint64_t)(b),      \
                      (uint64_t)(c), (uint64_t)(d), (uint64_t)(e));            \
        report(family, rc_, "%s(%s)", #hcall, #a ", " #b ", " #c ", " #d);     \
        rc_;                                                                   \
    })

long domctl(unsigned int id, uint32_t command, const char *name,
            const char *text);
long sysctl(uint32_t command, const char *name, const char *text);
long platform(uint32_t command, const char *name, const char *text);

/* The lists. */
void try_domctl(void);
void try_domctl_vcpu(void);
void try_domctl_absent(void);
void try_sysctl(void);
void try_platform(void);
void try_memory(void);
void try_events(void);
void try_grants(void);
void try_mmu(void);
void try_others(void);

#endif
