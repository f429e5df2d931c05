/*! \file
 *  \brief The data that a host has left in SDRAM for this core.
 *
 *  Names and layouts are those of the official header of this name.
 */
#ifndef EPROP_RUNTIME_DATA_SPECIFICATION_H
#define EPROP_RUNTIME_DATA_SPECIFICATION_H

#include "common-typedefs.h"

/*! \brief The place of a region. */
typedef struct region_desc_t {
    void *pointer;     /*!< NULL for a region that is not used */
    uint32_t checksum; /*!< sum of its words */
    uint32_t n_words;  /*!< words that the sum is about, 0 once it was checked */
} region_desc_t;

/*! \brief Head of the data. */
typedef struct data_specification_metadata_t {
    uint32_t magic_number;
    uint32_t version;
    region_desc_t regions[];
} data_specification_metadata_t;

/*! \brief Find the data, and check the sums of all regions the first time.
 *  \return its head; stops the core with RTE_SWERR when a sum is wrong
 */
data_specification_metadata_t *data_specification_get_data_address(void);

/*! \brief Whether this is data at all.
 *  \param[in] ds_regions: its head
 *  \return false if not, with a message in the core's text
 */
bool data_specification_read_header(data_specification_metadata_t *ds_regions);

/*! \brief Address of a region.
 *  \param[in] region: its number
 *  \param[in] ds_regions: head of the data
 *  \return NULL for a region that is not used
 */
static inline void *data_specification_get_region(uint32_t region,
                                                  data_specification_metadata_t *ds_regions) {
    return ds_regions->regions[region].pointer;
}

#endif
