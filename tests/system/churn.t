#!/bin/bash
# SPDX-License-Identifier: MIT
# A short form of tests/long/churn.t: two guests, always the same operations.
SECONDS_OF_LOAD=${SECONDS_OF_LOAD:-20} GUESTS=2 SEED=${SEED:-1} exec "$(dirname "$0")/../long/churn.t"
