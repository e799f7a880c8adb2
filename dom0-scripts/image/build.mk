# SPDX-License-Identifier: MIT
# `make run`: the demo in QEMU. What runs in the images but is not installed is
# linked statically.
I := dom0-scripts/image

$(O)/image/stream: $I/stream.c
	$(call say,CC,$<)mkdir -p $(@D); $(CC) $(BASE_CFLAGS) -O2 -static -o $@ $<

# The guest and what to put in the place of our hypervisor and tools: see run.
run-image: $(O)/image/stream
run: packages-run
	$(Q)$(MAKE) all install-tree run-image
	$(Q)BUILD=$(O) $I/run

# The installed tree, from what each room lists in INSTALL (file:destination)
# and INSTALL_LINKS (link:its text). Libraries go into usr/lib/xen-lite.
TREE_DIR := $(DIST)/install
install-tree: tools
	$(Q)rm -rf $(TREE_DIR)/usr $(TREE_DIR)/etc; mkdir -p $(TREE_DIR)/usr/lib/xen-lite
	$(Q)cp -a $(O)/lib/. $(TREE_DIR)/usr/lib/xen-lite/ 2>/dev/null || :
	$(Q)for f in $(strip $(INSTALL)); do \
	    install -D $$( [ -x $${f%%:*} ] && echo -m755 || echo -m644 ) $${f%%:*} $(TREE_DIR)/$${f#*:} || exit 1; done; \
	for l in $(strip $(INSTALL_LINKS)); do mkdir -p $(TREE_DIR)/$$(dirname $${l%%:*}); ln -sf $${l#*:} $(TREE_DIR)/$${l%%:*} || exit 1; done

# Debian packages that a target needs, installed if they are missing.
packages-%:
	$(Q)bash -c 'IMAGE_DIR=$I; . $I/lib.sh; install_packages build $*'

.PHONY: run run-image install-tree
