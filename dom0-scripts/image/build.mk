# SPDX-License-Identifier: MIT
# `make run`: the demo in QEMU. What runs in the images but is not installed is
# linked statically.
I := dom0-scripts/image

$(O)/image/stream: $I/stream.c
	$(call say,CC,$<)mkdir -p $(@D); $(CC) $(BASE_CFLAGS) -O2 -static -o $@ $<

$(O)/image/http_client: $I/http_client.c
	$(call say,CC,$<)mkdir -p $(@D); $(CC) $(BASE_CFLAGS) -O2 -static -o $@ $<

# The guest and what to put in the place of our hypervisor and tools: see run.
run-image: $(O)/image/stream
run: packages-run
	$(Q)$(MAKE) all install-tree run-image $(if $(filter tiny,$(GUEST)),demo-net)
	$(Q)BUILD=$(abspath $(O)) DIST=$(abspath $(DIST)) $I/run

# The installed tree, from what each room lists in INSTALL (file:destination)
# and INSTALL_LINKS (link:its text). Libraries go into usr/lib/xen-lite.
# Exchanged as a whole, so that who reads it meanwhile finds it complete.
NEW_TREE := $(DIST)/install.new
all: install-tree
install-tree: tools
	$(Q)rm -rf $(NEW_TREE); mkdir -p $(NEW_TREE)/usr/lib/xen-lite $(NEW_TREE)/boot
	$(Q)cp -a $(O)/lib/. $(NEW_TREE)/usr/lib/xen-lite/
	$(Q)for f in $(strip $(INSTALL)); do \
	    install -D $$( [ -x $${f%%:*} ] && echo -m755 || echo -m644 ) $${f%%:*} $(NEW_TREE)/$${f#*:} \
	    || exit 1; done; \
	for l in $(strip $(INSTALL_LINKS)); do \
	    mkdir -p $(NEW_TREE)/$$(dirname $${l%%:*}) && ln -sf $${l#*:} $(NEW_TREE)/$${l%%:*} \
	    || exit 1; done
	$(Q)diff -rq --no-dereference $(NEW_TREE)/usr $(DIST)/install/usr > /dev/null 2>&1 \
	    && diff -rq --no-dereference $(NEW_TREE)/etc $(DIST)/install/etc > /dev/null 2>&1 || { \
	    mkdir -p $(DIST)/install; \
	    for d in usr etc; do rm -rf $(DIST)/install/$$d.old; \
	        mv $(DIST)/install/$$d $(DIST)/install/$$d.old 2> /dev/null; \
	        mv $(NEW_TREE)/$$d $(DIST)/install/; rm -rf $(DIST)/install/$$d.old; done; }; \
	    rm -rf $(NEW_TREE)

install: all
	$(Q)dom0-scripts/init/install $(DIST)/install $(DESTDIR)/

# Debian packages that a target needs, installed if they are missing.
packages-%:
	$(Q)bash -c 'IMAGE_DIR=$I; . $I/lib.sh; install_packages build $*'

.PHONY: run run-image install install-tree
