/* SPDX-License-Identifier: MIT */
/*
 * Small objects of the hypervisor (domains, tables of ports, timers, ...).
 *
 * A page serves objects of one size class; its first 64 bytes are the slab's
 * header, so objects whose size is a multiple of 64 are cache-line aligned.
 * What does not fit goes to whole pages. The size is kept in the frame record
 * (field resume, which the hypervisor's own frames do not use otherwise), not
 * next to the object, where an overrun would reach it.
 */
#include <hv/lib.h>
#include <hv/list.h>
#include <hv/mm.h>
#include <hv/page_alloc.h>
#include <hv/spinlock.h>

static const uint16_t class_size[] = {16,  32,  64,  128, 192,  256,
                                      384, 576, 768, 960, 1344, 1984};
#define NR_CLASSES  ARRAY_SIZE(class_size)
#define SLAB_HEADER 64

/* page_info.resume of the first frame */
#define HEAP_SMALL 0x100u /* | class */
#define HEAP_LARGE 0x200u /* | order */

struct slab {
    struct list_head list; /* pages of the class with room */
    void *free;            /* chain through the objects */
    uint16_t in_use, cls;
};

static spinlock_t slab_lock = SPIN_LOCK_INIT(LOCK_HEAP);
static struct list_head partial[NR_CLASSES];
static bool ready;

static void lists_init(void)
{
    for (unsigned int i = 0; i < NR_CLASSES; i++)
        list_init(&partial[i]);
    ready = true;
}

static struct slab *slab_create(unsigned int cls)
{
    struct slab *s = alloc_xenheap_pages(0, MEMF_no_scrub);
    unsigned int size = class_size[cls];

    if (!s)
        return NULL;
    virt_to_page(s)->resume = HEAP_SMALL | cls;
    *s = (struct slab){.cls = cls};
    list_init(&s->list);
    for (unsigned int off = SLAB_HEADER; off + size <= PAGE_SIZE; off += size) {
        void **obj = (void **)((char *)s + off);

        *obj = s->free;
        s->free = obj;
    }
    return s;
}

static void *take_object(struct slab *s)
{
    void **obj = s->free;

    ASSERT_HELD(&slab_lock);
    s->free = *obj;
    s->in_use++;
    if (!s->free)
        list_del(&s->list);
    return obj;
}

static void *alloc_small(unsigned int cls)
{
    struct slab *s = NULL;
    void *p = NULL;

    spin_lock(&slab_lock);
    if (unlikely(!ready))
        lists_init();
    if (!list_empty(&partial[cls]))
        p = take_object(list_entry(partial[cls].next, struct slab, list));
    spin_unlock(&slab_lock);
    if (!p) {
        s = slab_create(cls);
        if (!s)
            return NULL;
        spin_lock(&slab_lock);
        list_add(&s->list, &partial[cls]);
        p = take_object(s);
        spin_unlock(&slab_lock);
    }
    memset(p, 0, class_size[cls]);
    return p;
}

void *xzalloc_bytes(size_t size)
{
    unsigned int order = 0;
    void *p;

    for (unsigned int i = 0; i < NR_CLASSES; i++)
        if (size <= class_size[i])
            return alloc_small(i);
    while (order <= MAX_ORDER && (PAGE_SIZE << order) < size)
        order++;
    if (order > MAX_ORDER)
        return NULL;
    p = alloc_xenheap_pages(order, 0);
    if (p)
        virt_to_page(p)->resume = HEAP_LARGE | order;
    return p;
}

void xfree(void *p)
{
    struct page_info *pg;
    struct slab *s;
    bool empty;

    if (!p)
        return;
    pg = virt_to_page(p);
    if (pg->resume & HEAP_LARGE) {
        BUG_ON((unsigned long)p & (PAGE_SIZE - 1));
        free_xenheap_pages(p, pg->resume & 0xff);
        return;
    }
    BUG_ON(!(pg->resume & HEAP_SMALL));
    s = (struct slab *)((unsigned long)p & PAGE_MASK);
    spin_lock(&slab_lock);
    if (!s->free)
        list_add(&s->list, &partial[s->cls]);
    *(void **)p = s->free;
    s->free = p;
    empty = --s->in_use == 0;
    if (empty)
        list_del(&s->list);
    spin_unlock(&slab_lock);
    if (empty)
        free_xenheap_page(s);
}
