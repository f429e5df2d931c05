/*! \file
 *  \brief implementation of data_specification.h
 */
#include "data_specification.h"

#include "debug.h"
#include "spin1_api.h"

enum { REGIONS = 32 };
#define MAGIC_NUMBER 0xad130ad6u
#define VERSION 0x00010000u

static void check_sum(region_desc_t *region, uint number) {
    const uint32_t *const words = region->pointer;
    if (words == NULL || region->n_words == 0)
        return;
    uint32_t sum = 0;
    for (uint i = 0; i < region->n_words; i++)
        sum += words[i];
    if (sum != region->checksum) {
        log_error("region %u: the sum of %u words at 0x%08x is 0x%08x, not 0x%08x", number,
                  region->n_words, words, sum, region->checksum);
        rt_error(RTE_SWERR);
    }
    region->checksum = region->n_words = 0; /* the application may change the region */
}

data_specification_metadata_t *data_specification_get_data_address(void) {
    data_specification_metadata_t *const data = (void *)sv_vcpu[spin1_get_core_id()].user0;
    for (uint i = 0; i < REGIONS; i++)
        check_sum(&data->regions[i], i);
    return data;
}

bool data_specification_read_header(data_specification_metadata_t *ds_regions) {
    if (ds_regions->magic_number == MAGIC_NUMBER && ds_regions->version == VERSION)
        return true;
    log_error("no data at 0x%08x: magic number 0x%08x, version 0x%08x", ds_regions,
              ds_regions->magic_number, ds_regions->version);
    return false;
}
