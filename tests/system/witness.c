/* SPDX-License-Identifier: MIT */
/*
 * witness NAME FIXED LOAD PAGES [DISK] - runs in a guest that is saved,
 * restored or moved, keeps its memory, disk and clock busy and tells whether
 * any of them lost or gained anything.
 *
 * FIXED MiB are filled once. LOAD MiB are rewritten page by page, PAGES of them
 * every 10 ms at random: each page is a function of its number and of how often
 * it was written, and that count is kept in another page, so a page that was
 * left behind contradicts its count and the sum of all counts contradicts the
 * number of writes. Blocks of DISK are written past the page cache likewise.
 * CLOCK_MONOTONIC must never step back; its longest step is reported.
 *
 * Once a second everything is verified and one line is printed:
 *
 *   GUEST witness-NAME rounds=N memory=ERRORS disk=ERRORS back=STEPS gap=MS
 *
 * Errors add up and stay; the gap is the longest since the line before the
 * last.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE        4096
#define WORDS       (PAGE / 8)
#define BLOCKS      64 /* of the disk */
#define BLOCK_PAGES 4

static uint64_t memory_errors, disk_errors, steps_back, writes,
    seed = 88172645463325252ull;

/* One pattern for memory and disk: every word tells whose it is. */
static void fill(uint64_t *page, uint64_t number, uint64_t count)
{
    uint64_t w =
        (number + 1) * 0x9e3779b97f4a7c15ull ^ count * 0xc2b2ae3d27d4eb4full;

    for (unsigned int i = 0; i < WORDS; i++)
        page[i] = w + i * 0x100000001ull;
}

static int wrong(const uint64_t *page, uint64_t number, uint64_t count)
{
    uint64_t expected[WORDS], difference = 0;

    fill(expected, number, count);
    for (unsigned int i = 0; i < WORDS; i++)
        difference |= page[i] ^ expected[i];
    return difference != 0;
}

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static void *pages(size_t n)
{
    void *p = mmap(NULL, n * PAGE + PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) {
        perror("witness: mmap");
        exit(1);
    }
    return p;
}

static void verify(uint64_t *memory, uint64_t *counts, size_t n, uint64_t total)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        memory_errors += wrong(memory + i * WORDS, i, counts[i]);
        sum += counts[i];
    }
    memory_errors += sum != total;
}

/* One block is written, another read. */
static void disk_round(int fd, uint64_t *buffer, uint64_t *counts)
{
    uint64_t block = next_random() % BLOCKS;
    size_t size = BLOCK_PAGES * PAGE;

    counts[block]++;
    for (unsigned int i = 0; i < BLOCK_PAGES; i++)
        fill(buffer + i * WORDS, block * BLOCK_PAGES + i, counts[block]);
    disk_errors += pwrite(fd, buffer, size, block * size) != (ssize_t)size;

    block = next_random() % BLOCKS;
    if (!counts[block])
        return;
    disk_errors += pread(fd, buffer, size, block * size) != (ssize_t)size;
    for (unsigned int i = 0; i < BLOCK_PAGES; i++)
        disk_errors +=
            wrong(buffer + i * WORDS, block * BLOCK_PAGES + i, counts[block]);
}

static uint64_t now_ms(void)
{
    static struct timespec last;
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    if (t.tv_sec < last.tv_sec ||
        (t.tv_sec == last.tv_sec && t.tv_nsec < last.tv_nsec))
        steps_back++;
    last = t;
    return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
    size_t fixed, load, per_step;
    uint64_t *constant, *zeros, *changing, *counts, *buffer, *block_counts,
        rounds = 0;
    uint64_t last, now, gap = 0, gap_before = 0, report;
    int fd = -1;

    if (argc < 5)
        return 2;
    fixed = atoi(argv[2]) * 256ul;
    load = atoi(argv[3]) * 256ul;
    per_step = atoi(argv[4]);
    if (argc > 5 && (fd = open(argv[5], O_RDWR | O_DIRECT)) < 0) {
        perror(argv[5]);
        return 1;
    }
    constant = pages(fixed);
    zeros = pages(fixed / WORDS + 1);
    changing = pages(load);
    counts = pages(load / WORDS + 1);
    buffer = pages(BLOCK_PAGES);
    block_counts = pages(1);
    for (size_t i = 0; i < fixed; i++)
        fill(constant + i * WORDS, i, 0);
    for (size_t i = 0; i < load; i++)
        fill(changing + i * WORDS, i, 0);

    for (last = report = now_ms();;) {
        for (size_t i = 0; i < per_step && load; i++) {
            size_t page = next_random() % load;

            fill(changing + page * WORDS, page, ++counts[page]);
            writes++;
        }
        if (fd >= 0)
            disk_round(fd, buffer, block_counts);
        usleep(10000);
        now = now_ms();
        if (now - last > gap)
            gap = now - last;
        last = now;
        if (now - report < 1000)
            continue;
        verify(constant, zeros, fixed, 0);
        verify(changing, counts, load, writes);
        printf("GUEST witness-%s rounds=%lu memory=%lu disk=%lu back=%lu "
               "gap=%lu\n",
               argv[1], ++rounds, memory_errors, disk_errors, steps_back,
               gap > gap_before ? gap : gap_before);
        fflush(stdout);
        gap_before = gap;
        gap = 0;
        report = now_ms();
    }
}
