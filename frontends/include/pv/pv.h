/* SPDX-License-Identifier: MIT */
/*
 * A library for tiny PV guests: start of day, hypercalls, console, traps,
 * memory and events, with nothing between the guest and the interface. A guest
 * is one C file with 'int main(void)'; what main returns is the shutdown
 * reason's success (0: power off, else crash).
 *
 * Everything here runs on one vcpu unless said otherwise, in guest kernel mode,
 * with event delivery masked until events_enable().
 */
#ifndef PV_PV_H
#define PV_PV_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdarg.h>

#include <xen/xen.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/memory.h>
#include <xen/version.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/features.h>
#include <xen/callback.h>
#include <xen/physdev.h>

/* Where the guest's first page is: guest.lds and start.S say the same. */
#ifndef VIRT_BASE
#define VIRT_BASE 0xffffffff80000000UL
#endif

/* The only size of page that PV guests have. */
#define PAGE_SIZE 4096UL
#define PAGE_MASK (~(PAGE_SIZE - 1))

/* Bits of a page-table entry as the CPU and mmu_update have them. The
 * hypervisor may add to them when it takes an entry: see read_pte(). */
#define PTE_P    0x001UL
#define PTE_W    0x002UL
#define PTE_U    0x004UL
#define PTE_PWT  0x008UL
#define PTE_PCD  0x010UL
#define PTE_A    0x020UL /* set by the CPU, as is the next */
#define PTE_D    0x040UL
#define PTE_PSE  0x080UL /* above level 1 refused: no large pages */
#define PTE_G    0x100UL
#define PTE_NX   (1UL << 63)
#define PTE_MASK 0x000ffffffffff000UL

/* Of the errors that hypercalls and this library return (negative), those that
 * guests expect. */
#define EPERM      1
#define ENOENT     2
#define ESRCH      3
#define EIO        5
#define E2BIG      7
#define EAGAIN     11
#define ENOMEM     12
#define EACCES     13
#define EFAULT     14
#define EBUSY      16
#define EEXIST     17
#define ENODEV     19
#define EISDIR     21
#define EINVAL     22
#define ENOSPC     28
#define EROFS      30
#define ENOSYS     38
#define ENOTEMPTY  39
#define EPROTO     71
#define EMSGSIZE   90
#define EOPNOTSUPP 95
#define EISCONN    106
#define ETIMEDOUT  110

extern struct start_info *start_info;   /* as it was handed over */
extern struct shared_info *shared_info; /* mapped before main() */
extern uint64_t *p2m;                   /* pfn to mfn, writable */

/* --- hypercalls ----------------------------------------------------------- */
/*
 * Call nr by the instruction itself, not by the hypercall page; the result as
 * it comes. HCn(memory_op, ...) is the call __HYPERVISOR_memory_op with n
 * arguments, which may be pointers. Errors are negative; nothing is retried.
 */
static inline long hypercall(unsigned long nr, unsigned long a, unsigned long b,
                             unsigned long c, unsigned long d, unsigned long e)
{
    register unsigned long r10 asm("r10") = d, r8 asm("r8") = e;
    long ret = nr;

    asm volatile("syscall"
                 : "+a"(ret), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8)
                 :
                 : "rcx", "r11", "memory");
    return ret;
}
#define HC1(nr, a) hypercall(__HYPERVISOR_##nr, (unsigned long)(a), 0, 0, 0, 0)
#define HC2(nr, a, b)                                                          \
    hypercall(__HYPERVISOR_##nr, (unsigned long)(a), (unsigned long)(b), 0, 0, \
              0)
#define HC3(nr, a, b, c)                                                       \
    hypercall(__HYPERVISOR_##nr, (unsigned long)(a), (unsigned long)(b),       \
              (unsigned long)(c), 0, 0)
#define HC4(nr, a, b, c, d)                                                    \
    hypercall(__HYPERVISOR_##nr, (unsigned long)(a), (unsigned long)(b),       \
              (unsigned long)(c), (unsigned long)(d), 0)

/* A domU that a tiny dom0 has built (pv/domu.h)? Others' run main(). */
#define SERVES "serve the domain that has built this one"
bool is_served(void);

/* --- console -------------------------------------------------------------- */
/* A dom0's is the hypervisor's (console_io), that of a guest of a toolstack a
 * ring, that of a domU of tests its mailbox. When the call returns, all of it
 * is printed, or in the ring. Formats: d u x c s with l, width
 * and padding. */
void console_write(const char *s, size_t n);
void printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void vprintf(const char *fmt, va_list ap);
/* As in C, with these formats. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int snprintf(char *buf, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* --- TAP: one line a check, the plan at the end --------------------------- */
/* The format is the check's name: a sentence that tells by itself what is
 * broken. A failed check does not end the guest. */
void ok(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Says both values when they differ. */
void is(long got, long want, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A remark beside the checks. */
void diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Counts as a check that was left out, for that reason. */
void skip(const char *why, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void done_testing(void); /* prints the plan; called after main() too */
/* SCHEDOP_shutdown: SHUTDOWN_*. */
void shutdown(unsigned int reason) __attribute__((noreturn));

/* --- traps ---------------------------------------------------------------- */
/* Frame as the stub left it; rip may be changed before returning. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r9, r8, r10, rax, rdx, rsi, rdi;
    uint64_t rcx, r11; /* as the hypervisor pushed them */
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss; /* cs: upcall mask in bits 32-39 */
};
/* Runs fn(arg) and catches the first trap: its vector, or -1 if fn returned.
 * caught holds the frame. Does not nest. fn may leave for user mode. */
extern struct trap_frame caught;
int try_call(void (*fn)(void *arg), void *arg);
/* fn runs at each trap of that vector instead; NULL: default (fatal). */
typedef void (*trap_handler_t)(struct trap_frame *f);
void set_trap_handler(unsigned int vector, trap_handler_t fn);
/* The table given to the hypervisor; stubs by vector. traps_init() has run
 * before main(). */
extern const unsigned long trap_stubs[256];
void traps_init(void);
/* Once, before the first iret to user mode: makes a user root with the kernel
 * root's mappings, and a stack for traps from user mode. */
void user_mode_init(void);
/* Loads a byte, stores a word; true if it faulted. */
bool read_faults(const volatile void *p);
bool write_faults(volatile void *p, uint64_t v);

/* --- memory --------------------------------------------------------------- */
/* Pages of the initial mapping, zeroed, page aligned. Stops when none left. */
void *alloc_page(void);
void *alloc_pages(unsigned int n); /* contiguous pfns */
/* For pages of the window: the initial mapping, which begins at VIRT_BASE with
 * pfn 0. Others have no pfn that could be computed. */
static inline uint64_t virt_to_pfn(const void *p)
{
    return ((uint64_t)p - VIRT_BASE) / PAGE_SIZE;
}
/* By the list p2m, which a guest that exchanges pages keeps up itself. */
static inline uint64_t virt_to_mfn(const void *p)
{
    return p2m[virt_to_pfn(p)];
}
/* By the hypervisor's list; for the guest's own frames. */
static inline uint64_t mfn_to_pfn(uint64_t mfn)
{
    return ((const uint64_t *)MACH2PHYS_VIRT_START)[mfn];
}
static inline void *pfn_to_virt(uint64_t pfn)
{
    return (void *)(VIRT_BASE + pfn * PAGE_SIZE);
}
/* Machine address of the L1 entry that maps va (in validated tables); 0: no
 * table is there. */
uint64_t pte_maddr(const void *va);
/* Reads the entry of the given level that maps va; 0 if not there. */
uint64_t read_pte(const void *va, int level);
/* Results of the hypercall, 0 or -errno. pte: the whole entry; flags: UVMF_*.
 */
long set_pte(uint64_t pte_maddr, uint64_t value); /* mmu_update, 1 entry */
long map_va(const void *va, uint64_t pte, unsigned long flags); /* by address */
/* The page's own mapping in the window, as a table or descriptor page needs it,
 * and as it was. Other mappings of the page stay. */
long make_readonly(void *page);
long make_writable(void *page);
/* Maps mfn at a fresh address outside the window (tables made as needed), below
 * 4 GiB: 32-bit code runs there, too.
 * flags: the entry's bits. *rc is the result of the call that maps it. */
void *map_mfn(uint64_t mfn, uint64_t flags, long *rc);
/* One operation. arg2 is the count or the address, by the command. */
long mmuext(unsigned int cmd, uint64_t arg1, uint64_t arg2);

/* --- events (2-level) ----------------------------------------------------- */
/* A handler runs in the callback, with events masked, after its bit was
 * cleared. events_init() masks every port; it has run before main(). */
typedef void (*event_handler_t)(uint32_t port);
void events_init(void);
/* vcpu 0's upcall mask. What has come meanwhile is delivered before enable
 * returns. */
void events_enable(void);
void events_disable(void);
/* One handler for each port; port is below those of the 2-level ABI. */
void bind_handler(uint32_t port, event_handler_t fn); /* and unmask */
/* EVTCHNOP_*, on its structure: 0 or -errno. */
long evtchn_op(int cmd, void *arg);
/* A port that this domain's own sends make pending on the vcpu; 0: failed. */
uint32_t event_new_ipi(unsigned int vcpu);
/* Nothing is checked: a test that wants the error uses evtchn_op(). */
void event_send(uint32_t port);
bool event_pending(uint32_t port); /* the bit, whether masked or not */
void event_clear(uint32_t port);
/* A port to which that domain may bind; 0: none is left. */
uint32_t event_new_unbound(domid_t remote);
void event_close(uint32_t port); /* 0 is harmless */
/* Waits (SCHEDOP_poll) until port is pending or ns have passed. Whether it is
 * pending; it stays so. */
bool wait_event(uint32_t port, uint64_t ns);
/* Once, for one of these ports, until that system time. */
void wait_events(evtchn_port_t *ports, unsigned int nr, uint64_t end);

/* --- time ----------------------------------------------------------------- */
/* ns, from vcpu_info of vcpu 0: that of the hypervisor. In a guest that was
 * restored it goes on where it was, and is no number for the hypervisor. */
uint64_t system_time(void);

/* --- more vcpus ----------------------------------------------------------- */
/* Starts vcpu id at fn on a stack of its own; 0/-errno. It has the traps of
 * vcpu 0 and the same root; console and checks are not for two at a time. */
long start_vcpu(unsigned int id, void (*fn)(void));

/* The guest's own. */
int main(void);

/* As in C; the compiler calls them, too. */
void *memset(void *d, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);
void *memmove(void *d, const void *s, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);

/* For the compiler, and between vcpus. */
#define barrier() asm volatile("" ::: "memory")
#define mb()      __atomic_thread_fence(__ATOMIC_SEQ_CST)

#endif
