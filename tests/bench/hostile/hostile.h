/* SPDX-License-Identifier: MIT */
/*
 * The tiny guests of run-hostile: one that storms and some that work beside it.
 * What a guest does is its command line: the name of a role, see main.c.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <pv/pv.h>
#include <xen/io/blkif.h>

#define RW     (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)
#define SECOND 1000000000UL

/* --- main.c --------------------------------------------------------------- */
/* A line on the guest's own console; waits until there is room. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* At the end of each round of a storm, which has done what it is for: a line,
 * once. */
void storms(void);
/* Ends the guest, with a line that says why. */
void give_up(const char *what) __attribute__((noreturn));
/* Maps a frame of the guest's. */
void *see(uint64_t mfn);

/* --- store.c -------------------------------------------------------------- */
/* XS_READ of a path into a string; false: refused. */
bool store_read(const char *path, char *value, size_t size);
bool store_write(const char *path, const char *value);
/* Writes that many times without waiting for each answer. */
void store_flood(const char *path, unsigned int times);

/* --- disk.c --------------------------------------------------------------- */
struct disk {
    char front[32], back[64]; /* their directories in the store */
    struct blkif_front_ring ring;
    uint8_t *data; /* a page that the backend may write to */
    uint32_t data_ref, port;
};
/* Connects that virtual device; false: the backend does not. */
bool disk_connect(struct disk *d, unsigned int device);
/* The state that the backend has there: XenbusState*. */
unsigned int disk_backend_state(const struct disk *d);
/* Puts a read of 4 KiB into the ring, which can be changed until... */
struct blkif_request *disk_ask(struct disk *d, uint64_t sector);
/* ... the backend is told. */
void disk_tell(struct disk *d);
/* A read and its answer; false: an error. */
bool disk_read(struct disk *d, uint64_t sector);

/* --- roles ---------------------------------------------------------------- */
/* Each goes on for ever. */
void work_cpu(void);
void work_pulse(void);
void work_store(void);
void work_disk(void);
void storm_honest(void);
void storm_events(void);
void storm_store(void);
void storm_grants(void);
void storm_console(void);
void storm_hypercalls(void);
void storm_faults(void);
void storm_nmis(void);
void storm_updown(void);
void storm_ring(void);
void storm_flaps(void);

#endif
