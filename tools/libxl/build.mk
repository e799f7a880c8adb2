# SPDX-License-Identifier: MIT
# libxenlight: the toolstack library. Its contract is Debian's libxl.h; the
# type functions and the list of exported names come from that header too.
LIBXL_HEADERS := $(addprefix /usr/include/,libxl.h libxl_event.h libxl_utils.h \
                 libxl_uuid.h libxl_json.h _libxl_types.h _libxl_types_json.h)
LIBXL_GEN     := $(O)/tools/libxl

LIBXL_TYPES   := tools/libxl/alloc.c \
                 tools/libxl/bitmap.c \
                 tools/libxl/json.c \
                 tools/libxl/types.c \
                 tools/libxl/types_builtin.c

CFLAGS_tools/libxl/types  := -I$(LIBXL_GEN)
CFLAGS_tools/libxl/absent := -I$(LIBXL_GEN)

$(LIBXL_GEN)/types.inc: tools/libxl/gentypes.py tools/libxl/type_facts.py $(LIBXL_HEADERS)
	$(call say,GEN,$@)mkdir -p $(@D); \
	    PYTHONDONTWRITEBYTECODE=1 $< types /usr/include/_libxl_types.h > $@
$(LIBXL_GEN)/absent.inc: tools/libxl/gentypes.py tools/libxl/type_facts.py tools/libxl/absent \
    $(LIBXL_HEADERS)
	$(call say,GEN,$@)mkdir -p $(@D); \
	    PYTHONDONTWRITEBYTECODE=1 $< absent tools/libxl/absent $(LIBXL_HEADERS) > $@
$(O)/tools/libxl/absent.o: $(LIBXL_GEN)/absent.inc
$(LIBXL_GEN)/libxl.map: tools/libxl/gentypes.py $(LIBXL_HEADERS)
	$(call say,GEN,$@)mkdir -p $(@D); PYTHONDONTWRITEBYTECODE=1 $< map $(LIBXL_HEADERS) > $@
$(O)/tools/libxl/types.o $(O)/san/tools/libxl/types.o: $(LIBXL_GEN)/types.inc

LIBXL := $(LIBXL_TYPES) \
         $(addprefix tools/libxl/,absent.c ao.c cdrom.c console.c cpupool.c ctx.c device.c \
             device_change.c device_info.c device_op.c disk.c domain_config.c domain_control.c \
             domain_create.c domain_death.c domain_destroy.c domain_info.c \
             domain_preserve.c \
             event_child.c event_loop.c event_queue.c event_watch.c gc.c \
             host.c memory.c nic.c sched.c userdata.c utils.c vcpu.c vdev.c \
             xenstore.c)

$(eval $(call shared_library,libxenlight.so.4.17.0,libxenlight.so.4.17,\
    $(LIBXL),$(LIBXL_GEN)/libxl.map,\
    $(addprefix $(O)/lib/,libxlctrl.so libxlguest.so libxenstore.so.4 libxentoollog.so.1) -lyajl))

# Generated on both sides: our functions, and the objects to try them on.
$(LIBXL_GEN)/libxl_types.inc: tools/libxl/gentypes_test.py tools/libxl/gentypes.py \
    tools/libxl/type_facts.py $(LIBXL_HEADERS)
	$(call say,GEN,$@)mkdir -p $(@D); PYTHONDONTWRITEBYTECODE=1 $< /usr/include/_libxl_types.h > $@
$(O)/san/tests/unit/libxl_types.o: $(LIBXL_GEN)/libxl_types.inc
CFLAGS_tests/unit/libxl_types := -I$(LIBXL_GEN) -Wno-unused-function
$(eval $(call unit_test,libxl_types,tests/unit/libxl_types.c $(LIBXL_TYPES),\
    -lyajl -lxentoollog -ldl))
$(eval $(call unit_test,libxl_vdev,tests/unit/libxl_vdev.c tools/libxl/vdev.c,))
CFLAGS_tests/unit/libxl_vdev := -D__XEN_TOOLS__ -Itools/libs/ctrl

# What tests/unit/libxl_exports.t looks at.
check-build: $(O)/lib/libxenlight.so.4.17.0 $(O)/lib/libxlutil.so.4.17.0

CFLAGS_tests/unit/libxl_events := -D__XEN_TOOLS__ -Itools/libs/ctrl
$(eval $(call unit_test,libxl_events,tests/unit/libxl_events.c $(LIBXL_TYPES) \
    $(addprefix tools/libxl/,ao.c event_child.c event_loop.c event_queue.c gc.c),\
    -lyajl -lxentoollog))
CFLAGS_tests/unit/libxl_store := -D__XEN_TOOLS__ -Itools/libs/ctrl
$(eval $(call unit_test,libxl_store,tests/unit/libxl_store.c $(LIBXL_TYPES) \
    $(addprefix tools/libxl/,event_watch.c domain_death.c ao.c event_child.c \
    event_loop.c event_queue.c gc.c xenstore.c),-lyajl -lxentoollog))
CFLAGS_tests/unit/libxl_domains := -D__XEN_TOOLS__ -Itools/libs/ctrl
$(eval $(call unit_test,libxl_domains,tests/unit/libxl_domains.c $(LIBXL_TYPES) \
    $(addprefix tools/libxl/,domain_info.c domain_destroy.c ao.c \
    event_child.c event_loop.c event_queue.c gc.c),-lyajl -lxentoollog))
$(foreach t,devices kernel device_world,\
    $(eval CFLAGS_tests/unit/libxl_$(t) := -D__XEN_TOOLS__ -Itools/libs/ctrl))
$(foreach t,devices kernel,$(eval $(call unit_test,libxl_$(t),\
    $(addprefix tests/unit/,libxl_$(t).c libxl_device_world.c) $(LIBXL_TYPES) \
    $(addprefix tools/libxl/,cdrom.c device.c device_change.c device_info.c \
    device_op.c disk.c domain_config.c gc.c nic.c vdev.c xenstore.c),-lyajl -lxentoollog)))
CFLAGS_tests/unit/libxl_userdata := -D__XEN_TOOLS__ -Itools/libs/ctrl
$(eval $(call unit_test,libxl_userdata,tests/unit/libxl_userdata.c $(LIBXL_TYPES) \
    $(addprefix tools/libxl/,domain_preserve.c gc.c userdata.c utils.c),-lyajl -lxentoollog))
