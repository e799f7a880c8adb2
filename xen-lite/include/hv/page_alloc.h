/* SPDX-License-Identifier: MIT */
/*
 * The zoned buddy allocator of machine frames.
 *
 * One zone per address width. An allocation takes from the highest zone that
 * its address limit allows, so low memory lasts. A reserve below 4 GiB is kept
 * for dom0's contiguous (DMA) exchanges.
 */
#ifndef HV_PAGE_ALLOC_H
#define HV_PAGE_ALLOC_H

#include <hv/types.h>

struct domain;
struct page_info;

#define MAX_ORDER 18 /* 1 GiB */

#define MEMF_address_bits(n) ((n)&0xff) /* frame's address < 1 << n */
#define MEMF_low_reserve     (1u << 8)  /* may use the reserve below 4 GiB */
#define MEMF_no_refcount     (1u << 9)  /* not counted in tot_pages */
#define MEMF_no_scrub        (1u << 10) /* caller overwrites all of it */

/*
 * Frames for the hypervisor itself, of the given order: owner DOMID_IDLE until
 * they are lent, zeroed unless MEMF_no_scrub. NULL when out of memory.
 *
 * Locks   takes HEAP, and may flush the TLBs of all CPUs: not under a lock from
 *         EVTCHN on, not in interrupt context
 */
void *alloc_xenheap_pages(unsigned int order, unsigned int memflags);
void free_xenheap_pages(void *p, unsigned int order);
#define alloc_xenheap_page() alloc_xenheap_pages(0, 0)
#define free_xenheap_page(p) free_xenheap_pages(p, 0)

/*
 * Frames for a domain: owner set, one general reference (the allocation), type
 * none, scrubbed, counted in d->tot_pages against d->max_pages and claims.
 */
struct page_info *alloc_domheap_pages(struct domain *d, unsigned int order,
                                      unsigned int memflags);
/*
 * The same in two steps, for long calls: nr chunks, or none, that nobody owns
 * yet. d: the domain for which they are, NULL: for none that has a claim. Each
 * is given to a domain by assign_pages(), or goes back as clean as it is.
 *
 * 0; -ENOMEM; -ERESTART: hypercall_preempt_check() was true. The call, made
 * again, gets further, for what has been cleaned stays so.
 */
int __must_check take_pages(const struct domain *d, struct page_info **pg,
                            unsigned long nr, unsigned int order,
                            unsigned int memflags);
void put_back_pages(struct page_info **pg, unsigned long nr,
                    unsigned int order);
/* Gives back frames whose last reference is gone (called by put_page()). */
void free_domheap_page(struct page_info *pg);
/*
 * Gives frames without an owner to d. 0; -EINVAL if d is dying or has no room
 * below its limit.
 */
int __must_check assign_pages(struct domain *d, struct page_info *pg,
                              unsigned int order, unsigned int memflags);

/*
 * Takes frames that nothing but their allocation holds away from d: all, or
 * none if one is in use. tot_pages goes on counting them. The hypervisor owns
 * them then. 0/-EBUSY
 */
int __must_check steal_pages(struct domain *d, struct page_info **pg,
                             unsigned long nr);
void free_stolen_pages(struct page_info **pg, unsigned long nr);
/* For frames that have no domain: the hypervisor's own. */
void free_unowned_pages(struct page_info *pg, unsigned int order);

uint64_t total_free_pages(void);
/* Frames that a domain can get: the reserve below 4 GiB is not among them. */
uint64_t available_pages(void);
extern uint64_t total_pages; /* RAM frames of the machine */
uint64_t outstanding_claims(void);
int domain_set_outstanding_pages(struct domain *d, uint64_t pages);
/* Boot: hand RAM [s, e) to the allocator, page-aligned, bytes. */
void init_heap_pages(paddr_t s, paddr_t e);
void page_alloc_init(void); /* by paging_init() */
/* All of e820_for_each_free_ram() is in: fixes the reserve below 4 GiB. */
void heap_init_done(void);

void heap_dump(char key); /* a debug key: free frames by zone */
#ifdef HV_DEBUG
/* For the auditor: every free chunk. How much about the lists is wrong: a
 * place, a link, or a sum. */
unsigned long heap_walk(void (*found)(unsigned long mfn, unsigned int order));
#endif

#endif
