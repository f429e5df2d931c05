/*! \file
 *  \brief implementation of loops.h
 */
#include "loops.h"

#include "eprop/fixed/analog.h"

uint32_t loop_lif(uint32_t n, const ep_cells *cells, ep_lif_state *state, int32_t *input,
                  uint16_t *h, uint32_t *spikes) {
    return ep_lif_step_as(n, 1, cells, state, input, h, spikes);
}

uint32_t loop_alif(uint32_t n, const ep_cells *cells, ep_alif_state *state, int32_t *input,
                   uint16_t *h, uint32_t *spikes) {
    return ep_alif_step_as(n, 1, cells, state, input, h, spikes);
}

uint32_t loop_filter_signal(uint32_t n, uint32_t readouts, int32_t kappa, const int32_t *feedback,
                            const int32_t *error, int32_t *G) {
    return readouts == 3 ? ep_filter_signal_as(n, 3, 1, kappa, feedback, error, G)
                         : ep_filter_signal_as(n, readouts, 1, kappa, feedback, error, G);
}

uint32_t loop_filter_lif(uint32_t n, const ep_filter *filter, const uint16_t *h, const int32_t *G,
                         ep_filter_state *state, int32_t *row) {
    if (row == NULL) /* so that the loop does not ask */
        __builtin_unreachable();
    return ep_filter_lif_as(n, 1, filter, h, G, state, row);
}

uint32_t loop_filter_alif(uint32_t n, const ep_filter *filter, const uint16_t *h,
                          const int32_t *G, ep_filter_state *state, int32_t *row,
                          uint32_t *mu_outside) {
    if (row == NULL)
        __builtin_unreachable();
    return ep_filter_alif_as(n, 1, filter, h, G, state, row, mu_outside);
}

uint32_t loop_adam(uint32_t n, const ep_optimizer_step *step, const int32_t *gradient, int32_t *m,
                   uint64_t *v, int32_t *master, int16_t *weight) {
    return ep_adam_as(n, step, 0, gradient, m, v, master, weight);
}

uint32_t loop_sgd(uint32_t n, const ep_optimizer_step *step, const int32_t *gradient,
                  int32_t *master, int16_t *weight) {
    return ep_sgd(n, step, gradient, master, weight);
}

void loop_products(uint32_t n, int16_t value, const int32_t *sum, int64_t *wide) {
    ep_add_small_products(n, value, sum, wide);
}
