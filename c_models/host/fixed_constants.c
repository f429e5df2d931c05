/*! \file
 *  \brief implementation of fixed_constants.h
 */
#include "fixed_constants.h"

#include "eprop/fixed/optimizer.h"
#include "eprop/fixed/readout.h"
#include "fixed/numbers.h"

const eprop_fixed_formats eprop_fixed = {
    .state_bits = EP_STATE_BITS,
    .adaptation_bits = EP_ADAPTATION_BITS,
    .beta_bits = EP_BETA_BITS,
    .bias_bits = EP_BIAS_BITS,
    .entropy_loss_bits = EP_ENTROPY_LOSS_BITS,
    .master_shift = EP_MASTER_SHIFT,
    .limit = EP_LIMIT,
    .no_target = EP_NO_TARGET,
};

/* --- values --- */

void eprop_to_fixed(size_t n, const double *values, int32_t bits, int32_t *out) {
    for (size_t j = 0; j < n; j++)
        out[j] = isnan(values[j]) ? EP_NO_TARGET : to_fixed(values[j], bits);
}

int64_t eprop_to_states(size_t n, const double *values, int32_t bits, int32_t *out) {
    eprop_to_fixed(n, values, bits, out);
    return ep_saturate(n, EP_LIMIT, out);
}

void eprop_to_decays(size_t n, const double *decays, int32_t *out) {
    for (size_t j = 0; j < n; j++)
        out[j] = to_decay(decays[j]);
}

void eprop_to_wire(size_t n, const int32_t *masters, int16_t *out) {
    for (size_t j = 0; j < n; j++)
        out[j] = ep_wire_weight(masters[j]);
}

/* --- cells --- */

static void set_cell(const eprop_spiking_cells *in, size_t j, ep_cells *step, ep_filter *filter) {
    const int32_t shift = in->signal_bits - in->filter_bits; /* k: bits that F has fewer than G */
    *step = (ep_cells){0};
    *filter = (ep_filter){0};
    step->alpha = filter->alpha = to_decay(in->alpha[j]);
    step->v_thresh = to_fixed(in->v_thresh[j], EP_STATE_BITS);
    step->width = to_fixed(1.0 / in->inverse_width[j], EP_STATE_BITS);
    step->slope = to_fixed(in->height * in->inverse_width[j], in->slope_bits + 17);
    step->refractory = in->refractory[j];
    filter->h_shift = 32 - shift - in->slope_bits;
    if (!in->adaptive)
        return;
    step->rho = filter->rho = to_decay(in->rho[j]);
    step->beta = to_fixed(in->beta[j], EP_BETA_BITS);
    const double beta = ldexp(in->beta[j], shift);
    while (fabs(beta) >= ldexp(1.0, filter->beta_shift - 1))
        filter->beta_shift++;
    filter->beta = to_fixed(beta, 32 - filter->beta_shift);
}

void eprop_cell_constants(const eprop_spiking_cells *cells, size_t first, size_t count,
                          ep_cells *step, ep_filter *filter) {
    for (size_t j = 0; j < count; j++)
        set_cell(cells, first + j, &step[j], &filter[j]);
}

void eprop_clopath_constants(const eprop_factor *factor, int32_t v_thresh, int32_t shift,
                             ep_clopath *out) {
    const double unit = from_fixed(v_thresh, EP_STATE_BITS);
    *out = (ep_clopath){
        .decay = to_decay(factor->v_decay),
        .v_plus = to_fixed(factor->v_plus * unit, EP_STATE_BITS),
        .v_minus = to_fixed(factor->v_minus * unit, EP_STATE_BITS),
        .shift = (factor->bits + 2) / 2,
        .slow_shift = (factor->bits + 3) / 2,
        .product_shift = factor->bits + shift,
        .while_refractory = factor->while_refractory,
    };
}

void eprop_rate_constants(size_t n, const double *c_reg, const double *f_target, double timestep,
                          int64_t steps, int64_t trials, int32_t signal_bits, int32_t *gain,
                          int64_t *offset) {
    const double seconds = 1e-3 * timestep * (double)steps * (double)trials;
    const int bits = signal_bits + 8;
    for (size_t j = 0; j < n; j++) {
        const double least = ldexp(-c_reg[j] * f_target[j], bits);
        gain[j] = to_fixed(c_reg[j] / seconds, bits);
        offset[j] = (int64_t)nearbyint(fmax(fmin(least, 4e18), -4e18));
    }
}

/* --- optimisers --- */

/* rate and rate_shift for a number that is to be a Q32. */
static void set_rate(ep_optimizer_step *step, double rate) {
    step->rate_shift = 0;
    while (ldexp(rate, 32 - step->rate_shift) > 2147483000.0 && step->rate_shift < 31)
        step->rate_shift++;
    step->rate = to_fixed(rate, 32 - step->rate_shift);
}

/* Bits of a bound on |m| / sqrt(v), which no sequence of gradients passes. */
static int32_t ratio_bits(double beta1, double beta2) {
    const double bound =
        (1.0 - beta1) / sqrt((1.0 - beta2) * (1.0 - beta1 * beta1 / beta2)) * 1.05;
    int32_t bits = 0;
    while (ldexp(1.0, bits) < bound)
        bits++;
    return bits;
}

static void set_adam(ep_optimizer_step *step, const eprop_optimizer *adam, double lr, double u,
                     int master_bits, int gradient_bits) {
    const double root2 = sqrt(1.0 - pow(adam->beta2, u));
    const double small = 1.0 - adam->beta1;
    step->one_minus_beta1 = to_decay(small);
    step->one_minus_beta2 = to_fixed(1.0 - adam->beta2, 32);
    step->ratio_bits = ratio_bits(adam->beta1, adam->beta2);
    set_rate(step, ldexp(lr * root2 / (1.0 - pow(adam->beta1, u)),
                         master_bits + 3 + step->ratio_bits - 32));
    /* m of this size and less can stay for ever; v grows from gradients of `least` on */
    step->idle = (int32_t)fmin(0.5 / small, 1e6);
    const double least = sqrt(0.5 / (1.0 - adam->beta2));
    while (step->floor < 3 ||
           ldexp(1.0, step->floor + step->ratio_bits) < least + step->idle + 1.0)
        step->floor++;
    const double eps = ldexp(adam->eps_hat ? adam->eps : adam->eps * root2, gradient_bits);
    step->eps = eps < 0.125 ? 0 : (uint32_t)fmin(nearbyint(ldexp(eps, 8)), 4294967295.0);
}

void eprop_optimizer_constants(const eprop_optimizer *optimizer, int64_t updates,
                               int32_t master_bits, int32_t gradient_bits,
                               ep_optimizer_step *out) {
    const double lr =
        optimizer->lr * pow(optimizer->decay_factor, (double)(updates / optimizer->decay_every));
    *out = (ep_optimizer_step){0};
    out->kind = optimizer->kind;
    out->w_min = isfinite(optimizer->w_min) ? to_fixed(optimizer->w_min, master_bits) : -INT32_MAX;
    out->w_max = isfinite(optimizer->w_max) ? to_fixed(optimizer->w_max, master_bits) : INT32_MAX;
    if (out->kind == EP_SGD)
        set_rate(out, ldexp(lr, master_bits - gradient_bits));
    else if (out->kind == EP_ADAM)
        set_adam(out, optimizer, lr, (double)(updates + 1), master_bits, gradient_bits);
}

/* --- factors between formats --- */

int32_t eprop_weight_factor(int32_t weight_bits) { return weight_factor(weight_bits); }

int32_t eprop_feedback_unit(int32_t feedback_bits, int32_t weight_bits) {
    return feedback_unit(feedback_bits, weight_bits);
}

int32_t eprop_error_shift(int32_t signal_bits) { return error_shift(signal_bits); }

int32_t eprop_feedback_shift(int32_t signal_bits, int32_t feedback_bits) {
    return feedback_shift(signal_bits, feedback_bits);
}
