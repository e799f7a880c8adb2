/* SPDX-License-Identifier: MIT */
/* Numbers that are no hypercall answer -ENOSYS and change nothing else. */
#include <pv/pv.h>

int main(void)
{
    static const unsigned int unused[] = {11, 45, 46, 47, 56, 57, 58, 60, 63};
    unsigned int bad = 0;

    for (unsigned int i = 0; i < sizeof(unused) / sizeof(unused[0]); i++)
        if (hypercall(unused[i], 0, 0, 0, 0, 0) != -ENOSYS) {
            diag("number %u: %ld", unused[i],
                 hypercall(unused[i], 0, 0, 0, 0, 0));
            bad++;
        }
    is(bad, 0, "unused hypercall numbers are -ENOSYS");
    is(hypercall(64, 0, 0, 0, 0, 0), -ENOSYS,
       "the first number past the table is -ENOSYS");
    is(hypercall(0xffffffff, 0, 0, 0, 0, 0), -ENOSYS,
       "hypercall 2^32 - 1 is -ENOSYS");
    is(hypercall(~0UL, 0, 0, 0, 0, 0), -ENOSYS,
       "hypercall 2^64 - 1 is -ENOSYS");
    is(hypercall(1UL << 63, 0, 0, 0, 0, 0), -ENOSYS,
       "hypercall 2^63 is -ENOSYS");
    return 0;
}
