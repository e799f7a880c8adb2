/* SPDX-License-Identifier: MIT */
/* What lwIP asks on its way; see port.c. */
#ifndef HOOKS_H
#define HOOKS_H

#include <stdint.h>

struct ip4_addr;
struct tcp_hdr;

/* What a connection's numbers begin with. */
uint32_t isn_of(const struct ip4_addr *local, uint16_t local_port,
                const struct ip4_addr *remote, uint16_t remote_port);
/* 0: a segment with so many bytes of options, whose second part, if there is
 * one, lies elsewhere, may come in. */
int8_t look_at_segment(const struct tcp_hdr *h, uint16_t options,
                       const uint8_t *second);

#endif
