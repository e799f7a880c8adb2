# SPDX-License-Identifier: MIT
# What runs in the guests of tests/system and tests/long.
$(O)/tests/system/witness: tests/system/witness.c
	$(call say,CC,$<)mkdir -p $(@D); $(CC) $(BASE_CFLAGS) -O2 -static -o $@ $<
check-build: $(O)/tests/system/witness

$(O)/tests/system/idle_guest: $(O)/pv/tests/system/idle_guest.o $(PV_LIB) frontends/guest.lds
	$(call say,LD pv,$@)mkdir -p $(@D); ld -nostdlib -static -z noexecstack --no-warn-rwx-segments --build-id=none -T frontends/guest.lds -o $@ $(filter %.o,$^)
check-build: $(O)/tests/system/idle_guest
