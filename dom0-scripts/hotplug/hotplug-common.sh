# SPDX-License-Identifier: MIT
# Sourced by the hotplug scripts of this folder; POSIX sh, busybox tools.
#
# The contract with the toolstack is Xen's: XENBUS_PATH names the backend's
# directory in the store; success is hotplug-status=connected and exit 0;
# failure is one line in hotplug-error, hotplug-status=error and exit 1, and
# the toolstack shows that line to the user.

set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin:${PATH:-}
export PATH LC_ALL=C

LOCK_DIR=${XEN_HOTPLUG_LOCK_DIR:-/run/xen-hotplug}

log() {
    logger -t "xen-hotplug[${0##*/}]" -- "$*" 2>/dev/null || :
}

# store_read PATH [DEFAULT]: as it is, without the backslashes of what is shown
store_read() {
    xenstore-read -R "$1" 2>/dev/null || {
        [ $# -gt 1 ] || return 1
        echo "$2"
    }
}

# Has the toolstack not given up on the device meanwhile? Writing then would
# bring its directory back as a ghost.
exists() { # XENBUS_PATH
    xenstore-exists "$1/state" 2>/dev/null
}

# The toolstack prints hotplug-error, so the line is not printed twice.
fatal() {
    log "$XENBUS_PATH: $*"
    exists "$XENBUS_PATH" &&
        xenstore-write -R -- "$XENBUS_PATH/hotplug-error" "$*" \
            "$XENBUS_PATH/hotplug-status" error 2>/dev/null ||
        echo "${0##*/}: $*" >&2
    exit 1
}

# success [PATH VALUE]...: what the backend is told with it
success() {
    exists "$XENBUS_PATH" || exit 1
    xenstore-write -R -- "$@" "$XENBUS_PATH/hotplug-status" connected ||
        fatal "cannot write hotplug-status"
}

# lock NAME: until the script ends. Who may read the file could keep the lock.
lock() {
    mkdir -p "$LOCK_DIR" && chmod 700 "$LOCK_DIR"
    exec 9> "$LOCK_DIR/$1.lock"
    flock 9 || fatal "cannot lock $LOCK_DIR/$1.lock"
}

if [ -z "${XENBUS_PATH:-}" ]; then
    echo "${0##*/}: XENBUS_PATH is not set" >&2
    exit 1
fi
