/* SPDX-License-Identifier: MIT */
/* What the parts of this guest share. */
#ifndef FRONTENDS_H
#define FRONTENDS_H

#include <pv/grant_table.h>

/* Serves events until none comes any more. */
void serve_all(void);
/* The same, with one of that port. */
void heard(uint32_t port);
/* Nodes of device/KIND/0, whose backend follows it. */
void make_device(const char *kind);
/* Maps a page that this domain has granted to itself, as a backend would. */
grant_handle_t map(grant_ref_t ref, void **va);
void unmap(grant_handle_t handle, void *va);

void try_disks(void);
void try_disk_without_store(void);
void try_networks(void);

#endif
