/*! \file
 *  \brief Functions of kernels.c and rows.S, which describe them.
 */
#ifndef EPROP_ARM_KERNELS_H
#define EPROP_ARM_KERNELS_H

#include "eprop/fixed/clopath.h"
#include "eprop/fixed/filter.h"
#include "eprop/fixed/neuron.h"
#include "eprop/fixed/optimizer.h"

uint32_t kernel_lif_step(uint32_t n, const ep_cells *cells, ep_lif_state *state, int32_t *input,
                         uint16_t *h, uint32_t *spikes);
uint32_t kernel_alif_step(uint32_t n, const ep_cells *cells, ep_alif_state *state, int32_t *input,
                          uint16_t *h, uint32_t *spikes);
void kernel_row(uint32_t n, const int16_t *row, int16_t factor, int32_t *input);
void kernel_sparse_row(uint32_t n, const uint32_t *synapse, int16_t factor, int32_t *input);
void kernel_spill(uint32_t n, int32_t *sum, int64_t *wide);
uint32_t kernel_collect(uint32_t n, int32_t limit, int64_t *wide, int32_t *sum);
uint32_t kernel_filter_signal(uint32_t n, uint32_t readouts, int32_t kappa,
                              const int32_t *feedback, const int32_t *error, int32_t *G);
uint32_t kernel_filter_error(uint32_t n, int32_t kappa, const int32_t *error, int32_t *g);
uint32_t kernel_filter_lif(uint32_t n, const ep_filter *filter, const uint16_t *h,
                           const int32_t *G, ep_filter_state *state);
uint32_t kernel_filter_alif(uint32_t n, const ep_filter *filter, const uint16_t *h,
                            const int32_t *G, ep_filter_state *state);
void kernel_clopath_open(uint32_t n, uint32_t stride, const int32_t *status, uint16_t *factor);
uint32_t kernel_clopath_factor(uint32_t n, uint32_t stride, const ep_clopath *rule,
                               const int32_t *v, int32_t *v_hat, uint16_t *factor);
uint32_t kernel_filter_clopath(uint32_t n, const ep_filter *filter, const ep_clopath *rule,
                               const uint16_t *factor, const int32_t *G, ep_filter_state *state);
void kernel_filter_row(uint32_t n, const int32_t *F, int32_t *sum);
void kernel_gather_rows(uint32_t n, uint32_t count, const uint16_t *place, const int32_t *F,
                        int64_t *wide);
uint32_t kernel_adam(uint32_t n, const ep_optimizer_step *step, const int32_t *gradient,
                     int32_t *m, uint64_t *v, int32_t *master, int16_t *weight);
uint32_t kernel_sgd(uint32_t n, const ep_optimizer_step *step, const int32_t *gradient,
                    int32_t *master, int16_t *weight);
void kernel_clip(uint32_t n, const ep_optimizer_step *step, int32_t *master, int16_t *weight);
uint32_t kernel_readout_step(uint32_t n, int32_t kappa, const int32_t *bias, int32_t *input,
                             int32_t *y);
void kernel_squared_error(uint32_t n, const int32_t *y, const int32_t *target, int32_t *error);
void kernel_cross_entropy_error(uint32_t n, const int32_t *y, const int32_t *target,
                                int32_t *error);
void kernel_cross_entropy_loss(uint32_t n, const int32_t *y, const int32_t *target,
                               int64_t *loss);
int32_t kernel_rate_term(int32_t spikes, int32_t gain, int32_t offset_low, int32_t offset_high,
                         uint32_t *saturated);
int32_t kernel_rescale(int32_t value, int32_t shift, int32_t limit, uint32_t *saturated);
void kernel_value_row(uint32_t n, int16_t value, const int16_t *row, int64_t *sum);
void kernel_close_frame(uint32_t n, int32_t bits, int64_t *sum, int32_t *arrivals);
void kernel_products(uint32_t n, int16_t value, const int32_t *sum, int64_t *product);

/* rows.S: the same results as the kernels of these names, n a multiple of 8 (4: sparse rows),
   count > 0; rows and arrays begin at a word. */
void assembly_row(uint32_t n, const int16_t *row, int16_t factor, int32_t *input);
void assembly_sparse_row(uint32_t n, const uint32_t *synapse, int16_t factor, int32_t *input);
void assembly_gather_rows(uint32_t n, uint32_t count, const uint16_t *place, const int32_t *F,
                          int64_t *wide);

#endif
