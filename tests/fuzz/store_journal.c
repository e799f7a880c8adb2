/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the frames of a store's journal whose checksums are right: what
 * is accepted leaves a store whose accounts add up, and which can be served and
 * released.
 *
 *   make fuzz-store-journal
 *   build/tests/fuzz/store-journal -max_total_time=60 build/tests/fuzz/journals
 */
#include "../unit/store_test.h"

#include "../../tools/xenstored/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_accounts(void)
{
    static struct tree_walk w;
    struct domain *d = NULL;
    const struct node *n;
    long nodes = 0, bytes = 0;

    tree_walk_start(&w, store.root, "/");
    while ((n = tree_walk_next(&w)))
        if (account_of(n->perms->entry[0].id)) {
            nodes++;
            bytes += node_cost(n->name_len, node_value_len(n));
        }
    while ((d = domain_next(d))) {
        nodes -= d->account.nodes;
        bytes -= d->account.node_bytes;
    }
    if (nodes || bytes)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct unpack u = {(const char *)data, (const char *)data + size, false};

    fake_start();
    for (unsigned int i = 1; i < 8; i++) {
        fake_create(i);
        fake_domain[i].handle = 1;
        memset(&fake_domain[i].page, size % 3 ? 0 : (int)i, 64);
    }
    restore_frame(&u);
    connection_reap();
    check_accounts();
    domain_restore_rings(size % 2);
    connection_reap();
    state_resume();
    connection_reap();
    check_accounts();
    fake_stop();
    return 0;
}
