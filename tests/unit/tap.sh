# SPDX-License-Identifier: MIT
# For tests in shell that run commands: $out is a file for what they say.

n=0
# check NAME COMMAND...: ok if the command succeeds; else what it said is shown
check() {
    local name=$1
    shift
    n=$((n + 1))
    if "$@" > "$out" 2>&1; then echo "ok $n - $name"; else
        sed 's/^/# /' "$out"
        echo "not ok $n - $name"
    fi
}
