# Builds a SpiNNaker application: APP.aplx to load, APP.elf with its symbols, APP.txt with what it
# takes of ITCM and DTCM. To be included by a Makefile that sets
#
#   APP       name of the binary; the host's name for it without extension
#   SOURCES   C and assembler files, relative to c_models or absolute
# and may set
#   INCLUDES  folders to look for headers in, beside c_models and c_models/include
#   OPTIMISE  options for the application's own sources
#   WHOLE     not empty: these sources are compiled as one program when they are linked, which
#             makes them a tenth smaller; not with options for code that others call
#   STACK     bytes of all stacks (own runtime; the official libraries have 2048)
#   HEAP      bytes of DTCM that must be left for spin1_malloc: the build fails with less
#   OUT       where the files go
#
# With SPINN_DIRS set, the libraries are the official ones (spinnaker_tools with spinn_common and
# SpiNNFrontEndCommon installed into it, tag 7.4.1); otherwise c_models/runtime, for which Debian's
# gcc-arm-none-eabi and libnewlib-arm-none-eabi are enough.

HERE := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
ROOT := $(abspath $(HERE)/../..)
RUNTIME := $(ROOT)/c_models/runtime
OUT ?= $(ROOT)/pynn_eprop/spinnaker/binaries
OPTIMISE ?= -O2
STACK ?= 2048
HEAP ?= 0
LIBRARIES_NAME := $(if $(SPINN_DIRS),official,own)
BUILD ?= $(ROOT)/build/spinnaker
WORK := $(BUILD)/$(LIBRARIES_NAME)/$(APP)

ifeq ($(strip $(APP)),)
$(error set APP, the name of the binary)
endif

CROSS := arm-none-eabi-
# -ffile-prefix-map: no path of the building machine in the binary. Tables are in DTCM.
COMMON_FLAGS := -std=gnu99 -ffreestanding -fno-common -ffunction-sections -fdata-sections \
	-Wall -Wextra -Wshadow -Werror -g -ffile-prefix-map=$(ROOT)=. \
	-DEP_TABLE_SECTION='".data.tables"' \
	-DAPPLICATION_NAME_HASH=0x$(shell printf %s '$(APP)' | md5sum | cut -c 1-8)
APP_INCLUDES := -I$(RUNTIME)/text -I$(ROOT)/c_models -I$(ROOT)/c_models/include \
	$(addprefix -I,$(INCLUDES))
# Without sections of their own, static variables have one address in common, which a function loads
# once.
ifneq ($(strip $(WHOLE)),)
APP_FLAGS := -flto -fno-data-sections
LINK_FLAGS := -flto -flto-partition=one $(filter-out -D%,$(OPTIMISE)) $(COMMON_FLAGS) $(APP_FLAGS)
endif
HEADERS := $(shell find $(ROOT)/c_models -name '*.h') $(foreach i,$(INCLUDES),$(wildcard $(i)/*.h))
APP_SOURCES := $(foreach s,$(SOURCES),$(if $(filter /%,$(s)),$(s),$(ROOT)/c_models/$(s)))
object = $(WORK)/$(subst /,-,$(patsubst $(ROOT)/%,%,$(1))).o
APP_OBJECTS := $(foreach s,$(APP_SOURCES),$(call object,$(s)))

LINK := $(HERE)/link.sh $(APP) $(LIBRARIES_NAME)

.PHONY: all clean
.SECONDARY:
all: $(WORK)/$(APP).aplx
	@mkdir -p $(OUT)
	@$(HERE)/report.sh $(WORK)/$(APP).elf "$(LIBRARIES_NAME)" $(HEAP) > $(WORK)/$(APP).txt \
		|| { cat $(WORK)/$(APP).txt >&2; exit 1; }
	@head -1 $(WORK)/$(APP).txt
	@$(CROSS)objcopy --strip-debug $(WORK)/$(APP).elf $(WORK)/$(APP).symbols.elf
	@cmp -s $(WORK)/$(APP).aplx $(OUT)/$(APP).aplx || cp $(WORK)/$(APP).aplx $(OUT)/$(APP).aplx
	@cmp -s $(WORK)/$(APP).symbols.elf $(OUT)/$(APP).elf || \
		cp $(WORK)/$(APP).symbols.elf $(OUT)/$(APP).elf
	@cmp -s $(WORK)/$(APP).txt $(OUT)/$(APP).txt || cp $(WORK)/$(APP).txt $(OUT)/$(APP).txt

clean:
	rm -rf $(WORK) $(OUT)/$(APP).aplx $(OUT)/$(APP).elf $(OUT)/$(APP).txt

include $(HERE)/$(LIBRARIES_NAME).mk

define compile # source
$(call object,$(1)): $(1) $(HEADERS) $(MAKEFILE_LIST)
	@mkdir -p $(WORK)
	$(CROSS)gcc $(TARGET_FLAGS) $(COMMON_FLAGS) $$(APP_FLAGS) $$(OPTIMISE) $(APP_INCLUDES) $(LIBRARY_INCLUDES) \
		-c $(1) -o $$@
endef
$(foreach s,$(APP_SOURCES),$(eval $(call compile,$(s))))
