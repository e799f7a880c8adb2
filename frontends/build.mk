# SPDX-License-Identifier: MIT
# The library of tiny PV guests, and the rule that makes a guest of one C file.

PV_CFLAGS := $(BASE_CFLAGS) -O2 -ffreestanding -fno-pic -mcmodel=kernel \
             -mno-red-zone -mgeneral-regs-only -fno-stack-protector \
             -fno-strict-aliasing -fno-asynchronous-unwind-tables -fcf-protection=none \
             -fno-builtin -DVIRT_BASE=0xffffffff80000000UL -Ifrontends/include -Ipublic-headers

# Strings and printing are the hypervisor's, which are pure C.
PV_LIB := $(patsubst %,$(O)/pv/frontends/%.o,start init console console_ring traps memory events \
             domu domu_build domu_serve host stretch) \
          $(patsubst %,$(O)/pv/xen-lite/common/lib/%.o,string vsprintf)
$(O)/pv/xen-lite/%.o: PV_CFLAGS += -Ixen-lite/include

# All of it, for guests with devices and for those who install it.
PV_DRIVERS := $(patsubst %,$(O)/pv/frontends/%.o,event_loop grant_table xenbus xenbus_device \
                 blkfront blk_ring netfront net_queue net_answer control)
PV_ARCHIVE := $(O)/pv/libxlpv.a
$(PV_ARCHIVE): $(PV_LIB) $(PV_DRIVERS)
	$(call say,AR,$@)rm -f $@; ar rcD $@ $^

$(O)/pv/%.o: %.c
	$(call say,CC pv,$<)mkdir -p $(@D); $(CC) $(PV_CFLAGS) -MMD -MP -c -o $@ $<
$(O)/pv/%.o: %.S
	$(call say,AS pv,$<)mkdir -p $(@D); \
	    $(CC) $(PV_CFLAGS) -UVIRT_BASE -DVIRT_BASE=0xffffffff80000000 -c -o $@ $<

# tests/guests/NAME/main.c -> $(O)/guests/NAME
PV_LINK = $(call say,LD pv,$@)mkdir -p $(@D); \
    ld -nostdlib -static -z noexecstack --no-warn-rwx-segments --build-id=none \
    -T frontends/guest.lds -o $@ $(filter %.o,$^) $(filter %.a,$^)
$(O)/guests/%: $(O)/pv/tests/guests/%/main.o $(PV_LIB) frontends/guest.lds
	$(PV_LINK)

# With frontends, or of more than one file:
$(O)/guests/frontends: $(patsubst %.c,$(O)/pv/%.o,$(wildcard tests/guests/frontends/*.c)) \
    $(PV_ARCHIVE)
$(O)/guests/domu_deaths: $(patsubst %.c,$(O)/pv/%.o,$(wildcard tests/guests/domu_deaths/*.c))

# NAME-1, -2, -3: the same with notes left out (start.S).
$(O)/pv/frontends/start-%.o: frontends/start.S
	$(call say,AS pv,$<)mkdir -p $(@D); \
	    $(CC) $(PV_CFLAGS) -UVIRT_BASE -DVIRT_BASE=0xffffffff80000000 -DNOTES_LEFT_OUT=$* -c -o $@ $<
$(O)/guests/start_of_day-%: $(O)/pv/frontends/start-%.o $(O)/pv/tests/guests/start_of_day/main.o \
    $(filter-out %/start.o,$(PV_LIB)) frontends/guest.lds
	$(PV_LINK)

# The example, and what is installed with it.
$(O)/guests/hello: $(O)/pv/frontends/hello/main.o $(PV_ARCHIVE) frontends/guest.lds
	$(PV_LINK)
install-tree: $(PV_ARCHIVE)
INSTALL += $(PV_ARCHIVE):usr/lib/xen-lite/libxlpv.a frontends/guest.lds:usr/lib/xen-lite/guest.lds
INSTALL += $(foreach f,main.c hello.cfg Makefile,\
    frontends/hello/$f:usr/share/xen-lite/hello/$f) frontends/README:usr/share/xen-lite/README
INSTALL += $(foreach f,$(wildcard frontends/include/pv/*.h),$f:usr/include/xen-lite/pv/$(notdir $f))
INSTALL += $(foreach f,$(wildcard public-headers/xen/*.h public-headers/xen/*/*.h),\
    $f:usr/include/xen-lite/$(f:public-headers/%=%))

GUESTS := $(patsubst tests/guests/%/main.c,$(O)/guests/%,$(wildcard tests/guests/*/main.c)) \
          $(addprefix $(O)/guests/start_of_day-,1 2 3)
guests: $(GUESTS)
.SECONDARY: $(PV_LIB) $(patsubst %,$(O)/pv/frontends/start-%.o,1 2 3)
.PHONY: guests
