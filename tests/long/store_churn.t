#!/bin/bash
# SPDX-License-Identifier: MIT
#
# MINUTES (60) of what our tools can do to four guests while the store is killed
# and replaced now and then: what it and the other daemons hold does not grow.
# See churn.dom0.
MINUTES=${MINUTES:-60} TOOLS=ours exec "$(dirname "$0")/churn.t"
