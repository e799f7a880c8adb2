# SPDX-License-Identifier: MIT
# The fuzzer of hypercalls is a tiny guest of several files.
FUZZ_HYPERCALLS := $(O)/fuzz/hypercalls
$(FUZZ_HYPERCALLS): $(patsubst %.c,$(O)/pv/%.o,$(wildcard tests/fuzz/hypercalls/*.c)) \
    $(PV_LIB) frontends/guest.lds
	$(PV_LINK)
check-build: $(FUZZ_HYPERCALLS)

# With other seeds each time, until one fails.
fuzz-hypercalls: packages-run
	$(Q)$(MAKE) $(FUZZ_HYPERCALLS)
	$(Q)$(MAKE) DEBUG=1 hypervisor
	$(Q)export BUILD=$(O) FUZZ_SECONDS=$(or $(SECONDS),600); prove --verbose tests/fuzz/hypercalls.t
.PHONY: fuzz-hypercalls
