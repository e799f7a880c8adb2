# SPDX-License-Identifier: MIT
# `make demo-net`: a guest that is a web server, see frontends/README. lwIP is
# Debian's source package, fetched and unpacked in the cache; SUITE=trixie takes
# that suite's. Objects lie by its version: its headers are in all of them.
DEMO_NET := frontends/demo-net
demo-net: packages-source $(O)/image/http_client
	$(Q)bash -c 'IMAGE_DIR=$I; . $I/lib.sh; fetch_source lwip && \
	    $(MAKE) LWIP="$$SOURCE" build-demo-net' demo-net

ifdef LWIP
DEMO_OBJECTS := $(O)/$(DEMO_NET)/$(notdir $(LWIP))
DEMO_CFLAGS   = $(PV_CFLAGS) -I$(DEMO_NET)/include -I$(LWIP)/src/include
DEMO_LWIP    := $(patsubst $(LWIP)/src/%.c,$(DEMO_OBJECTS)/lwip/%.o,\
    $(wildcard $(LWIP)/src/core/*.c $(LWIP)/src/core/ipv4/*.c) $(LWIP)/src/netif/ethernet.c)

# Warnings about lwIP are for its authors.
$(DEMO_OBJECTS)/lwip/%.o: $(LWIP)/src/%.c
	$(call say,CC pv,lwip/$*.c)mkdir -p $(@D); $(CC) $(DEMO_CFLAGS) -w -MMD -MP -c -o $@ $<
$(DEMO_OBJECTS)/%.o: $(DEMO_NET)/%.c
	$(call say,CC pv,$<)mkdir -p $(@D); $(CC) $(DEMO_CFLAGS) -MMD -MP -c -o $@ $<
$(DEMO_OBJECTS)/demo-net: $(patsubst $(DEMO_NET)/%.c,$(DEMO_OBJECTS)/%.o,\
    $(wildcard $(DEMO_NET)/*.c)) $(DEMO_LWIP) $(PV_ARCHIVE) frontends/guest.lds
	$(PV_LINK)
build-demo-net: $(DEMO_OBJECTS)/demo-net
	$(Q)mkdir -p $(O)/guests; ln -sf $(abspath $<) $(O)/guests/demo-net
endif

# What has no lwIP in it, on the host.
$(eval $(call unit_test,demo_net,tests/unit/demo_net.c \
    $(addprefix $(DEMO_NET)/,address.c request.c layout.c random.c segment.c),))
.PHONY: demo-net build-demo-net
