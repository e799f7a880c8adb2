# SPDX-License-Identifier: MIT
# xl, the command line.
XL_CONFIG := $(addprefix tools/xl/,config.c cpus.c options.c vif.c)
XL := $(XL_CONFIG) $(addprefix tools/xl/,cmdtable.c control.c create.c info.c \
          list.c main.c monitor.c names.c resources.c vcpu.c xl_conf.c)

$(eval $(call program,usr/sbin/xl,$(XL),$(O)/lib/libxenlight.so.4.17.0 \
    $(O)/lib/libxlutil.so.4.17.0 $(O)/lib/libxentoollog.so.1 -lyajl))
INSTALL += tools/xl/xl.conf:etc/xen/xl.conf
