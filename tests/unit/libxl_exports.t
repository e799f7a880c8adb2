#!/bin/sh
# SPDX-License-Identifier: MIT
# Every function that libxl.h declares is exported with the right version, those
# that only say that they are absent included; nothing internal is exported.
cd "$(dirname "$0")/../.." || exit 1
lib=${BUILD:-build}/lib
src=tools/libxl
t=$(mktemp -d) && trap 'rm -rf "$t"' EXIT
n=0 failed=0
check() { # NAME: fails with the lines of file $2
    n=$((n + 1))
    if [ -s "$2" ]; then
        failed=1
        echo "not ok $n - $1"
        sed 's/^/# /' "$2"
    else
        echo "ok $n - $1"
    fi
}

echo 1..4
LC_ALL=C
export LC_ALL
nm -D --defined-only "$lib/libxenlight.so.4.17" | awk '$2 != "A" {print $3}' | sort > "$t/exported"
sed 's/@@*VERS_4\.17\.0$//' "$t/exported" > "$t/names"
sed -n 's/^\(libxl_[a-z0-9_]*\)$/\1/p' "$src/absent" | sort > "$t/absent"
grep -v '@@VERS_4\.17\.0$' "$t/exported" > "$t/unversioned"
check "versions of libxenlight" "$t/unversioned"

# The preprocessor drops what is in comments and behind other API versions.
printf '#include <libxl.h>\n#include <libxl_utils.h>\n' | cc -E -P - |
    tr '\n' ' ' | sed 's/{[^{}]*}/;/g; s/{[^{}]*}/;/g; s/{[^{}]*}/;/g' | tr ';' '\n' |
    grep -v '^ *typedef\|static' | grep -o 'libxl_[a-z0-9_]* *(' | tr -d ' (' |
    sort -u > "$t/declared"
[ "$(wc -l < "$t/declared")" -gt 200 ] || echo "too few declarations found" >> "$t/declared"
comm -23 "$t/declared" "$t/names" > "$t/unknown"
check "every declared function is exported" "$t/unknown"
comm -23 "$t/absent" "$t/declared" > "$t/strange"
check "what is listed as absent is declared" "$t/strange"

nm -D --defined-only "$lib/libxlutil.so.4.17" | awk '$2 != "A" {print $3}' |
    grep -v '^xlu_.*@@VERS_4\.17\.0$' > "$t/xlu"
check "names of libxlutil" "$t/xlu"
exit $failed
