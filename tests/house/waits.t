#!/bin/bash
# SPDX-License-Identifier: MIT
#
# within SECONDS COMMAND (dom0-lib.sh) repeats the command; what stands in "$(...)"
# among its words is asked once, before. So a comparison belongs into eval '...'.
cd "$(dirname "$0")/../.." || exit 1
echo 1..2
asks_once() { grep -nE 'within [^ ]+ (test|\[) (! )?(-[nz] )?"\$\(' "$@"; }

found=$(git ls-files tests dom0-scripts | grep -v '^tests/house/' | xargs -d '\n' grep -lI within | tr '\n' '\0' | xargs -0 -r grep -nE 'within [^ ]+ (test|\[) (! )?(-[nz] )?"\$\(')
[ -z "$found" ] && echo "ok 1 - no wait asks once what it waits for" ||
    { sed 's/^/# /' <<< "$found"; echo "not ok 1 - no wait asks once what it waits for"; }
asks_once <<< 'within 30 [ "$(free_memory)" = "$free" ]' > /dev/null && asks_once <<< 'within 5 test -n "$(about lies)"' > /dev/null &&
    ! asks_once <<< "within 30 eval '[ \"\$(free_memory)\" = 1 ]'" > /dev/null &&
    echo "ok 2 - such a wait is found" || echo "not ok 2 - such a wait is found"
