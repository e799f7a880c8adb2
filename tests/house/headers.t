#!/bin/sh
# SPDX-License-Identifier: MIT
# What the Makefile checks about the sources themselves.
cd "$(dirname "$0")/../.." || exit 1
check() { # NUMBER TARGET NAME
    if said=$(make -s "$2" 2>&1); then echo "ok $1 - $3"; else
        echo "$said" | head -40 | sed 's/^/# /'
        echo "not ok $1 - $3"
    fi
}
echo 1..2
check 1 format-check "every C file is laid out as clang-format has it"
check 2 headers-alone "every header compiles alone"
