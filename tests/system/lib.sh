# SPDX-License-Identifier: MIT
#
# Functions (bash) for tests whose checks are made by a script in dom0: sourced
# in the top folder of the tree.
export IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"

# guest_kernel DIR: DIR, a tree for dom0 (EXTRA), gets Debian's kernel for
# guests, unpacked
guest_kernel() {
    fetch_vmlinux > /dev/null
    mkdir -p "$1"/{guest,job}
    cp "$VMLINUX" "$1/guest/vmlinux"
}
# witness DIR: and the program that watches over a guest, see witness.c
witness() { cp "$BUILD/tests/system/witness" tests/system/witness.sh "$1/job/"; }
# session DIR: and functions for a terminal on a guest's console
session() { cp tests/system/session.sh "$1/job/"; }

# tap_of SCRIPT: runs it in dom0 and passes its TAP on; without its plan at the
# end it has not come to its end. Uses the variables of in_dom0.
tap_of() {
    local out
    out=$(mktemp) && LOG=$(mktemp) || die "no temporary file"
    in_dom0 "$1" > "$out" 2>&1
    tr -d '\r' < "$LOG" | sed -n 's/^TAP //p' > "$out.tap"
    cat "$out.tap"
    if ! grep -q '^1\.\.' "$out.tap"; then
        tail -n 25 "$out" | sed 's/^/# /'
        echo "not ok 999 - the script in dom0 came to its end"
        echo "1..999"
    fi
    rm -f "$LOG" "$out" "$out.tap"
}

n=0
result() { # ok|"not ok" NAME
    n=$((n + 1))
    echo "$1 $n - $2"
}

# checks_of SYSTEM NUMBER SCRIPT [VARIABLE=VALUE...]: runs SCRIPT in a dom0 and
# numbers what it prints, "TAP ok NAME" or "TAP not ok NAME" each time. There are
# NUMBER of these: a run that stops early is a failure. What was on the console
# stays in $tmp/SYSTEM.log.
checks_of() {
    local name=$1 checks=$2 script=$3 before=$n line
    shift 3
    (
        export EXTRA="$tmp/extra" LOG="$tmp/log" "$@"
        in_dom0 "$script"
    ) > "$tmp/out" 2>&1
    tr -d '\r' < "$tmp/log" > "$tmp/$name.log"
    while read -r line; do
        case $line in
            "TAP ok "*) result ok "$name: ${line#TAP ok }" ;;
            "TAP not ok "*) result "not ok" "$name: ${line#TAP not ok }" ;;
            *) echo "${line#TAP }" ;;
        esac
    done < <(sed -n 's/^.*\(TAP [no#]\)/\1/p' "$tmp/$name.log")
    if [ $((n - before)) = "$checks" ]; then
        result ok "$name: ran to its end"
    else
        result "not ok" "$name: ran to its end"
        cat "$tmp/out" "$tmp/$name.log" | tail -n 15 | sed 's/^/# /'
    fi
}
