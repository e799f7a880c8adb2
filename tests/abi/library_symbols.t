#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The stable libraries against Debian's: a program that was linked with one
# must find everything in the other. So each of ours has the same SONAME and
# exports exactly the same symbols in the same versions.
set -u
cd "$(dirname "$0")/../.." || exit 1
ours=${BUILD:-build}/lib
libraries="toollog.so.1 toolcore.so.1 call.so.1 evtchn.so.1 gnttab.so.1 foreignmemory.so.1"

# Exported functions as "VERSION name" lines; the version nodes are left out.
symbols() { objdump -T "$1" | awk '$0 !~ /UND/ && NF >= 6 && $4 != "*ABS*" && $NF !~ /^VERS_/ { print $(NF-1), $NF }' | sort; }
soname() { objdump -p "$1" | awk '$1 == "SONAME" { print $2 }'; }

n=0 bad=0
check() { # NAME COMMAND...
    local name=$1; shift; n=$((n + 1))
    if "$@"; then echo "ok $n - $name"; else echo "not ok $n - $name"; bad=1; fi
}
same() { # differences become diagnostics
    local d; d=$(diff <(echo "$1") <(echo "$2")) || { echo "$d" | sed -n 's/^/# /;/[<>]/p'; return 1; }
}

echo "1..$((3 * $(echo "$libraries" | wc -w)))"
for l in $libraries; do
    debian=$(/sbin/ldconfig -p | awk -v l="libxen$l" '$1 == l { print $NF; exit }')
    if [ -z "$debian" ]; then
        for i in 1 2 3; do n=$((n + 1)); echo "ok $n - libxen$l # SKIP not installed here"; done
        continue
    fi
    theirs=$(symbols "$debian") mine=$(symbols "$ours/libxen$l")
    check "libxen$l: Debian's has symbols to compare" [ "$(echo "$theirs" | grep -c '^VERS_')" -ge 4 ]
    check "libxen$l: same SONAME" same "$(soname "$debian")" "$(soname "$ours/libxen$l")"
    check "libxen$l: same symbols and versions" same "$theirs" "$mine"
done
exit $bad
