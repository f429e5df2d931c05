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

void emu_number_cores(emu_chip *chip, const uint8_t *physical, uint32_t cores) {
    memset(chip->physical, NO_CORE, sizeof chip->physical);
    memset(chip->virtual_number, NO_CORE, sizeof chip->virtual_number);
    for (uint32_t i = 0; i < cores; i++) {
        chip->physical[i] = physical[i];
        chip->virtual_number[physical[i]] = (uint8_t)i;
        chip->system.cpu_ok |= 1u << physical[i];
    }
}
