/*! \file
 *  \brief The constants of fixed point: computed here in double precision and rounded once, for the
 *  host's core and for the memory of SpiNNaker cores.
 *
 *  Formats come from the caller as bits after the binary point; docs/fixed_point.md names them.
 *  Arrays have n elements unless another size is said.
 */
#ifndef EPROP_HOST_FIXED_CONSTANTS_H
#define EPROP_HOST_FIXED_CONSTANTS_H

#include "engine.h"
#include "eprop/fixed/constants.h"

/*! \brief The formats and limits that are the same in every network (eprop/number_fixed.h). */
typedef struct {
    int32_t state_bits, adaptation_bits, beta_bits, bias_bits, entropy_loss_bits;
    int32_t master_shift;      /*!< further bits of a master weight */
    int32_t limit;             /*!< states are within -limit .. limit - 1 */
    int32_t no_target;         /*!< a target that is missing */
} eprop_fixed_formats;

extern const eprop_fixed_formats eprop_fixed;

/*! \brief values 2^bits, rounded to even, within -2^31 + 1 .. 2^31 - 1; no_target for NaN. */
void eprop_to_fixed(size_t n, const double *values, int32_t bits, int32_t *out);

/*! \brief Values as eprop_to_fixed() has them, within the limits of states.
 *  \return how many were beyond
 */
int64_t eprop_to_states(size_t n, const double *values, int32_t bits, int32_t *out);

/*! \brief Decays within 0 .. 1 as Q32; those of 0.5 and more come out as d - 1. */
void eprop_to_decays(size_t n, const double *decays, int32_t *out);

/*! \brief The 16 bits of master weights that are added at arrival. */
void eprop_to_wire(size_t n, const int32_t *masters, int16_t *out);

/*! \brief Constants of `count` cells from `first` on, (count,) each. */
void eprop_cell_constants(const eprop_spiking_cells *cells, size_t first, size_t count,
                          ep_cells *step, ep_filter *filter);

/*! \brief Constants of the rule of Clopath et al. for cells with a common threshold.
 *  \param[in] factor the rule
 *  \param[in] v_thresh threshold of the cells, Q15
 *  \param[in] shift by how many bits F is shorter than G
 */
void eprop_clopath_constants(const eprop_factor *factor, int32_t v_thresh, int32_t shift,
                             ep_clopath *out);

/*! \brief C_j = gain (spikes of an update) + offset, in units of 2^-8 of a learning signal's.
 *  \param[in] timestep dt in ms
 *  \param[in] steps of a trial
 *  \param[in] trials of an update
 */
void eprop_rate_constants(size_t n, const double *c_reg, const double *f_target, double timestep,
                          int64_t steps, int64_t trials, int32_t signal_bits, int32_t *gain,
                          int64_t *offset);

/*! \brief The constants of the next update of an optimiser that has done `updates` so far. */
void eprop_optimizer_constants(const eprop_optimizer *optimizer, int64_t updates,
                               int32_t master_bits, int32_t gradient_bits,
                               ep_optimizer_step *out);

/*! \brief Brings weights to the format of the arrivals. */
int32_t eprop_weight_factor(int32_t weight_bits);

/*! \brief One unit of a forward weight in the format of the feedback that follows it. */
int32_t eprop_feedback_unit(int32_t feedback_bits, int32_t weight_bits);

/*! \brief By how many bits errors are shifted for the readouts' own filter. */
int32_t eprop_error_shift(int32_t signal_bits);

/*! \brief By how many bits errors are shifted so that B err 2^-32 is a learning signal. */
int32_t eprop_feedback_shift(int32_t signal_bits, int32_t feedback_bits);

#endif
