# SPDX-License-Identifier: MIT
# The knobs: version, compilers, flags, cache. Everything here can be set on
# make's command line or in the environment.

VERSION     := 0.1.0
# What the hypervisor tells guests and tools (XENVER_*): 4.17-lite
XEN_MAJOR   := 4
XEN_MINOR   := 17
XEN_EXTRA   := -lite

DEBUG       ?= 0
V           ?= 0
CC          := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG_FORMAT ?= clang-format-14

# Downloads (Debian packages fetched by apt) live outside the tree.
export XEN_LITE_CACHE ?= $(HOME)/.cache/xen-lite

# O: object tree of this variant; DIST: what it installs. The two variants share
# neither.
O           := $(if $(filter 1,$(DEBUG)),build-debug,build)
DIST        := $(if $(filter 1,$(DEBUG)),build-debug/dist,dist)

WARNINGS    := -Wall -Wextra -Werror -Wstrict-prototypes \
               -Wmissing-prototypes -Wimplicit-fallthrough -Wno-unused-parameter
BASE_CFLAGS := -std=gnu11 -g $(WARNINGS)

# The hypervisor: freestanding, position-independent, general registers only.
HV_CFLAGS   := $(BASE_CFLAGS) -O2 -ffreestanding -fPIE -fvisibility=hidden \
               -mno-red-zone -mgeneral-regs-only -fno-stack-protector \
               -fno-strict-aliasing -fno-asynchronous-unwind-tables \
               -fno-jump-tables -fno-omit-frame-pointer -nostdinc \
               -isystem $(shell $(CC) -print-file-name=include)
HV_CPPFLAGS := -D__HYPERVISOR__ -DXEN_MAJOR=$(XEN_MAJOR) -DXEN_MINOR=$(XEN_MINOR) \
               -DXEN_EXTRA=\"$(XEN_EXTRA)\" -DXEN_LITE_VERSION=\"$(VERSION)\" -Ixen-lite/include \
               -Ixen-lite/arch/x86/include -Ipublic-headers
ifeq ($(DEBUG),1)
HV_CPPFLAGS += -DHV_DEBUG
endif

# User space: tools, backends. Objects are always PIC, so that a library and
# a test can share them.
USER_CFLAGS   := $(BASE_CFLAGS) -O2 -fPIC -fno-strict-aliasing -fstack-protector-strong
USER_CPPFLAGS := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Ipublic-headers -Itools/libs
SANITIZE      := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# Compile information shows when the source was committed: builds repeat.
SOURCE_DATE := $(shell git log -1 --format=%cd --date=format:'%Y-%m-%d %H:%M' 2>/dev/null \
    || echo unknown)
