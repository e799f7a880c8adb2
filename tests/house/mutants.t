#!/bin/bash
# SPDX-License-Identifier: MIT
# Each mistake of tests/mutants still fits the tree, and its tests exist.
cd "$(dirname "$0")/../.." || exit 1
exec tests/mutants/run --check
