/* SPDX-License-Identifier: MIT */
/* Arguments: mostly ones that let a call get far, and now and then any. */
#include "fuzz.h"

/* xorshift64*: its low bits are not the best ones. */
uint64_t rnd(struct cpu *c)
{
    c->random ^= c->random >> 12;
    c->random ^= c->random << 25;
    c->random ^= c->random >> 27;
    return c->random * 0x2545f4914f6cdd1dUL;
}

/* By a product: the emulation divides slowly. */
unsigned int below(struct cpu *c, unsigned int n)
{
    return (rnd(c) >> 32) * n >> 32;
}

bool one_in(struct cpu *c, unsigned int n)
{
    return below(c, n) == 0;
}

/* --- frames --------------------------------------------------------------- */

unsigned int any_frame(struct cpu *c)
{
    return below(c, NR_FRAMES);
}

unsigned int frame_for(struct cpu *c, unsigned int level)
{
    static const struct {
        uint8_t first, count;
    } use[5] = {{48, 80}, {2, 20}, {22, 12}, {34, 8}, {42, 6}};

    if (level == 0 && one_in(c, 12))
        return any_frame(c);
    if (one_in(c, 8))
        return any_frame(c);
    if (level == 2 && one_in(c, 4))
        return 1;
    if (level == 3 && one_in(c, 4))
        return 0;
    return use[level].first + below(c, use[level].count);
}

void *frame_address(unsigned int frame)
{
    return pfn_to_virt(pool_pfn + frame);
}

uint64_t frame_mfn(unsigned int frame)
{
    return p2m[pool_pfn + frame];
}

static uint64_t special_mfn(struct cpu *c)
{
    switch (below(c, 10)) {
    case 0:
        return start_info->shared_info / PAGE_SIZE;
    case 1:
        return read_pte(grant_table, 1) / PAGE_SIZE & 0xffffffffff;
    case 2:
        return 0xb8;
    case 3:
        return 0xfec00 + below(c, 2) * 0x200;
    case 4:
        return rnd(c) >> 24;
    case 5:
        return -1UL >> below(c, 64);
    case 6:
        return real_root / PAGE_SIZE;
    case 7:
        return user_root / PAGE_SIZE;
    default:
        return below(c, 1 << 15); /* some frame of the machine */
    }
}

uint64_t any_mfn(struct cpu *c)
{
    unsigned int n = below(c, 100);

    if (n < 84)
        return frame_mfn(any_frame(c));
    if (n < 90)
        return words[WORD_PEER + 1 + below(c, NR_PEER)];
    if (n < 91) { /* what it lives on */
        uint64_t pfn = below(c, start_info->nr_pages);

        return p2m[pfn == secret_pfn ? pool_pfn : pfn];
    }
    return special_mfn(c);
}

/* --- addresses ------------------------------------------------------------ */

uint64_t play_address(struct cpu *c)
{
    uint64_t page = below(c, 4) * 512 + below(c, one_in(c, 20) ? 512 : 24);

    return PLAY + page * PAGE_SIZE;
}

static const uint64_t edges[] = {
    0,
    8,
    0x00007ffffffff000,
    0x00007ffffffffff8,
    0x0000800000000000,
    0x8000000000000000,
    0xffff7ffffffffff8,
    0xffff800000000000,
    0xffff803ffffffff8,
    0xffff820000000000,
    0xffff82d040000000,
    0xffff82e000000000,
    0xffff830000000000,
    0xffff87fffffffff8,
    0xffff880000000000,
    0xffffffffffffffff,
    0xfffffffffffff000,
    PLAY - 8,
    PLAY + (1UL << 30) - 4,
};

uint64_t any_address(struct cpu *c)
{
    unsigned int n = below(c, 100);

    if (n < 76)
        return play_address(c) + (one_in(c, 10) ? below(c, PAGE_SIZE) : 0);
    if (n < 92)
        return (uint64_t)frame_address(any_frame(c));
    return edges[below(c, sizeof(edges) / sizeof(edges[0]))];
}

/* --- entries of tables ---------------------------------------------------- */

static uint64_t any_flags(struct cpu *c)
{
    static const uint64_t usual[] = {
        PTE_P | PTE_W | PTE_U | PTE_A | PTE_D,
        PTE_P | PTE_W | PTE_U,
        PTE_P | PTE_U,
        PTE_P | PTE_U | PTE_A,
        PTE_P | PTE_W,
    };
    uint64_t flags = usual[below(c, 5)];

    if (one_in(c, 6))
        flags |= PTE_NX;
    if (one_in(c, 12))
        flags ^= 1UL << below(c, 12);
    if (one_in(c, 40))
        flags ^= 1UL << (52 + below(c, 12));
    if (one_in(c, 60))
        flags = rnd(c) & 0xfff;
    return flags;
}

uint64_t any_entry(struct cpu *c, unsigned int level)
{
    uint64_t mfn =
        one_in(c, 6) ? any_mfn(c) : frame_mfn(frame_for(c, level - 1));

    if (one_in(c, 7))
        return one_in(c, 4) ? rnd(c) & ~PTE_P : 0;
    return mfn * PAGE_SIZE | any_flags(c);
}

uint64_t any_entry_maddr(struct cpu *c, unsigned int *level)
{
    unsigned int slot = below(c, one_in(c, 12) ? 512 : 24);
    unsigned int frame;

    *level = one_in(c, 2) ? 1 : 1 + below(c, 4);
    frame = frame_for(c, *level);
    if (one_in(c, 300)) /* a table that it lives on */
        return (one_in(c, 2)
                    ? real_root
                    : p2m[below(c, start_info->nr_pages)] * PAGE_SIZE) +
               slot * 8;
    if (one_in(c, 60))
        return any_mfn(c) * PAGE_SIZE + below(c, PAGE_SIZE);
    return frame_mfn(frame) * PAGE_SIZE + slot * 8;
}

/* --- numbers -------------------------------------------------------------- */

domid_t any_domid(struct cpu *c)
{
    static const domid_t some[] = {0,          99,        0x7ff1,
                                   DOMID_XEN,  DOMID_COW, DOMID_INVALID,
                                   DOMID_IDLE, 0xffff,    0x7ff5};
    unsigned int n = below(c, 20);

    if (n < 12)
        return DOMID_SELF;
    if (n < 18)
        return words[WORD_PEER];
    return some[below(c, sizeof(some) / sizeof(some[0]))];
}

uint32_t any_count(struct cpu *c, uint32_t usual)
{
    static const uint32_t odd_ones[] = {0,          0x7fffffff, 0x80000000,
                                        0x80000001, 0xffffffff, 4096};

    if (one_in(c, 60))
        return odd_ones[below(c, 6)];
    return 1 + below(c, usual);
}

uint32_t any_port(struct cpu *c)
{
    if (one_in(c, 20))
        return one_in(c, 2) ? 1000 + below(c, 100) : rnd(c) >> 32;
    return 1 + below(c, 30);
}

uint32_t any_vcpu(struct cpu *c)
{
    return one_in(c, 12) ? rnd(c) >> (32 + below(c, 32)) : below(c, 5);
}

uint64_t any_word(struct cpu *c)
{
    switch (below(c, 10)) {
    case 0:
        return any_domid(c);
    case 1:
        return any_mfn(c);
    case 2:
        return any_address(c);
    case 3:
        return (uint64_t)arg(c, 64);
    case 4:
        return -1UL >> below(c, 64);
    case 5:
        return rnd(c);
    case 6:
        return any_entry(c, 1);
    case 7:
        return 0;
    default:
        return below(c, 64);
    }
}

uint64_t odd(struct cpu *c, void *p)
{
    uint64_t end_of_args = (uint64_t)c->args + ARGS_SIZE;

    if (!one_in(c, 24))
        return (uint64_t)p;
    switch (below(c, 5)) {
    case 0:
        return (uint64_t)p + 1 + below(c, 7);
    case 1:
        return end_of_args - 4 - below(c, 64); /* nothing is behind */
    case 2:
        return edges[below(c, sizeof(edges) / sizeof(edges[0]))];
    case 3:
        return play_address(c) + below(c, PAGE_SIZE);
    default:
        return (uint64_t)frame_address(any_frame(c)) + 0xff0;
    }
}

uint64_t any_struct(struct cpu *c, unsigned int n)
{
    uint64_t *w = arg(c, n * 8);

    for (unsigned int i = 0; i < n; i++)
        w[i] = any_word(c);
    return odd(c, w);
}
