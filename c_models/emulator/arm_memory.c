/*! \file
 *  \brief Loads and stores that do not simply go to a memory: devices, the program in ITCM, and
 *         faults.
 */
#include "arm.h"
#include "engine.h"

#include <string.h>

static bool fault(emu_core *core, enum emu_fault_kind kind, uint32_t address) {
    fault_record(core, kind, core->pc, address);
    engine_raise(core, core->pc, VECTOR_DATA_ABORT);
    return false;
}

bool arm_unaligned(emu_core *core, const arm_op *op, uint32_t address) {
    core->pc = op->address;
    return fault(core, EMU_UNALIGNED, address);
}

/* A memory of the chip, while the core is looked at: NULL if it is not, or if nothing is there */
static uint8_t *shared_memory(emu_core *core, uint32_t address, uint32_t size) {
    if (!core->idling.probing)
        return NULL;
    uint8_t *const memory = bus_memory(core, address, size);
    if (memory != NULL)
        core->idling.touched = true;
    return memory;
}

bool arm_load_slow(emu_core *core, const arm_op *op, uint32_t address, uint32_t size,
                   uint32_t *value) {
    core->pc = op->address;
    if (address & (size - 1u))
        return fault(core, EMU_UNALIGNED, address);
    const uint8_t *const memory = shared_memory(core, address, size);
    if (memory != NULL) {
        *value = 0;
        memcpy(value, memory, size);
        return true;
    }
    uint32_t offset;
    const bus_device *const device = bus_find(address, &offset);
    if (device == NULL)
        return fault(core, EMU_UNMAPPED_READ, address);
    *value = bus_read(core, device, offset);
    if (size < sizeof *value)
        *value &= (1u << 8 * size) - 1u;
    return true;
}

/* Stores into ITCM may change code that is decoded */
static bool store_code(emu_core *core, uint32_t address, uint32_t size, uint32_t value) {
    arm_cpu *const cpu = arm_of(core);
    uint32_t code_top;
    memcpy(&code_top, core->itcm + SARK_CODE_TOP, sizeof code_top);
    if (engine_guarded(code_top, address))
        return fault(core, EMU_CODE_WRITE, address);
    if (address >= SARK_TABLE_END && address < code_top)
        fault_record(core, EMU_CODE_WRITE, core->pc, address);
    memcpy(core->itcm + address, &value, size);
    if (cpu->decoded[address / 4 / 32] >> address / 4 % 32 & 1u)
        cpu->stale = true;
    return true;
}

bool arm_store_slow(emu_core *core, const arm_op *op, uint32_t address, uint32_t size,
                    uint32_t value) {
    core->pc = op->address;
    if (address & (size - 1u))
        return fault(core, EMU_UNALIGNED, address);
    if (address < ITCM_SIZE)
        return store_code(core, address, size, value);
    uint8_t *const memory = shared_memory(core, address, size);
    if (memory != NULL) {
        memcpy(memory, &value, size);
        return true;
    }
    uint32_t offset;
    const bus_device *const device = bus_find(address, &offset);
    if (device == NULL)
        return fault(core, EMU_UNMAPPED_WRITE, address);
    if (size < sizeof value)
        value &= (1u << 8 * size) - 1u;
    bus_write(core, device, offset, value);
    return true;
}
