# What the binaries of spiking cells have in common; to be included with APP, and VARIANT if there is one.
SOURCES := spinnaker/core.c spinnaker/transfers.c spinnaker/packets.c spinnaker/tallies.c spinnaker/spike_log.c \
	spinnaker/arrivals.c spinnaker/values.c spinnaker/gradient.c spinnaker/update.c spinnaker/loops.c spinnaker/record.c \
	spinnaker/cells.c spinnaker/signals.c arm/rows.S $(SHORTER)
# a row's 64-bit sums become 32-bit gradients in place
WHOLE := yes
OPTIMISE := -Os -fno-strict-aliasing $(VARIANT)
include $(dir $(abspath $(lastword $(MAKEFILE_LIST))))common.mk

# Code that runs once a step or less is Thumb code, a third smaller
SELDOM := $(addprefix spinnaker/,core record spike_log tallies values) $(basename $(SHORTER))
$(foreach s,$(SELDOM),$(call object,$(ROOT)/c_models/$(s).c)): OPTIMISE += -mthumb
# what takes most of an update, compiled by itself
$(call object,$(ROOT)/c_models/spinnaker/loops.c): OPTIMISE += -O2
$(call object,$(ROOT)/c_models/spinnaker/loops.c): APP_FLAGS :=
