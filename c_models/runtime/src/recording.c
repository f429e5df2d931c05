/*! \file
 *  \brief implementation of recording.h
 */
#include "recording.h"

#include "debug.h"
#include "spin1_api.h"

#define DATA_LOST (1u << 31)

/*! \brief The region, in which a host finds what was recorded. */
struct table {
    uint32_t channels;
    struct {
        uint32_t space;
        uint32_t size_and_lost;
        uint8_t *data;
    } channel[];
};

/*! \brief An open channel; next is NULL when it is closed. */
struct channel {
    uint8_t *next;
    uint32_t left;
    bool lost;
};

static struct table *table;
static struct channel *channels;

void recording_reset(void) {
    for (uint i = 0; i < table->channels; i++) {
        const uint32_t space = table->channel[i].space;
        channels[i] = (struct channel){.next = space > 0 ? table->channel[i].data : NULL,
                                       .left = space};
    }
}

static bool take_space(uint i) {
    const uint32_t space = table->channel[i].space;
    table->channel[i].data = sark_xalloc(sv->sdram_heap, space, 0, ALLOC_LOCK);
    if (table->channel[i].data != NULL)
        return true;
    log_error("recording channel %u: no %u bytes of SDRAM, at most %u", i, space,
              sark_heap_max(sv->sdram_heap, ALLOC_LOCK));
    return false;
}

bool recording_initialize(void **recording_data_address, uint32_t *recording_flags) {
    table = *recording_data_address;
    *recording_data_address = &table->channel[table->channels];
    channels = sark_alloc(table->channels, sizeof *channels);
    if (channels == NULL && table->channels > 0) {
        log_error("no DTCM for %u recording channels", table->channels);
        return false;
    }
    uint32_t open = 0;
    for (uint i = 0; i < table->channels; i++) {
        if (table->channel[i].space == 0)
            continue;
        if (!take_space(i))
            return false;
        open |= 1u << i;
    }
    if (recording_flags != NULL)
        *recording_flags = open;
    recording_reset();
    return true;
}

bool recording_record(channel_index_t channel, void *data, size_t size_bytes) {
    struct channel *const to = &channels[channel];
    if (to->next == NULL)
        return false;
    if (size_bytes > to->left) {
        if (!to->lost)
            log_warning("recording channel %u is full", channel);
        to->lost = true;
        return false;
    }
    sark_mem_cpy(to->next, data, size_bytes);
    to->next += size_bytes;
    to->left -= size_bytes;
    return true;
}

void recording_finalise(void) {
    for (uint i = 0; i < table->channels; i++) {
        struct channel *const from = &channels[i];
        if (from->next == NULL)
            continue;
        const uint32_t size = (uint32_t)(from->next - table->channel[i].data);
        table->channel[i].size_and_lost = size | (from->lost ? DATA_LOST : 0);
        from->next = NULL;
    }
}
