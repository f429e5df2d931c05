/*! \file
 *  \brief The data of network.c: words and addresses, so that a test can write them down.
 */
#ifndef EPROP_ARM_NETWORK_H
#define EPROP_ARM_NETWORK_H

#include "eprop/fixed/filter.h"
#include "eprop/fixed/neuron.h"
#include "eprop/fixed/optimizer.h"

/*! \brief The synapses of one projection, rows by presynaptic cell. */
typedef struct {
    int16_t *weight;
    int32_t *master, *m;
    uint64_t *v;
    int64_t *gradient_sum;
    int32_t *gradient;
    int32_t factor; /*!< that brings weights to the format of the arrivals */
} plastic_rows;

typedef struct {
    uint32_t sources, cells, readouts, steps, updates;
    uint32_t adaptive, cross_entropy, saturated;
    int32_t kappa, error_shift, readout_shift, rate_gain;
    int64_t rate_offset;
    ep_cells parameters;
    ep_filter filter;
    plastic_rows in, recurrent, out;
    const ep_optimizer_step *optimizer; /*!< (updates, 3) */
    const uint8_t *source_spikes;       /*!< (steps, sources) */
    const int32_t *target, *feedback, *bias;
    ep_lif_state *lif;
    ep_alif_state *alif;
    int32_t *input, *count, *y, *readout_input;
    uint32_t *spikes;                   /*!< (steps + 1, words) */
    uint16_t *h;                        /*!< (steps + 1, cells) */
    int32_t *error;                     /*!< (steps + 1, readouts) */
    int32_t *scaled_error, *G, *readout_filter;
    ep_filter_state *filter_state;
} small_network;

/*! \brief Train. \return how many values saturated */
uint32_t network_run(small_network *net);

#endif
