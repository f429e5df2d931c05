/*! \file
 *  \brief Physical and virtual numbers of the cores of a chip.
 *
 *  Registers of the chip (interrupts, router, DMA status) go by physical numbers. Software goes by
 *  virtual ones: the monitor is core 0, and the working cores follow without gaps.
 */
#include "core.h"

#include <string.h>

uint32_t cores_physical(const emu_chip *chip, uint32_t cores) {
    uint32_t bits = 0;
    for (uint32_t i = 0; i < EMU_CORES; i++)
        if ((cores >> i & 1u) && chip->physical[i] != NO_CORE)
            bits |= 1u << chip->physical[i];
    return bits;
}

uint32_t outputs_virtual(const emu_chip *chip, uint32_t outputs) {
    if (!chip->renumbered)
        return outputs;
    uint32_t found = outputs & ~(ALL_CORES << EMU_LINKS);
    for (uint32_t i = 0; i < EMU_CORES; i++)
        if ((outputs >> (EMU_LINKS + i) & 1u) && chip->virtual_number[i] != NO_CORE)
            found |= 1u << (EMU_LINKS + chip->virtual_number[i]);
    return found;
}

uint32_t outputs_physical(const emu_chip *chip, uint32_t outputs) {
    return (outputs & ~(ALL_CORES << EMU_LINKS)) |
           cores_physical(chip, outputs >> EMU_LINKS & ALL_CORES) << EMU_LINKS;
}

void emu_number_cores(emu_chip *chip, const uint8_t *physical, uint32_t cores) {
    memset(chip->physical, NO_CORE, sizeof chip->physical);
    memset(chip->virtual_number, NO_CORE, sizeof chip->virtual_number);
    for (uint32_t i = 0; i < cores; i++) {
        chip->physical[i] = physical[i];
        chip->virtual_number[physical[i]] = (uint8_t)i;
        chip->system.cpu_ok |= 1u << physical[i];
        chip->renumbered |= physical[i] != i;
    }
}
