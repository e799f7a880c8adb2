#!/bin/sh
# SPDX-License-Identifier: MIT
# What the other side has put into a ring is copied once (RING_COPY_*): it may
# change between two looks by a pointer.
cd "$(dirname "$0")/../.." || exit 1
check() { # NUMBER ROOM MACRO NAME
    if said=$(grep -rn "$3" --include='*.[ch]' "$2"); then
        echo "$said" | sed 's/^/# /'
        echo "not ok $1 - $4"
    else
        echo "ok $1 - $4"
    fi
}
echo 1..2
check 1 frontends RING_GET_RESPONSE "frontends look at no response in the ring itself"
check 2 backends RING_GET_REQUEST "backends look at no request in the ring itself"
