# SPDX-License-Identifier: MIT
# libxenstore.so.4: the client library of the store.

LIBXENSTORE_SOURCES := $(addprefix tools/libxenstore/, \
    paths.c handle.c message.c nodes.c watch.c domain.c write_all.c)

$(eval $(call shared_library,libxenstore.so.4,libxenstore.so.4,$(LIBXENSTORE_SOURCES),\
    tools/libxenstore/libxenstore.map,))

# The same for our own daemons, whose connections come back (reconnect.h).
$(O)/tools/libxenstore.a: $(LIBXENSTORE_SOURCES:%.c=$(O)/%.o)
	$(call say,AR,$@)mkdir -p $(@D); rm -f $@; ar rcs $@ $^
