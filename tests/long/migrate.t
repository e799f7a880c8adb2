#!/bin/bash
# SPDX-License-Identifier: MIT
# Twenty live migrations of a guest under load: tests/system/migrate.t, longer.
COUNT=${COUNT:-20} exec "$(dirname "$0")/../system/migrate.t"
