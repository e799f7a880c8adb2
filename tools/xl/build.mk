# SPDX-License-Identifier: MIT
# xl, the command line.
XL_CONFIG := $(addprefix tools/xl/,config.c list_format.c vif.c words.c xl_conf.c)
XL := $(XL_CONFIG) $(addprefix tools/xl/,cmdtable.c control.c create.c devices.c \
          info.c list.c main.c monitor.c names.c options.c resources.c room.c vcpu.c)

$(eval $(call program,usr/sbin/xl,$(XL),$(O)/lib/libxenlight.so.4.17.0 \
    $(O)/lib/libxlutil.so.4.17.0 $(O)/lib/libxentoollog.so.1 -lyajl))
INSTALL += tools/xl/xl.conf:etc/xen/xl.conf

CFLAGS_tests/unit/xl        := -Itools/libxlutil/include
CFLAGS_tests/unit/xl_create := -Itools/libxlutil/include
CFLAGS_tests/unit/xl_room   := -Itools/libxlutil/include
$(eval $(call unit_test,xl,tests/unit/xl.c $(XL_CONFIG) $(LIBXLUTIL) $(LIBXL_TYPES),\
    -lyajl -lxentoollog))
$(eval $(call unit_test,xl_create,tests/unit/xl_create.c \
    tools/xl/create.c tools/xl/monitor.c $(LIBXL_TYPES),\
    -lyajl -lxentoollog))
$(eval $(call unit_test,xl_room,tests/unit/xl_room.c tools/xl/room.c $(LIBXL_TYPES),\
    -lyajl -lxentoollog))
$(foreach p,xl.1 xl.cfg.5 xl.conf.5,$(eval $(call man_page,tools/xl/$(p))))
