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

# Constants go to the memory of data, as the smaller one is that of instructions
$(WORK)/memory.ld: $(TOOLS)/sark.lnk $(MAKEFILE_LIST)
	@mkdir -p $(WORK)
	sed -e '/(\.rodata\*)/d' -e 's/\* (\.data\*);/* (.rodata*); * (.data*);/' $< > $@

# The name that the libraries give the core; their tool adds the time, so that no two builds are equal
$(WORK)/name.o: $(MAKEFILE_LIST)
	@mkdir -p $(WORK)
	echo 'const int build_date = 0; const char build_name[] = "$(APP)";' | \
		$(CROSS)gcc $(TARGET_FLAGS) -x c -c - -o $@

$(WORK)/compiler.o: $(RUNTIME)/src/compiler.S $(MAKEFILE_LIST)
	@mkdir -p $(WORK)
	$(CROSS)gcc $(TARGET_FLAGS) -g -ffile-prefix-map=$(ROOT)=. -c $< -o $@

OBJECTS := $(APP_OBJECTS) $(WORK)/name.o $(WORK)/compiler.o
$(WORK)/$(APP).elf: $(OBJECTS) $(WORK)/memory.ld
	$(LINK) $(CROSS)gcc $(TARGET_FLAGS) -T$(WORK)/memory.ld -Wl,-e,cpu_reset -Wl,-static -ffreestanding \
		-Wl,--gc-sections,--use-blx,--no-warn-rwx-segments -nostartfiles -static -L$(SPINN_DIRS)/lib $(LINK_FLAGS) \
		$(OBJECTS) -lspinn_frontend_common -lspinn_common -lm \
		$(SPINN_DIRS)/lib/libspin1_api.a -o $@

$(WORK)/$(APP).aplx: $(WORK)/$(APP).elf
	$(CROSS)nm $< > $(WORK)/$(APP).nm
	$(CROSS)objcopy -O binary -j RO_DATA -j EX_DATA $< $(WORK)/code.bin
	$(CROSS)objcopy -O binary -j RW_DATA $< $(WORK)/values.bin
	$(TOOLS)/mkbin $(WORK)/code.bin $(WORK)/values.bin > $(WORK)/both.bin
	$(TOOLS)/mkaplx $(WORK)/$(APP).nm | cat - $(WORK)/both.bin > $@
