/*! \file
 *  \brief Biases and their gradients, for the caller.
 */
#ifndef EPROP_CORE_VALUES_H
#define EPROP_CORE_VALUES_H

#include "update.h"

/* Provided by the number system (float/, fixed/): the bias of a readout and its last gradient as
   doubles, and a gradient as bias_sum holds it. */
static double bias_of(const population *p, size_t k);
static double bias_gradient_of(const population *p, size_t k);
static double to_bias_sum(const population *p, double gradient);
static void fill_bias(population *p, const double *bias);

static int core_get_bias(const engine *e, int32_t index, double *out) {
    const population *const p = &e->populations[index];
    if (p->kind != READOUTS)
        return EPROP_BAD_ARGUMENT;
    for (size_t k = 0; k < p->n; k++)
        out[k] = bias_of(p, k);
    return EPROP_OK;
}

static int core_get_bias_gradient(const engine *e, int32_t index, double *out) {
    const population *const p = &e->populations[index];
    if (p->kind != READOUTS)
        return EPROP_BAD_ARGUMENT;
    for (size_t k = 0; k < p->n; k++)
        out[k] = bias_gradient_of(p, k);
    return EPROP_OK;
}

static int core_set_bias(engine *e, int32_t index, const double *bias) {
    population *const p = &e->populations[index];
    if (p->kind != READOUTS)
        return EPROP_BAD_ARGUMENT;
    fill_bias(p, bias);
    return EPROP_OK;
}

static int core_set_bias_gradient(engine *e, int32_t index, const double *gradient) {
    population *const p = &e->populations[index];
    if (p->kind != READOUTS)
        return EPROP_BAD_ARGUMENT;
    for (size_t k = 0; k < p->n; k++)
        p->bias_sum[k] = to_bias_sum(p, gradient[k]);
    close_bias(p);
    return EPROP_OK;
}

#endif
