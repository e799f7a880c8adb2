#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The demo of `make run` without a terminal, each line of its table a test:
# the guest's disk, network and console through our backends, a clean end.
# GUEST=debian in the environment: the guest with a complete Debian.
cd "$(dirname "$0")/../.." || exit 1
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
LOG=$out.console dom0-scripts/image/run < /dev/null > "$out" 2>&1
status=$?
n=0
while IFS= read -r line; do
    n=$((n + 1))
    case $line in
        ok*) echo "ok $n - ${line#ok    }" ;;
        *) echo "not ok $n - ${line#FAIL  }" ;;
    esac
done < <(tr -d '\r' < "$out" | grep -aE '^(ok|FAIL)  ')
n=$((n + 1))
if [ $status = 0 ] && [ $n -gt 5 ]; then echo "ok $n - make run ends with 0"; else
    tail -n 30 "$out" | sed 's/^/# /'
    echo "not ok $n - make run ends with 0 (it was $status)"
fi
rm -f "$out.console"
echo "1..$n"
