/*! \file
 *  \brief The constants that kernels take: computed by c_models/host/fixed_constants.c, for the host
 *  and for the cores that are sent them.
 *
 *  Declarations only: Python reads the structures from here, too.
 */
#ifndef EPROP_FIXED_CONSTANTS_H
#define EPROP_FIXED_CONSTANTS_H

#include <stdint.h>

/*! \brief Parameters of a step of the cells, which they share. */
typedef struct {
    int32_t alpha;      /*!< decay of the membrane */
    int32_t v_thresh;   /*!< baseline threshold and reset amplitude, Q15 */
    int32_t width;      /*!< width v_th, Q15 */
    int32_t slope;      /*!< height / (width v_th), Q(p + 17) */
    int32_t refractory; /*!< steps, at least 0 */
    int32_t rho;        /*!< decay of the adaptation */
    int32_t beta;       /*!< threshold increase, Q28 */
} ep_cells;

/*! \brief Constants of the backward filter, which cells share. */
typedef struct {
    int32_t alpha;      /*!< decay of the membrane */
    int32_t rho;        /*!< decay of the adaptation */
    int32_t beta;       /*!< beta 2^(32 + k - beta_shift) */
    int32_t beta_shift; /*!< |beta| 2^k < 2^(beta_shift - 1) */
    int32_t h_shift;    /*!< 32 - k - p */
} ep_filter;

/*! \brief Constants of the rule of Clopath et al., which cells share. */
typedef struct {
    int32_t decay;            /*!< of the filtered membrane potential */
    int32_t v_plus;           /*!< threshold of v, Q15 */
    int32_t v_minus;          /*!< threshold of vhat, Q15 */
    int32_t shift;            /*!< of v above its threshold, so that the high word of the product */
    int32_t slow_shift;       /*!< with vhat above its own is a Qp: the sum is p + 2 */
    int32_t product_shift;    /*!< p + k, at least 2 */
    int32_t while_refractory; /*!< 0: P is 0 then */
} ep_clopath;

/*! \brief Constants of one update, the same for all weights of a projection. */
typedef struct {
    int32_t kind;            /*!< enum ep_optimizer_kind */
    int32_t one_minus_beta1; /*!< Q32, less 1 if it is 0.5 or more */
    int32_t one_minus_beta2; /*!< Q32, less than 0.5 */
    int32_t rate;            /*!< see ep_adam_step() */
    int32_t rate_shift;      /*!< 0 unless the rate is large */
    uint32_t eps;            /*!< Q8 of a gradient's unit; 0 if it does not matter */
    int32_t idle;            /*!< no step for |m| up to this */
    int32_t floor;           /*!< sqrt(v) >= 2^floor */
    int32_t ratio_bits;      /*!< |m| < 2^ratio_bits sqrt(v) */
    int32_t w_min, w_max;    /*!< bounds of the master weight */
} ep_optimizer_step;

#endif
