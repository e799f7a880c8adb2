# SPDX-License-Identifier: MIT
# What runs in the guests of tests/system and tests/long.
$(O)/tests/system/witness: tests/system/witness.c
	$(call say,CC,$<)mkdir -p $(@D); $(CC) $(BASE_CFLAGS) -O2 -static -o $@ $<
check-build: $(O)/tests/system/witness

# In dom0: what writes to a store that is killed.
STORE_CLIENTS := tests/system/store_clients.c tests/unit/store_writers.c
$(O)/tests/system/store_clients: $(STORE_CLIENTS) tests/unit/store_writers.h
	$(call say,CC,$@)mkdir -p $(@D); \
	    $(CC) $(BASE_CFLAGS) $(USER_CPPFLAGS) -O2 -static -o $@ $(STORE_CLIENTS)
check-build: $(O)/tests/system/store_clients

$(O)/tests/system/idle_guest: $(O)/pv/tests/system/idle_guest.o $(PV_LIB) frontends/guest.lds
	$(call say,LD pv,$@)mkdir -p $(@D); \
	    ld -nostdlib -static -z noexecstack --no-warn-rwx-segments --build-id=none \
	    -T frontends/guest.lds -o $@ $(filter %.o,$^)
check-build: $(O)/tests/system/idle_guest

# Debian's headers, not ours: the comparison must not share our mistakes.
CONTROL_SOURCES := $(wildcard tests/system/control/*.c)
$(O)/tests/system/control: $(CONTROL_SOURCES) tests/system/control/control.h
	$(call say,CC,$@)mkdir -p $(@D); \
	    $(CC) $(BASE_CFLAGS) -D_GNU_SOURCE -O1 -static -o $@ $(CONTROL_SOURCES)
check-build: $(O)/tests/system/control

# The guest of frontends.t, and what sends it frames in dom0.
$(O)/tests/system/pv_peer: $(O)/pv/tests/system/pv_peer.o $(PV_ARCHIVE) frontends/guest.lds
	$(PV_LINK)
$(O)/tests/system/pv_wire: tests/system/pv_wire.c
	$(call say,CC,$<)mkdir -p $(@D); $(CC) $(BASE_CFLAGS) -O2 -static -o $@ $<
check-build: $(O)/tests/system/pv_peer $(O)/tests/system/pv_wire

# The client of demo_net.t that misuses a server.
$(O)/tests/system/http_hostile: tests/system/http_hostile.c
	$(call say,CC,$<)mkdir -p $(@D); $(CC) $(BASE_CFLAGS) -O2 -static -o $@ $<
check-build: $(O)/tests/system/http_hostile

# The guest of long/hostile_peers.t, which lies to the backends.
$(O)/tests/system/pv_liar: $(patsubst %.c,$(O)/pv/%.o,$(wildcard tests/system/liar/*.c)) \
    $(PV_ARCHIVE) frontends/guest.lds
	$(PV_LINK)
check-build: $(O)/tests/system/pv_liar
