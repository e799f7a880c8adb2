/* SPDX-License-Identifier: MIT */
/* Beside it are headers that would stand for the host's own. */
#include "../../../frontends/demo-net/include/hooks.h"
