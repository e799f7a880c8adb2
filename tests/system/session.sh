# SPDX-License-Identifier: MIT
#
# Functions for dom0 scripts (bash) about one terminal that is attached to a
# guest's console all the time, and what it has shown.

attach() { # GUEST
    mkfifo /tmp/keys
    script -qfc "stty -echo; exec xl console $1" /tmp/shown < /tmp/keys > /dev/null 2>&1 &
    exec 9> /tmp/keys
}
type_line() { printf '%s\n' "$1" >&9; }
shown() { tr -d '\r' < /tmp/shown | grep -aq -- "$1"; }
# count_lines [SECONDS]: the guest prints numbered lines, after such a pause
# each, until it has a file /tmp/enough; then it says "counted". Not a child of
# the shell: busybox's now and then takes the end of a child for the end of its
# input, and is gone with all that writes to its terminal.
count_lines() {
    type_line 'count() { echo; n=0; while [ ! -e /tmp/enough ]; do n=$((n + 1)); echo line-$n; '"${1:+sleep $1;}"' done; echo counted; }; (count &)'
}
counted() { type_line 'touch /tmp/enough' && within 30 shown '^\(/ # \)*counted'; }
# FILE has the guest's numbered lines, each once and in order; a prompt of the
# guest's shell may stand before one
numbers() { tr -d '\r' < "$1" | sed -n 's/^\(\/ # \)*line-\([0-9]*\)$/\2/p'; }
all_lines() { # FILE [LEAST]
    local last
    last=$(numbers "$1" | sort -n | tail -n 1)
    [ "${last:-0}" -gt "${2:-500}" ] && diff <(seq "$last") <(numbers "$1") > /tmp/diff && return
    { echo "$1: ${last:-no lines}"; head -n 5 /tmp/diff; } | sed 's/^/TAP # /'
    return 1
}
