/*! \file
 *  \brief The fixed-point kernels as functions with a name, to be called one by one.
 *
 *  Built for the ARM core and for the host; the tests compare the two bit for bit and count the
 *  instructions of the first. Not part of any application.
 */
#include "eprop/fixed/analog.h"
#include "eprop/fixed/clopath.h"
#include "eprop/fixed/filter.h"
#include "eprop/fixed/gradient.h"
#include "eprop/fixed/neuron.h"
#include "eprop/fixed/optimizer.h"
#include "eprop/fixed/readout.h"
#include "eprop/fixed/rows.h"
#include "kernels.h"

uint32_t kernel_lif_step(uint32_t n, const ep_cells *cells, ep_lif_state *state, int32_t *input,
                         uint16_t *h, uint32_t *spikes) {
    return ep_lif_step(n, cells, state, input, h, spikes);
}

uint32_t kernel_alif_step(uint32_t n, const ep_cells *cells, ep_alif_state *state, int32_t *input,
                          uint16_t *h, uint32_t *spikes) {
    return ep_alif_step(n, cells, state, input, h, spikes);
}

void kernel_row(uint32_t n, const int16_t *row, int16_t factor, int32_t *input) {
    ep_add_row(n, row, factor, input);
}

void kernel_sparse_row(uint32_t n, const uint32_t *synapse, int16_t factor, int32_t *input) {
    ep_add_sparse_row(n, synapse, factor, input);
}

void kernel_spill(uint32_t n, int32_t *sum, int64_t *wide) { ep_spill(n, sum, wide); }

uint32_t kernel_collect(uint32_t n, int32_t limit, int64_t *wide, int32_t *sum) {
    return ep_collect(n, limit, wide, sum);
}

uint32_t kernel_filter_signal(uint32_t n, uint32_t readouts, int32_t kappa,
                              const int32_t *feedback, const int32_t *error, int32_t *G) {
    return ep_filter_signal(n, readouts, kappa, feedback, error, G);
}

uint32_t kernel_filter_error(uint32_t n, int32_t kappa, const int32_t *error, int32_t *g) {
    return ep_filter_error(n, kappa, error, g);
}

uint32_t kernel_filter_lif(uint32_t n, const ep_filter *filter, const uint16_t *h,
                           const int32_t *G, ep_filter_state *state) {
    return ep_filter_lif(n, filter, h, G, state);
}

uint32_t kernel_filter_alif(uint32_t n, const ep_filter *filter, const uint16_t *h,
                            const int32_t *G, ep_filter_state *state) {
    return ep_filter_alif(n, filter, h, G, state);
}

void kernel_clopath_open(uint32_t n, uint32_t stride, const int32_t *status, uint16_t *factor) {
    ep_clopath_open(n, stride, status, factor);
}

uint32_t kernel_clopath_factor(uint32_t n, uint32_t stride, const ep_clopath *rule,
                               const int32_t *v, int32_t *v_hat, uint16_t *factor) {
    return ep_clopath_factor(n, stride, rule, v, v_hat, factor);
}

uint32_t kernel_filter_clopath(uint32_t n, const ep_filter *filter, const ep_clopath *rule,
                               const uint16_t *factor, const int32_t *G, ep_filter_state *state) {
    return ep_filter_clopath(n, filter, rule, factor, G, state);
}

void kernel_filter_row(uint32_t n, const int32_t *F, int32_t *sum) {
    ep_add_filter_row(n, F, sum);
}

void kernel_gather_rows(uint32_t n, uint32_t count, const uint16_t *place, const int32_t *F,
                        int64_t *wide) {
    ep_gather_filter_rows(n, count, place, F, wide);
}

uint32_t kernel_adam(uint32_t n, const ep_optimizer_step *step, const int32_t *gradient,
                     int32_t *m, uint64_t *v, int32_t *master, int16_t *weight) {
    return ep_adam(n, step, gradient, m, v, master, weight);
}

uint32_t kernel_sgd(uint32_t n, const ep_optimizer_step *step, const int32_t *gradient,
                    int32_t *master, int16_t *weight) {
    return ep_sgd(n, step, gradient, master, weight);
}

void kernel_clip(uint32_t n, const ep_optimizer_step *step, int32_t *master, int16_t *weight) {
    ep_clip(n, step, master, weight);
}

uint32_t kernel_readout_step(uint32_t n, int32_t kappa, const int32_t *bias, int32_t *input,
                             int32_t *y) {
    return ep_readout_step(n, kappa, bias, input, y);
}

void kernel_squared_error(uint32_t n, const int32_t *y, const int32_t *target, int32_t *error) {
    ep_squared_error(n, y, target, error);
}

void kernel_cross_entropy_error(uint32_t n, const int32_t *y, const int32_t *target,
                                int32_t *error) {
    ep_cross_entropy_error(n, y, target, error);
}

void kernel_cross_entropy_loss(uint32_t n, const int32_t *y, const int32_t *target,
                               int64_t *loss) {
    *loss = ep_cross_entropy_loss(n, y, target);
}

int32_t kernel_rate_term(int32_t spikes, int32_t gain, int32_t offset_low, int32_t offset_high,
                         uint32_t *saturated) {
    const int64_t offset = (int64_t)((uint64_t)(uint32_t)offset_high << 32 | (uint32_t)offset_low);
    return ep_rate_term(spikes, gain, offset, saturated);
}

int32_t kernel_rescale(int32_t value, int32_t shift, int32_t limit, uint32_t *saturated) {
    return ep_rescale(value, shift, limit, saturated);
}

void kernel_value_row(uint32_t n, int16_t value, const int16_t *row, int64_t *sum) {
    ep_add_value_row(n, value, row, sum);
}

void kernel_close_frame(uint32_t n, int32_t bits, int64_t *sum, int32_t *arrivals) {
    ep_close_frame(n, bits, sum, arrivals);
}

void kernel_products(uint32_t n, int16_t value, const int32_t *sum, int64_t *product) {
    ep_add_small_products(n, value, sum, product);
}
