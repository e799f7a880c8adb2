# SPDX-License-Identifier: MIT
# The console client, at the path where xl looks.
$(eval $(call program,usr/lib/xen-lite/bin/xenconsole,$(addprefix tools/console/,client.c session.c),\
    $(if $(wildcard tools/libxenstore/build.mk),$(O)/lib/libxenstore.so.4,-lxenstore)))
$(eval $(call man_page,tools/console/xenconsole.1))
$(eval $(call unit_test,console_client,tests/unit/console_client.c tools/console/session.c \
    backends/console/terminal.c))
