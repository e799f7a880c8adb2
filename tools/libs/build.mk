# SPDX-License-Identifier: MIT
# Include paths of the toolstack's own libraries, for everything under tools/.
# __XEN_TOOLS__ opens the domctl and sysctl parts of the public headers.
CPPFLAGS_tools += -D__XEN_TOOLS__ -Itools/libs/ctrl -Itools/libs/guest
