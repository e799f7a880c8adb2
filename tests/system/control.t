#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The control-operation comparison: some thousand hypercalls of a toolstack,
# most of them wrong in one respect, issued in Debian's dom0 on genuine Xen and
# on xen-lite. Results, fields and what became of the domain must be the same.
# control/explained lists the differences that are meant, each with its reason;
# an entry that explains nothing any more is a failure, too.
#
# KEEP=dir keeps both outputs, REUSE=dir compares those again.
cd "$(dirname "$0")/../.." || exit 1
export IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"

n=0
tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/extra/job"
cp "$BUILD/tests/system/control" "$tmp/extra/job/" || die "run make check-build"

result() { # ok|"not ok" NAME
    n=$((n + 1))
    echo "$1 $n - $2"
}

calls() { # SYSTEM HYPERVISOR
    : > "$tmp/log"
    env EXTRA="$tmp/extra" LOG="$tmp/log" LIMIT="${LIMIT:-600}" HYPERVISOR="$2" TOOLS=stock \
        bash -c ". $IMAGE_DIR/lib.sh; in_dom0 tests/system/control.dom0" > "$tmp/out" 2>&1
    tr -d '\r' < "$tmp/log" | sed -n 's/^.*CONTROL = //p' | base64 -d 2> /dev/null |
        gzip -dc > "$tmp/$1" 2> /dev/null
    if tail -n 1 "$tmp/$1" | grep -q '^memory '; then
        result ok "$1: all calls were made"
    else
        result "not ok" "$1: all calls were made"
        grep -a 'CONTROL #' "$tmp/log" | tr -d '\r'
        cat "$tmp"/{out,log} | tail -n 30 | tr -d '\r' | sed 's/^/# /'
    fi
}

if [ -n "${REUSE:-}" ]; then
    cp "$REUSE"/{genuine,xen-lite} "$tmp"
else
    calls genuine genuine
    calls xen-lite "${XEN_LITE:-$DIST/xen-lite.elf}"
fi
[ -z "${KEEP:-}" ] || cp "$tmp/genuine" "$tmp/xen-lite" "$KEEP"

total=$(wc -l < "$tmp/xen-lite")
[ "$total" -ge 2000 ] && result ok "at least 2000 calls" || result "not ok" "at least 2000 calls"
echo "# $total calls"

# One line for each call that differs: its line on genuine Xen, then ours.
join -t "$(printf '\001')" -a 1 -a 2 -e nothing -o 0,1.2,2.2 \
    <(sed 's/^\([^ ]* [0-9]*\) /\1\x01/' "$tmp/genuine" | sort) \
    <(sed 's/^\([^ ]* [0-9]*\) /\1\x01/' "$tmp/xen-lite" | sort) |
    awk -F '\001' '$2 != $3 {
        ours = $3
        if (match($2, / = (-[A-Z0-9]+|[0-9]+)( [a-z_]+=[0-9a-f]+)*$/)) ours = substr($3, RSTART)
        print $1 " " $2 "  |  " (substr($3, 1, RSTART) == substr($2, 1, RSTART) ? ours : $3)
    }' | sort -k 1,1 -k 2,2n > "$tmp/differ"
awk -v list=tests/system/control/explained -v unused="$tmp/unused" '
    BEGIN {
        while ((getline line < list) > 0) {
            if (line ~ /^#/ || line == "") continue
            split(line, part, "\t")
            pattern[++k] = part[1]
        }
    }
    {
        for (i = 1; i <= k; i++)
            if ($0 ~ pattern[i]) { hits[i]++; next }
        print
    }
    END { for (i = 1; i <= k; i++) if (!hits[i]) print pattern[i] > unused }
' "$tmp/differ" > "$tmp/unexplained"
touch "$tmp/unused"
[ -z "${KEEP:-}" ] || cp "$tmp/differ" "$tmp/unexplained" "$KEEP"

for family in $(cut -d ' ' -f 1 "$tmp/genuine" | sort -u); do
    of_it=$(grep -c "^$family " "$tmp/genuine")
    explained=$(grep -c "^$family " "$tmp/differ")
    wrong=$(grep -c "^$family " "$tmp/unexplained")
    name="$family: $of_it calls, $((explained - wrong)) differ for a reason"
    if [ "$wrong" = 0 ]; then
        result ok "$name"
    else
        result "not ok" "$name, $wrong without one"
        grep "^$family " "$tmp/unexplained" | head -n 40 | cut -c 1-300 | sed 's/^/# /'
    fi
done
if [ -s "$tmp/unused" ]; then
    result "not ok" "each explanation is needed"
    sed 's/^/# /' "$tmp/unused"
else
    result ok "each explanation is needed"
fi
echo "1..$n"
