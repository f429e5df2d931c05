/*! \file
 *  \brief A whole small network on one core: forward, backward, rate term, Adam, several updates.
 *
 *  Sources drive recurrent cells, which drive readouts, all to all and with delays of one step.
 *  It works step by step in time, as the chip does: what a step's filter gives is added to the
 *  gradients of the rows whose spikes arrived at that step. Nothing of c_models/host is in it.
 */
#include "network.h"

#include "eprop/fixed/gradient.h"
#include "eprop/fixed/readout.h"
#include "eprop/fixed/rows.h"
#include "kernels.h"

#if defined(__arm__)
#define add_row assembly_row
#else
#define add_row kernel_row
#endif

static int spiked(const uint32_t *words, uint32_t cell) { return words[cell / 32] >> cell % 32 & 1; }

static uint32_t words_of(const small_network *net) { return (net->cells + 31) / 32; }

static void clear(uint32_t words, void *memory) {
    volatile uint32_t *const out = memory; /* or the compiler asks a library to do it */
    for (uint32_t k = 0; k < words; k++)
        out[k] = 0;
}

static void begin_trial(small_network *net) {
    const uint32_t n = net->cells;
    clear(n, net->input);
    clear(n, net->count);
    clear(net->readouts, net->y);
    clear(net->readouts, net->readout_input);
    if (net->adaptive)
        clear(3 * n, net->alif);
    else
        clear(2 * n, net->lif);
    clear(words_of(net), net->spikes); /* none at step 0 */
}

static void add_plastic_row(const plastic_rows *rows, uint32_t row, uint32_t n, int32_t *input) {
    if (n % 8 == 0)
        add_row(n, rows->weight + row * n, (int16_t)rows->factor, input);
    else
        kernel_row(n, rows->weight + row * n, (int16_t)rows->factor, input);
}

static void step_forward(small_network *net, uint32_t t) {
    const uint32_t n = net->cells, words = words_of(net), readouts = net->readouts;
    const uint32_t *const before = net->spikes + (t - 1) * words;
    uint32_t *const now = net->spikes + t * words;
    for (uint32_t i = 0; i < net->sources; i++)
        if (net->source_spikes[(t - 1) * net->sources + i])
            add_plastic_row(&net->in, i, n, net->input);
    for (uint32_t i = 0; i < n; i++)
        if (spiked(before, i))
            add_plastic_row(&net->recurrent, i, n, net->input);
    uint16_t *const h = net->h + t * n;
    net->saturated += net->adaptive
                          ? ep_alif_step(n, &net->parameters, net->alif, net->input, h, now)
                          : ep_lif_step(n, &net->parameters, net->lif, net->input, h, now);
    for (uint32_t i = 0; i < n; i++)
        if (spiked(now, i)) {
            net->count[i]++;
            add_plastic_row(&net->out, i, readouts, net->readout_input);
        }
    net->saturated += ep_readout_step(readouts, net->kappa, net->bias, net->readout_input, net->y);
    const int32_t *const target = net->target + (t - 1) * readouts;
    if (net->cross_entropy)
        ep_cross_entropy_error(readouts, net->y, target, net->error + t * readouts);
    else
        ep_squared_error(readouts, net->y, target, net->error + t * readouts);
}

static void add_gradient(const plastic_rows *rows, uint32_t row, uint32_t n, uint32_t stride,
                         const int32_t *filter) {
    for (uint32_t j = 0; j < n; j++)
        rows->gradient_sum[row * n + j] += filter[j * stride];
}

static void step_backward(small_network *net, uint32_t t) {
    const uint32_t n = net->cells, words = words_of(net), readouts = net->readouts;
    const uint32_t *const before = net->spikes + (t - 1) * words;
    const uint32_t *const now = net->spikes + t * words;
    const uint32_t stride = sizeof *net->filter_state / sizeof(int32_t);
    int32_t *const scaled = net->scaled_error;
    for (uint32_t k = 0; k < readouts; k++)
        scaled[k] = ep_rescale(net->error[t * readouts + k], net->error_shift, INT32_MAX,
                               &net->saturated);
    net->saturated += ep_filter_signal(n, readouts, net->kappa, net->feedback, scaled, net->G);
    net->saturated +=
        net->adaptive ? ep_filter_alif(n, &net->filter, net->h + t * n, net->G, net->filter_state)
                      : ep_filter_lif(n, &net->filter, net->h + t * n, net->G, net->filter_state);
    for (uint32_t i = 0; i < net->sources; i++)
        if (net->source_spikes[(t - 1) * net->sources + i])
            add_gradient(&net->in, i, n, stride, &net->filter_state->F);
    for (uint32_t i = 0; i < n; i++)
        if (spiked(before, i))
            add_gradient(&net->recurrent, i, n, stride, &net->filter_state->F);
    for (uint32_t k = 0; k < readouts; k++)
        scaled[k] = ep_rescale(net->error[t * readouts + k], net->readout_shift, EP_TERM_LIMIT,
                               &net->saturated);
    net->saturated += ep_filter_error(readouts, net->kappa, scaled, net->readout_filter);
    for (uint32_t i = 0; i < n; i++)
        if (spiked(now, i))
            add_gradient(&net->out, i, readouts, 1, net->readout_filter);
}

static void begin_backward(small_network *net) {
    const uint32_t n = net->cells;
    clear(n, net->G);
    clear(3 * n, net->filter_state);
    clear(net->readouts, net->readout_filter);
    for (uint32_t j = 0; j < n; j++)
        net->filter_state[j].C =
            ep_rate_term(net->count[j], net->rate_gain, net->rate_offset, &net->saturated);
}

static void update_rows(small_network *net, const plastic_rows *rows, uint32_t count, uint32_t n,
                        int own, const ep_optimizer_step *step) {
    for (uint32_t i = 0; i < count; i++) {
        int32_t *const gradient = rows->gradient + i * n;
        clear(n, gradient);
        net->saturated +=
            ep_collect(n, EP_GRADIENT_LIMIT, rows->gradient_sum + i * n, gradient);
        if (!own)
            gradient[i] = 0; /* no synapse to itself */
        net->saturated += ep_adam(n, step, gradient, rows->m + i * n, rows->v + i * n,
                                  rows->master + i * n, rows->weight + i * n);
    }
}

uint32_t network_run(small_network *net) {
    for (uint32_t update = 0; update < net->updates; update++) {
        begin_trial(net);
        for (uint32_t t = 1; t <= net->steps; t++)
            step_forward(net, t);
        begin_backward(net);
        for (uint32_t t = net->steps; t >= 1; t--)
            step_backward(net, t);
        const ep_optimizer_step *const step = net->optimizer + 3 * update;
        update_rows(net, &net->in, net->sources, net->cells, 1, &step[0]);
        update_rows(net, &net->recurrent, net->cells, net->cells, 0, &step[1]);
        update_rows(net, &net->out, net->cells, net->readouts, 1, &step[2]);
    }
    return net->saturated;
}
