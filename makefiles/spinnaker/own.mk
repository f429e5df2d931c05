# The own runtime. Its rarely used parts are Thumb code, a third smaller.
TARGET_FLAGS := -mcpu=arm968e-s -marm -mthumb-interwork
LIBRARY_INCLUDES := -I$(RUNTIME)/include
RUNTIME_INCLUDES := -I$(RUNTIME)/text -I$(RUNTIME)/include -DSPINNAKER_APPLICATION='"$(APP)"'

OFTEN := callbacks locks memory packets recording ticks transfers
SELDOM := boot commands data_specification debugging dispatch format heap life mailbox messages \
	simulation text user_events
ASSEMBLER := vectors failures interrupts compiler
RUNTIME_OBJECTS := $(addprefix $(WORK)/runtime/,$(addsuffix .o,$(OFTEN) $(SELDOM) $(ASSEMBLER)))
$(addprefix $(WORK)/runtime/,$(addsuffix .o,$(OFTEN))): STATE := -marm -O2
$(addprefix $(WORK)/runtime/,$(addsuffix .o,$(SELDOM))): STATE := -mthumb -Os

$(WORK)/runtime/%.o: $(RUNTIME)/src/%.c $(HEADERS) $(MAKEFILE_LIST)
	@mkdir -p $(dir $@)
	$(CROSS)gcc $(TARGET_FLAGS) $(COMMON_FLAGS) -fno-tree-loop-distribute-patterns $(STATE) \
		$(RUNTIME_INCLUDES) -c $< -o $@

$(WORK)/runtime/%.o: $(RUNTIME)/src/%.S $(MAKEFILE_LIST)
	@mkdir -p $(dir $@)
	$(CROSS)gcc $(TARGET_FLAGS) -g -ffile-prefix-map=$(ROOT)=. -c $< -o $@

$(WORK)/$(APP).elf: $(APP_OBJECTS) $(RUNTIME_OBJECTS) $(RUNTIME)/runtime.ld
	$(LINK) $(CROSS)gcc $(TARGET_FLAGS) -nostdlib -nostartfiles -static -T$(RUNTIME)/runtime.ld \
		-Wl,--defsym=STACK_SIZE=$(STACK) -Wl,--gc-sections,--use-blx,--fatal-warnings \
		-Wl,--no-warn-rwx-segments $(LINK_FLAGS) $(APP_OBJECTS) $(RUNTIME_OBJECTS) -lgcc -o $@

$(WORK)/$(APP).aplx: $(WORK)/$(APP).elf
	$(CROSS)objcopy -O binary $< $@
