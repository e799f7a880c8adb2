# SPDX-License-Identifier: MIT
#
# Functions for scripts that run in dom0 (bash): starting the daemons, waiting
# with a limit, reading what a guest said. STOCK is 1 with Debian's tools.

grep -q xl-stock=1 /proc/cmdline && STOCK=1 || STOCK=0
GUEST_LOG_DIR=/var/log/xen/console

argument() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# within SECONDS COMMAND...: repeat until it succeeds, every STEP (0.2) seconds
within() {
    local end=$(($(now_ms) + $1 * 1000))
    shift
    until "$@"; do
        [ "$(now_ms)" -lt $end ] || return 1
        sleep "${STEP:-0.2}"
    done
}

# spread: of the numbers that come, one a line
spread() { sort -n | awk '{ n[NR] = $1 } END { print n[1] ", " n[int((NR + 1) / 2)] ", " n[NR] " (least, median, most)" }'; }

guest_log() { echo "$GUEST_LOG_DIR/guest-$1.log"; }
# said NAME TEXT: has the guest's console shown this?
said() { grep -aq -- "$2" "$(guest_log "$1")" 2> /dev/null; }
# reported NAME WHAT [KEY]: the last GUEST line of that kind, or one value
reported() {
    local line
    line=$(grep -a "^GUEST $2" "$(guest_log "$1")" 2> /dev/null | tail -n 1 | tr -d '\r')
    [ -n "$line" ] || return 1
    [ $# -lt 3 ] && echo "$line" && return
    sed -n "s/.* $3=\([^ ]*\).*/\1/p" <<< "$line"
}

xl_gone() { ! xl domid "$1" > /dev/null 2>&1; }
# type_to NAME SECONDS LINE: a terminal on the guest's console, one line typed;
# prints what it showed
type_to() {
    { sleep 2; printf '%s\n' "$3"; sleep "$2"; } |
        timeout $(($2 + 5)) script -qfc "stty -echo; exec xl console $1" /dev/null 2>&1 | tr -d '\r'
}

# in_guest NAME LINE [SECONDS]: a line for the shell on the guest's console, by
# way of the terminal that xenconsoled made; prints what came back, without what
# the guest reports meanwhile. The marks around it differ from how they are
# typed, since the guest's shell echoes.
in_guest() {
    local tty log from mark=$RANDOM
    tty=$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty") && log=$(guest_log "$1") || return 1
    from=$(($(stat -c %s "$log") + 1))
    printf '%s\n' "echo; echo be''gin-$mark; $2; echo; echo e''nd-$mark" > "$tty"
    within "${3:-30}" eval "tail -c +$from $log | grep -aq '^end-$mark'" || return 1
    tail -c +$from "$log" | tr -d '\r' | sed -n "/^begin-$mark/,/^end-$mark/p" | sed '1d;$d;/^GUEST /d' | sed '${/^$/d;}'
}

# clock_ahead NAME SECONDS [STARTS]: is the guest's wall clock this far ahead of
# dom0's? Waits for the shell of the guest, after that many starts. Until Linux
# has found its clock it counts ticks, and a busy host loses some: by how much its
# uptime is behind the time in its log, its date may be behind, too. The uptime
# is read first, lest what the rest takes hide them. After a restore the log has
# not counted the time in the image; then what an earlier call has seen counts.
prompts() { [ "$(grep -ac '^/ # ' "$(guest_log "$1")")" -ge "$2" ]; }
clock_ahead() {
    local before date up log
    within 30 prompts "$1" "${3:-1}"
    before=$(date +%s)
    read -r date up log < <(in_guest "$1" 'read up x < /proc/uptime; echo clock > /dev/kmsg; echo $(date +%s) ${up%.*} $(dmesg | sed -n "s/^\[ *\([0-9]*\)\.[0-9]*\] clock$/\1/p" | tail -n 1)') &&
        [ -n "$log" ] || return 1
    [ "$log" -gt "$up" ] || log=$((up + $(cat "/tmp/ticks-$1" 2> /dev/null || echo 0)))
    echo $((log - up)) > "/tmp/ticks-$1"
    date=$((date - $2))
    [ $date -le $(($(date +%s) + 2)) ] && [ $((date + log - up)) -ge $((before - 2)) ] && return
    echo "$1: $date less the $2 expected, $((log - up)) s of ticks lost; dom0: $before"
    return 1
}

# The backend processes of ours that run, as process ids.
backends() {
    local exe
    for exe in /proc/[0-9]*/exe; do
        case $(readlink "$exe") in
            */xen-block-backend | */xen-net-backend) tr -dc 0-9 <<< "$exe"; echo -n ' ' ;;
        esac
    done
}
# all_connected GUEST KIND COUNT: it has so many devices of that kind, and the
# backend of each is connected
all_connected() {
    local at n
    at=/local/domain/0/backend/$2/$(xl domid "$1" 2> /dev/null)
    n=$(for d in $(xenstore-list "$at"); do xenstore-read "$at/$d/state"; done 2> /dev/null | grep -c '^4$')
    [ "$n" = "$3" ] && [ "$(xenstore-list "$at" 2> /dev/null | grep -c .)" = "$3" ]
}
free_memory() { xl info 2> /dev/null | sed -n 's/^free_memory *: *//p'; }

# QEMU from the disk, for its size: its own libraries, found by its own loader.
use_qemu() {
    local program=/usr/libexec/xen-qemu-system-i386
    mkdir -p /usr/libexec /usr/share
    ln -s /images/qemu/usr/share/qemu /usr/share/qemu
    printf '%s\n' '#!/bin/sh' "exec env LD_LIBRARY_PATH=/images/qemu/usr/lib/x86_64-linux-gnu /images/qemu$program \"\$@\"" > $program
    chmod 755 $program
}

start_stock_daemons() {
    mkdir -p /run/xenstored
    modprobe -a xen-blkback xen-netback
    case $(argument xenstored) in c) xenstored --pid-file /run/xenstored.pid ;; *) oxenstored --pid-file /run/xenstored.pid ;; esac
    within 20 xenstore_answers || return 1
    /usr/lib/xen-4.17/bin/xen-init-dom0 > /dev/null
    xenconsoled --pid-file=/run/xenconsoled.pid --log=guest --log-dir=$GUEST_LOG_DIR
}

# keep DAEMON [OPTION...]: starts it, and again whenever it ends by accident, as
# systemd does: at once, but where a start fails after a pause. The daemon holds the lock of its pid file, and removes the file
# when it ends in order.
keep() {
    local file=/run/$1.pid
    "$@" --pid-file="$file" || return
    while { flock 9; } 9< "$file" && [ -e "$file" ]; do
        "$@" --pid-file="$file" || sleep 0.1
    done 2> /dev/null &
}
# is_shut_in PID UID PLACE: seen from outside, a process that is nobody and
# nowhere, and has no file open but devices and those whose path begins with the
# place, a regular expression
proc_status() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr '\t' ' '; } # PID KEY
is_shut_in() {
    local name
    [ "$(proc_status "$1" Uid) $(proc_status "$1" Gid)" = "$2 $2 $2 $2 $2 $2 $2 $2" ] &&
        [ "$(proc_status "$1" CapEff)$(proc_status "$1" CapPrm)" = 00000000000000000000000000000000 ] &&
        [ "$(proc_status "$1" Seccomp)$(proc_status "$1" NoNewPrivs)" = 21 ] && [ -z "$(ls -A "/proc/$1/root/")" ] || return
    for name in mnt net ipc uts; do
        [ "$(readlink "/proc/$1/ns/$name")" != "$(readlink "/proc/self/ns/$name")" ] || return
    done
    [ -z "$(find "/proc/$1/fd" -type l -lname '/*' | xargs -r readlink | grep -vE "^(/dev/|/proc/xen/|/memfd|$3)")" ]
}
# processes_like PATTERN: "PID COMMAND" of those whose command matches it; this
# machine's busybox has no pgrep
processes_like() { ps -o pid,args | awk -v like="$1" '$0 ~ like && !/ awk /' | sort; }
# main_pid DAEMON: pidof finds its child, too, which has another name
main_pid() {
    local pid name
    for pid in $(pidof "$1"); do
        read -r -d '' name < "/proc/$pid/cmdline"
        [ "${name##*/}" != "$1" ] || { echo "$pid"; return; }
    done 2> /dev/null
    return 1
}
# server_of DAEMON: of one of two processes, the one that serves
server_of() {
    local main pid
    main=$(main_pid "$1") && pid=$(cat "/proc/$main/task/$main/children") && echo "${pid%% *}"
}
# server_is_shut_in DAEMON UID PLACE
server_is_shut_in() {
    local server
    server=$(server_of "$1") && is_shut_in "$server" "$2" "$3" && return
    { grep -E 'Uid|Gid|Cap|Sec|NoNew' "/proc/$server/status"; ls -lA "/proc/$server"/{root/,ns,fd}; } 2>&1 | sed 's/^/TAP # /'
    return 1
}
# kill_kept DAEMON: for good
kill_kept() { rm -f "/run/$1.pid" && kill -9 "$(main_pid "$1")"; }

start_our_daemons() {
    keep xenstored && within 20 xenstore_answers &&
        /usr/lib/xen-lite/bin/xen-init-dom0 &&
        keep xenconsoled --log=guest --log-dir=$GUEST_LOG_DIR &&
        keep xen-backendd
}
xenstore_answers() { xenstore-read -s / > /dev/null 2>&1 || xenstore-list -s / > /dev/null 2>&1; }
