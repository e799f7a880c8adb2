# SPDX-License-Identifier: MIT
# libxlutil: xl's configuration language, disk and vif specifications.
# Beside Debian's libxlutil.h, for xl.
CPPFLAGS_tools += -Itools/libxlutil/include

LIBXLUTIL := tools/libxlutil/config.c \
             tools/libxlutil/disk.c \
             tools/libxlutil/pci.c \
             tools/libxlutil/values.c \
             tools/libxlutil/vif_rate.c

$(eval $(call shared_library,libxlutil.so.4.17.0,libxlutil.so.4.17,$(LIBXLUTIL),\
    tools/libxlutil/libxlutil.map,$(O)/lib/libxenlight.so.4.17.0))
$(eval $(call unit_test,libxlutil,tests/unit/libxlutil.c $(LIBXLUTIL) $(LIBXL_TYPES),\
    -lyajl -lxentoollog -ldl))
