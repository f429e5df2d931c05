/*! \file
 *  \brief Constants of an update in floating point.
 *
 *  A number system header must be included first.
 */
#ifndef EPROP_FLOAT_OPTIMIZER_STEP_H
#define EPROP_FLOAT_OPTIMIZER_STEP_H

#include <math.h>

#include "../optimizer_settings.h"
#include "eprop/optimizer.h"

/* The constants of the next update of an optimiser that has done `updates` so far. rate: a factor on
   its learning rate, which a course of training may change. */
static ep_optimizer_step optimizer_step(const eprop_optimizer *optimizer, int64_t updates,
                                        double rate) {
    ep_optimizer_step step = {0};
    const double lr = rate * optimizer->lr *
                      pow(optimizer->decay_factor, (double)(updates / optimizer->decay_every));
    const double u = (double)(updates + 1);
    const double correction1 = 1.0 - pow(optimizer->beta1, u);
    const double correction2 = 1.0 - pow(optimizer->beta2, u);
    step.kind = (enum ep_optimizer_kind)optimizer->kind;
    step.beta1 = (ep_moment)optimizer->beta1;
    step.one_minus_beta1 = (ep_moment)(1.0 - optimizer->beta1);
    step.beta2 = (ep_moment)optimizer->beta2;
    step.one_minus_beta2 = (ep_moment)(1.0 - optimizer->beta2);
    step.rate = (ep_moment)lr;
    step.variance_scale = (ep_moment)1;
    if (step.kind == EP_ADAM && optimizer->eps_hat) {
        step.rate = (ep_moment)(lr * sqrt(correction2) / correction1);
    } else if (step.kind == EP_ADAM) {
        step.rate = (ep_moment)(lr / correction1);
        step.variance_scale = (ep_moment)(1.0 / correction2);
    }
    step.eps = (ep_moment)optimizer->eps;
    step.w_min = (ep_weight)optimizer->w_min;
    step.w_max = (ep_weight)optimizer->w_max;
    return step;
}

#endif
