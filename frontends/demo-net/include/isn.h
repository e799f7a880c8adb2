/* SPDX-License-Identifier: MIT */
/* What lwIP begins a connection's numbers with; see port.c. */
#ifndef ISN_H
#define ISN_H

#include <stdint.h>

struct ip4_addr;
uint32_t isn_of(const struct ip4_addr *local, uint16_t local_port,
                const struct ip4_addr *remote, uint16_t remote_port);

#endif
