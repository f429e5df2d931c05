/*! \file
 *  \brief Multicast packets that are lost or doubled because the conditions say so: the n-th of a
 *         kind, or every n-th.
 *
 *  Packets are counted where they travel, by the thread that carries them, in the order of their
 *  times, so that the same packet is lost on every run.
 */
#include "core.h"

static bool concerned(const emu_chip *chip, uint32_t core, const mc_packet *packet,
                      const emu_conditions *conditions) {
    const bool loaded = packet->control & PACKET_PAYLOAD;
    return PACKET_TYPE(packet->control) == PACKET_MC &&
           (conditions->packet_kind == EMU_ANY_PACKET ||
            loaded == (conditions->packet_kind == EMU_PACKET_WITH_PAYLOAD)) &&
           (conditions->packet_chip == EMU_EVERYWHERE || conditions->packet_chip == chip->index) &&
           (conditions->packet_core == EMU_EVERYWHERE || conditions->packet_core == core);
}

static bool hit(uint64_t number, uint32_t one, uint32_t every) {
    return number == one || (every != 0 && number % every == 0);
}

uint32_t mishap_copies(const emu_chip *chip, uint32_t core, const mc_packet *packet,
                       enum emu_packet_place place) {
    const emu_conditions *const conditions = &emu_machine_settings(chip->machine)->conditions;
    if (!conditions->mishaps || conditions->packet_place != (uint32_t)place ||
        !concerned(chip, core, packet, conditions))
        return 1;
    emu_packet_counts *const counts = machine_packet_counts(chip->machine);
    const uint64_t number = ++counts->seen;
    if (hit(number, conditions->lose_packet, conditions->lose_every)) {
        counts->lost++;
        return 0;
    }
    if (hit(number, conditions->double_packet, conditions->double_every)) {
        counts->doubled++;
        return 2;
    }
    return 1;
}
