#!/bin/bash
# SPDX-License-Identifier: MIT
# The daemon as a process, without Xen (--no-domains) and in a directory of its
# own: start and stop as the init scripts do it, our clients, and beside them the
# stock ones of Debian's packages, which print the same, end as these do, also
# when they are used wrongly, and have the same effect. Complaints are in words
# of our own.
#
# usage: store_daemon.t [object directory]   (default: build)
set -u
cd "$(dirname "$0")/../.." || exit 1
O=$(realpath "${1:-build}")
dir=$(mktemp -d)
export XENSTORED_RUNDIR=$dir
unset XENSTORED_PATH
trap 'kill "$(cat "$dir/pid" 2>/dev/null)" 2>/dev/null; rm -rf "$dir"' EXIT

n=0
ok() { n=$((n + 1)); echo "ok $n - $1"; }
not_ok() { n=$((n + 1)); echo "not ok $n - $1"; failed=1; }
failed=0
# is NAME WANTED COMMAND...: output (both streams) and exit status
is() {
    local name=$1 wanted=$2 got
    shift 2
    got=$("$@" 2>&1 < /dev/null; echo "status $?")
    if [ "$got" = "$wanted" ]; then ok "$name"; else
        not_ok "$name"
        diff <(echo "$wanted") <(echo "$got") | sed 's/^/# /'
    fi
}

mkdir "$dir/ours"
for m in read write list ls rm exists chmod watch control; do
    ln -s "$O/bin/xenstore" "$dir/ours/xenstore-$m"
done
ln -s "$O/bin/xenstore" "$dir/ours/xenstore"
ours() { local p=$1; shift; "$dir/ours/$p" "$@"; }

# --- start -------------------------------------------------------------------
daemon() { "$O/bin/xenstored" --no-domains --pid-file "$dir/pid" "$@"; }
is 'the parent returns when the socket answers' 'status 0' daemon -T "$dir/trace"
is 'ready at once' 'xenstored
status 0' ours xenstore-list /tool
[ "$(readlink "/proc/$(cat "$dir/pid")/exe")" = "$O/bin/xenstored" ] &&
    ok 'pid file names the daemon' || not_ok 'pid file names the daemon'
is 'a second daemon refuses to start and names the first' "xenstored error: process $(cat "$dir/pid") is running already and holds $dir/pid
status 1" daemon
is 'unknown option' "status 2" bash -c "$O/bin/xenstored --nonsense > /dev/null 2>&1"
is 'the socket is for root alone' '600
status 0' stat -c %a "$dir/socket"

# --- our clients -------------------------------------------------------------
is 'write' 'status 0' ours xenstore-write /a/b one /a/n10 10 /a/n9 9
is 'read' 'one
status 0' ours xenstore-read /a/b
is 'read with prefix' '/a/b: one
/a/n9: 9
status 0' ours xenstore-read -p /a/b /a/n9
is 'read with an output that takes nothing' 'xenstore-read: the output was not written: No space left on device
status 1' bash -c "$dir/ours/xenstore-read /a/b > /dev/full"
is 'watch with an output that takes nothing' 'xenstore-watch: the output was not written: No space left on device
status 1' bash -c "timeout 20 $dir/ours/xenstore-watch /a > /dev/full"
is 'read what is not there' "xenstore-read: /none was not read
status 1" ours xenstore-read /none
is 'list' 'b
n10
n9
status 0' ours xenstore-list /a
is 'ls' 'a = ""
 b = "one"
 n10 = "10"
 n9 = "9"
tool = ""
 xenstored = ""
status 0' ours xenstore-ls
is 'exists' 'status 0' ours xenstore-exists /a/b
is 'does not exist' 'status 1' ours xenstore-exists /a/b /a/c
is 'chmod' 'status 0' ours xenstore-chmod -r /a n5 r6
is 'chmod seen' 'a = "" . . . . . . . . . . . . . . . . . . . . . . . . . . .  (n5,r6)
status 0' bash -c "$dir/ours/xenstore-ls -p | head -n 1"
is 'write is all or nothing' 'xenstore-write: /a b was not written
status 1' ours xenstore-write /t/1 x '/a b' y
is 'nothing of it is left' 'status 1' ours xenstore-exists /t/1
is 'rm -t' 'status 0' ours xenstore-rm -t /a/b
is 'rm' 'status 0' ours xenstore-rm /a
is 'multi-call' '1
status 0' bash -c "$dir/ours/xenstore write /m 1 && $dir/ours/xenstore read /m"
is 'an option that there is none of is refused, and nothing removed' 'status 1
status 0' bash -c "$dir/ours/xenstore-rm -Z /m 2> /dev/null; echo status \$?; $dir/ours/xenstore-exists /m"
is 'unknown mode' 'xenstore: there is no command zoo
status 1' ours xenstore zoo
is 'control' 'OK
status 0' ours xenstore-control check
is 'control quota' 'OK
status 0' ours xenstore-control quota set nodes 2000
is 'control memreport FILE' 'OK
local connections: 1
status 0' bash -c "$dir/ours/xenstore-control memreport $dir/report; head -n 1 $dir/report; rm $dir/report"
is 'a file elsewhere is refused' 'xenstore-control: memreport: Permission denied
status 3' ours xenstore-control memreport /tmp/xenstored-report
is 'watch' '/w
/w/1
/w
status 0' bash -c "$dir/ours/xenstore-watch -n 3 /w & p=\$!
    until grep -q 'WATCH_EVENT.*(/w /w)' $dir/trace; do sleep 0.05; done
    $dir/ours/xenstore-write /w/1 x; $dir/ours/xenstore-rm /w; wait \$p"

# --- the daemon is killed and comes back -------------------------------------------
kill_daemon() { kill -9 "$(cat "$dir/pid")"; while [ -d "/proc/$(cat "$dir/pid")" ]; do sleep 0.02; done; }
in_the_gap() { # COMMAND...: begun when there is no daemon
    kill_daemon
    "$@" & local p=$!
    sleep 0.3
    daemon -T "$dir/trace" < /dev/null > /dev/null 2>&1
    wait $p
}
ours xenstore-write /gap/1 one
is 'what is read while there is no daemon waits for it' 'one
status 0' in_the_gap ours xenstore-read /gap/1
is 'a list is not empty because there is no daemon' '1
status 0' in_the_gap ours xenstore-list /gap
is 'what is written then is there' 'status 0' in_the_gap ours xenstore-write /gap/2 two /gap/3 three
is 'both nodes of it' 'two
three
status 0' ours xenstore-read /gap/2 /gap/3
watched() { # TIMES
    until [ "$(grep -c 'WATCH_EVENT.*(/gap/w /gap/w)' "$dir/trace")" = "$1" ]; do sleep 0.05; done
}
watch_over_a_gap() {
    ours xenstore-watch -n 3 /gap/w & local p=$!
    watched 1
    in_the_gap true
    watched 2
    ours xenstore-write /gap/w/1 x
    wait $p
}
is 'a watch goes on, and says that something may have changed' '/gap/w
/gap/w
/gap/w/1
status 0' timeout 60 bash -c "$(declare -f); O=$O dir=$dir; watch_over_a_gap"
is 'no daemon' 'xenstore-read: cannot reach the store: No such file or directory (does xenstored run?)
status 1' env XENSTORED_PATH="$dir/none" "$dir/ours/xenstore-read" /

# --- the stock clients -------------------------------------------------------
prepare() {
    ours xenstore-rm /t; ours xenstore-rm /q
    ours xenstore-write /t/bin 'a\tb\\c\nd\001\xff\x7f"q' /t/e '' /t/d/x/y 1 \
        /t/long "$(printf 'x%.0s' {1..200})" /t/10 a /t/9 b
    ours xenstore-chmod /t/d n1 r2 b3
}
exec_with() { "$@" 2> /dev/null < /dev/null; echo "status $?"; ours xenstore-ls -fp; }
stock_one() { local p=$1; shift; LD_LIBRARY_PATH=$stock_root/usr/lib/x86_64-linux-gnu "$dir/stock/$p" "$@"; }
# same COMMAND...: output, exit status and effect equal to the stock client's
same() {
    local c=$1 stock mine
    shift
    prepare
    stock=$(exec_with stock_one "$c" "$@")
    prepare
    mine=$(exec_with ours "$c" "$@")
    if [ "$stock" = "$mine" ]; then ok "as stock: $c $*"; else
        not_ok "as stock: $c $*"
        diff <(echo "$stock") <(echo "$mine") | sed 's/^/# /'
    fi
}
stock_clients() {
    same xenstore-ls /t; same xenstore-ls; same xenstore-ls -f /t
    same xenstore-ls -p /t; same xenstore-ls -fp /t; same xenstore-ls /none
    same xenstore-ls /t/d /t; same xenstore-ls -h
    same xenstore-read /t/bin; same xenstore-read -R /t/bin /t/e
    same xenstore-read -p /t/e /t/9; same xenstore-read /t/e /none
    same xenstore-read; same xenstore-read -h; same xenstore read /t/9
    same xenstore; same xenstore read
    local v
    for v in '' 'a\qb\' '\x4' '\xg' '\8' '\1234' 'a\0b' 'é'; do
        same xenstore-write /q "$v"; same xenstore-write -R /q "$v"
    done
    same xenstore-write /q; same xenstore-write '/a b' 1
    same xenstore-write /q 1 /q/2 3; same xenstore-write /q 1 '/x y' 3
    same xenstore-rm /t/d; same xenstore-rm -t /t/d/x/y; same xenstore-rm /none
    same xenstore-rm /none/x; same xenstore-rm -t /t/e /t/d/x; same xenstore-rm
    same xenstore-exists /t/d; same xenstore-exists /t/d /none
    same xenstore-exists
    same xenstore-list /t; same xenstore-list -p /t /t/d; same xenstore-list /
    same xenstore-list /none
    same xenstore-chmod /t/d n4; same xenstore-chmod /t/d n4 r5 b6
    same xenstore-chmod -r /t/d n4; same xenstore-chmod -u /t/d/x n4
    same xenstore-chmod -ur /t/d/x n4 r5; same xenstore-chmod /t/d q
    same xenstore-chmod /none n4; same xenstore-chmod /t/d n5 r99999
    same xenstore-watch -n 2 /t/d /t/e; same xenstore-watch
    same xenstore-watch -n 0 /t
}
used_wrongly() {
    local p
    for p in read write list ls rm exists chmod watch; do
        same xenstore-$p; same xenstore-$p -h; same xenstore-$p --help
        same xenstore $p; same xenstore $p -h
        [ $p != watch ] || continue # for ever
        same xenstore-$p /t/e; same xenstore-$p /t/e /t/9 /t/10
    done
    same xenstore-read -t /t/e; same xenstore-rm -p /t/e; same xenstore-ls -n 3 /t
    same xenstore-chmod -n /t/e n1; same xenstore-exists -p /t/e; same xenstore-list -f /t
    same xenstore-watch -n; same xenstore-watch -n 1; same xenstore-watch -p /t
    same xenstore-chmod /t/e ''
    same xenstore -h; same xenstore zoo; same xenstore ''; same xenstore --help
    same xenstore-control; same xenstore-control check; same xenstore-control zoo
    same xenstore-control ''; same xenstore-control log; same xenstore-control log maybe
    same xenstore-control quota set; same xenstore-control live-update
    same xenstore-control live-update -c; same xenstore-control live-update -t
    same xenstore-control live-update -F; same xenstore-control live-update /none
}
IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"
stock_root=$PKG_ROOT
if (fetch closure $(packages stock)) > /dev/null 2>&1 && [ -x "$stock_root/usr/bin/xenstore" ]; then
    mkdir "$dir/stock"
    ln -s "$stock_root"/usr/bin/xenstore* "$dir/stock"
    ln -sf "$stock_root/usr/lib/xen-4.17/bin/xenstore-control" "$dir/stock/xenstore-control"
    stock_clients
    used_wrongly
    rm -r "$dir/stock"
else
    ok "stock clients # SKIP Debian's packages cannot be had"
fi

# --- live update -------------------------------------------------------------
victim=$(mktemp)
is 'live update, with a pid file that is not this daemon'"'"'s' 'OK
status 0' ours xenstore-control live-update -c "--no-domains --pid-file $victim" "$O/bin/xenstored"
is 'the store goes on' 'OK
status 0' ours xenstore-control check

# --- end ---------------------------------------------------------------------
is 'accounts are right' 'OK
status 0' ours xenstore-control check
pid=$(cat "$dir/pid")
kill "$pid"
for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
is 'a daemon that is told to stop leaves its journal for the next one' 'journal
ours
trace
status 0' ls "$dir"
[ -e "$victim" ] && ok 'nothing happens to that file' || not_ok 'nothing happens to that file'
rm -f "$victim"
is 'the journal is for root alone' '600
status 0' stat -c %a "$dir/journal"
is 'without a journal the next one starts empty' 'tool
status 0' bash -c "$O/bin/xenstored --no-domains --pid-file $dir/pid --no-journal && $dir/ours/xenstore-list /"
is 'and leaves none' 'ours
pid
socket
trace
status 0' ls "$dir"
echo "1..$n"
exit $failed
