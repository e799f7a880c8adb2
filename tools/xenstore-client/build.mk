# SPDX-License-Identifier: MIT
# xenstore: the command-line client; xenstore-read and so on are links to it.

XENSTORE_CLIENT_SOURCES := $(addprefix tools/xenstore-client/, \
    main.c text.c values.c ls.c chmod.c watch.c control.c)

$(eval $(call program,usr/bin/xenstore,$(XENSTORE_CLIENT_SOURCES),$(O)/lib/libxenstore.so.4))

XENSTORE_LINKS := $(addprefix xenstore-,read write list ls rm exists chmod watch control)
INSTALL_LINKS  += $(XENSTORE_LINKS:%=usr/bin/%:xenstore)
$(eval $(call man_page,tools/xenstore-client/xenstore.1,$(XENSTORE_LINKS)))
