/*! \file
 *  \brief An optimiser as the engine and the machine of learning in intervals are given it.
 */
#ifndef EPROP_HOST_OPTIMIZER_SETTINGS_H
#define EPROP_HOST_OPTIMIZER_SETTINGS_H

#include <stdint.h>

/*! \brief How weights or biases change. kind: enum ep_optimizer_kind. */
typedef struct {
    int32_t kind;
    int32_t eps_hat;
    int32_t decay_every;       /*!< schedule: lr decay_factor^floor(u / decay_every) */
    double decay_factor, lr, beta1, beta2, eps, w_min, w_max;
} eprop_optimizer;

#endif
