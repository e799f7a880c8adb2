# SPDX-License-Identifier: MIT
# What runs in the guests of tests/system and tests/long.
$(O)/tests/system/witness: tests/system/witness.c
	$(call say,CC,$<)mkdir -p $(@D); $(CC) $(BASE_CFLAGS) -O2 -static -o $@ $<
check-build: $(O)/tests/system/witness
