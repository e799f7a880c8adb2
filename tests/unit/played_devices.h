/* SPDX-License-Identifier: MIT */
/*
 * A store with the disks 0, 1, ... of domain 3, for the supervisor's code and
 * for a backend program of the test's own. It lies in a file, so that processes
 * of all generations share it.
 */
#ifndef TESTS_UNIT_PLAYED_DEVICES_H
#define TESTS_UNIT_PLAYED_DEVICES_H

#include <stdbool.h>
#include <sys/types.h>

#define DISKS  4
#define DOMAIN 3

struct played_device {
    volatile int state; /* 0: the toolstack has removed it */
    volatile int online;
    volatile bool brought_back;     /* removed, and then written by a process */
    volatile bool foreign;          /* another program's of this kind */
    char error[512];                /* "": no such node */
    char params[32];                /* of backend/qdisk; likewise */
    char medium_id[64];             /* physical-device-id; likewise */
    char number[16];                /* physical-device; likewise */
    volatile int qdisk_state;       /* of a device there; 0: none */
    int restarts;                   /* -1: likewise */
    unsigned int withdrawn;         /* times that the node was removed */
    volatile unsigned int instance; /* counted by the test's toolstack */
    volatile pid_t pid;             /* as the test's backend says */
};

struct played_store {
    volatile bool away;
    volatile bool dies;         /* when a transaction begins */
    volatile bool refuses;      /* it answers reads, and takes nothing */
    volatile bool unknown;      /* the store does not know the domain */
    volatile bool guest_over;   /* the hypervisor says that it has ended */
    bool kernel;                /* its driver takes all disks */
    volatile unsigned int bare; /* directories were removed, without a
                                 * transaction */
    volatile unsigned int doubles, strangers; /* as the backends saw */
    struct played_device disk[DISKS];
};

extern struct played_store *played;
extern unsigned int played_connects; /* tries to reach the store, which fail */
extern unsigned int played_requests; /* to the store, by this process */

/* The file is made if it is missing. The directory's name must stay. */
void played_open(const char *dir);

#endif
