# The official libraries: their linker script, start-up code and tools, under SPINN_DIRS.
ifeq ($(wildcard $(SPINN_DIRS)/lib/libspin1_api.a),)
$(error SPINN_DIRS=$(SPINN_DIRS) has no lib/libspin1_api.a: build spinnaker_tools first \
	(docs/spinnaker-runtime.md))
endif
ifeq ($(wildcard $(SPINN_DIRS)/lib/libspinn_frontend_common.a),)
$(error SPINN_DIRS=$(SPINN_DIRS) has no lib/libspinn_frontend_common.a: install spinn_common and \
	SpiNNFrontEndCommon into it (docs/spinnaker-runtime.md))
endif
TARGET_FLAGS := -mcpu=arm968e-s -marm -mthumb-interwork
LIBRARY_INCLUDES := -include $(RUNTIME)/text/state.h -isystem $(SPINN_DIRS)/include
TOOLS := $(SPINN_DIRS)/tools

$(WORK)/$(APP)_build.c:
	@mkdir -p $(WORK)
	$(TOOLS)/mkbuild $(APP) > $@

$(WORK)/$(APP)_build.o: $(WORK)/$(APP)_build.c
	$(CROSS)gcc $(TARGET_FLAGS) -c $< -o $@

$(WORK)/$(APP).elf: $(APP_OBJECTS) $(WORK)/$(APP)_build.o
	$(CROSS)gcc $(TARGET_FLAGS) -T$(TOOLS)/sark.lnk -Wl,-e,cpu_reset -Wl,-static -ffreestanding \
		-Wl,--gc-sections,--use-blx -nostartfiles -static -L$(SPINN_DIRS)/lib $^ \
		-lspinn_frontend_common -lspinn_common -lm $(SPINN_DIRS)/lib/libspin1_api.a -o $@

$(WORK)/$(APP).aplx: $(WORK)/$(APP).elf
	$(CROSS)nm $< > $(WORK)/$(APP).nm
	$(CROSS)objcopy -O binary -j RO_DATA -j EX_DATA $< $(WORK)/code.bin
	$(CROSS)objcopy -O binary -j RW_DATA $< $(WORK)/values.bin
	$(TOOLS)/mkbin $(WORK)/code.bin $(WORK)/values.bin > $(WORK)/both.bin
	$(TOOLS)/mkaplx $(WORK)/$(APP).nm | cat - $(WORK)/both.bin > $@
