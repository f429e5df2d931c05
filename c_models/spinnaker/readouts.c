/*! \file
 *  \brief Leaky readouts: errors, loss, targets, biases, mirrored weights.
 */
#include "eprop/fixed/filter.h"
#include "eprop/fixed/readout.h"
#include "packets.h"
#include "population.h"
#include "record.h"
#include "spike_log.h"
#include "tallies.h"
#include "transfers.h"
#include "update.h"

enum { BLOCK_STEPS = 8, BIAS_SHIFT = EP_BIAS_BITS - EP_STATE_BITS };

const uint32_t population_lag = 1;

static readout_cells cells;
static int32_t *y, *y_initial, *bias, *target, *error, *scaled, *g, *block_errors;
static int64_t loss;
static uint32_t mirror_next, mirror_at_once;
static bool mirror_wanted;

/* State of the biases, laid out as a row of state is; in CELLS, too, where the host finds it. */
static int64_t *bias_sum;
static int64_t *bias_gradient;
static uint64_t *bias_v;
static int32_t *bias_m, *bias_master;
static uint8_t *bias_place;

static uint32_t round8(uint32_t bytes) { return (bytes + 7) & ~UINT32_C(7); }

static uint32_t bias_bytes(void) { return core.setup.lanes * STATE_ADAM_BYTES; }

/* Biases as readouts take them, from their masters. */
static void derive_biases(void) {
    for (uint32_t k = 0; k < core.setup.n; k++)
        bias[k] = (bias_master[k] + (1 << (BIAS_SHIFT - 1))) >> BIAS_SHIFT;
}

static SELDOM void read_parameters(void) {
    const uint32_t lanes = core.setup.lanes;
    copy_words(&cells, core.cells, sizeof cells / 4);
    copy_words(y_initial, core.cells + sizeof cells, lanes);
    bias_place = core.cells + round8(sizeof cells + 2 * lanes * 4);
    copy_words(bias_gradient, bias_place, bias_bytes() / 4);
    derive_biases();
}

SELDOM bool population_initialise(void) {
    const uint32_t lanes = core.setup.lanes, T = core.setup.interval_steps;
    if (core.setup.kind != KIND_READOUT)
        return false;
    y = take(lanes * 4);
    y_initial = take(lanes * 4);
    bias = take(lanes * 4);
    target = take(lanes * 4);
    error = take(lanes * 4);
    uint8_t *const state = take(bias_bytes());
    bias_gradient = (int64_t *)(void *)(state + STATE_ADAM_GRADIENT * lanes);
    bias_v = (uint64_t *)(void *)(state + STATE_ADAM_V * lanes);
    bias_m = (int32_t *)(void *)(state + STATE_ADAM_M * lanes);
    bias_master = (int32_t *)(void *)(state + STATE_ADAM_MASTER * lanes);
    bias_sum = take(lanes * 8);
    if (core.setup.n_plastic != 0) {
        scaled = take(lanes * 4);
        g = take(lanes * 4);
        block_errors = take(BLOCK_STEPS * lanes * 4);
    }
    const uint32_t steps = T > 1 ? T - 1 : 1;
    mirror_at_once = (core.setup.n_mirrored + steps - 1) / steps;
    mirror_wanted = core.run.mirror != 0;
    read_parameters();
    return true;
}

SELDOM void population_reload(void) {
    read_parameters();
    mirror_wanted |= core.run.mirror != 0;
}

SELDOM uint32_t population_log_bytes(void) {
    return core.setup.interval_steps != 0 ? (core.setup.interval_steps + 1) * core.setup.lanes * 4
                                          : 0;
}

SELDOM void population_begin(void) {
    copy_words(y, y_initial, core.setup.lanes);
    loss = 0;
    mirror_next = mirror_wanted && core.setup.has_feedback_key ? 0 : core.setup.n_mirrored;
    mirror_wanted = false;
}

/* --- steps --- */

/* The target of a step of the interval in progress; false if there is none at any readout. */
static bool read_target(uint32_t s) {
    const uint32_t n = core.setup.n, T = core.setup.interval_steps;
    uint32_t row = s - 1;
    if (!cells.target_repeats) {
        const uint32_t place = now.interval - core.run.first_interval;
        if (place >= core.run.n_targets)
            fail(STATUS_TARGET_ENDED, place + 1, core.run.n_targets);
        row += place * T;
    }
    copy_words(target, core.target + row * n, n);
    for (uint32_t k = 0; k < n; k++)
        if (target[k] != EP_NO_TARGET)
            return true;
    return false;
}

static void find_errors(void) {
    const uint32_t n = core.setup.n;
    if (cells.loss == LOSS_CROSS_ENTROPY) {
        ep_cross_entropy_error(n, y, target, error);
        loss += ep_cross_entropy_loss(n, y, target);
        return;
    }
    ep_squared_error(n, y, target, error);
    for (uint32_t k = 0; k < n; k++)
        loss += (int64_t)error[k] * error[k];
}

static void send_errors(uint32_t s, const int32_t *values) {
    if (!core.setup.has_signal_key)
        return;
    const uint32_t step = now.base + s, key = core.setup.signal_key | (step & 15);
    for (uint32_t k = 0; k < core.setup.n; k++) {
        while (!spin1_send_mc_packet(key | k << COLOUR_BITS, (uint)values[k], WITH_PAYLOAD))
            continue;
        tallies_add(TALLY_SENT_NOW, 1, core.setup.signal_key + k, step);
    }
}

OFTEN void population_step(uint32_t s, int32_t *input) {
    const uint32_t n = core.setup.n, step = global_step(s);
    count_saturated(PROVENANCE_SATURATED_STATES, ep_readout_step(n, cells.kappa, bias, input, y));
    if (cells.loss == LOSS_NONE || core.setup.interval_steps == 0) {
        send_errors(s, y);
    } else if (read_target(s)) {
        find_errors();
        send_errors(s, error);
    } else {
        clear_words(error, n);
    }
    if (now.learning && core.setup.n_plastic != 0)
        copy_words(log_population(log_slot()) + s * core.setup.lanes * 4, error, core.setup.lanes);
    if (record_wanted(CHANNEL_Y, step))
        record_values(CHANNEL_Y, step, y, 1);
    if (record_wanted(CHANNEL_ERROR, step))
        record_values(CHANNEL_ERROR, step, error, 1);
}

static SELDOM void mirror(uint32_t number) {
    const mirror_entry *const entries = (const mirror_entry *)(const void *)core.signals;
    const int16_t weight = *(const int16_t *)(const void *)(core.rows + entries[number].weight);
    const uint32_t key = core.setup.feedback_key | number << COLOUR_BITS;
    while (!spin1_send_mc_packet(key, (uint)(int32_t)weight, WITH_PAYLOAD))
        continue;
    tallies_add(TALLY_WEIGHTS_SENT, 1, core.setup.feedback_key + number, (uint32_t)(int32_t)weight);
}

SELDOM void population_tick(void) {
    if (now.local < 2)
        return;
    for (uint32_t k = 0; k < mirror_at_once && mirror_next < core.setup.n_mirrored; k++)
        mirror(mirror_next++);
}

SELDOM void population_end(void) {
    const loss_record record = {.interval = now.interval, .loss = loss};
    const uint32_t *const words = (const uint32_t *)(const void *)&record;
    if (cells.loss != LOSS_NONE && record_wanted(CHANNEL_LOSS, now.interval))
        record_words(CHANNEL_LOSS, words[0], words + 1, sizeof record / 4 - 1);
}

void population_error(uint32_t signal_index, uint32_t readout, uint32_t step, int32_t value) {
    use(signal_index);
    use(readout);
    use(step);
    use(value);
    counts[PROVENANCE_UNKNOWN_KEYS]++;
}

void population_feedback(uint32_t signal_index, uint32_t number, int32_t weight) {
    use(signal_index);
    use(number);
    use(weight);
    counts[PROVENANCE_UNKNOWN_KEYS]++;
}

/* --- the backward filter --- */

void population_filter_begin(uint32_t slot) {
    use(slot);
    clear_words(g, core.setup.lanes);
}

OFTEN uint32_t population_filter(uint32_t slot, uint32_t last, uint32_t first, int32_t *rows) {
    const uint32_t lanes = core.setup.lanes, n = core.setup.n;
    uint32_t magnitude = 0;
    for (uint32_t high = last; high >= first;) {
        const uint32_t low = high - first >= BLOCK_STEPS ? high - BLOCK_STEPS + 1 : first;
        packets_discard_spikes();
        transfer_wait(transfer_read(log_population(slot) + low * lanes * 4, block_errors,
                                    (high - low + 1) * lanes * 4));
        for (uint32_t t = high; t >= low; t--) {
            const int32_t *const errors = block_errors + (t - low) * lanes;
            uint32_t saturated = 0;
            for (uint32_t k = 0; k < n; k++)
                scaled[k] = ep_rescale(errors[k], cells.signal_shift, EP_TERM_LIMIT, &saturated);
            count_saturated(PROVENANCE_SATURATED_ERRORS, saturated);
            count_saturated(PROVENANCE_SATURATED_FILTERS,
                            ep_filter_error(n, cells.kappa, scaled, g));
            int32_t *const row = rows + (t - first) * lanes;
            for (uint32_t k = 0; k < n; k++) {
                row[k] = g[k];
                bias_sum[k] += g[k];
                magnitude |= (uint32_t)(g[k] ^ (g[k] >> 31));
            }
        }
        high = low - 1;
    }
    return magnitude;
}

/* --- biases --- */

static int32_t within(int64_t value, int32_t limit) {
    return value > limit ? limit : value < -limit ? -limit : (int32_t)value;
}

static SELDOM void update_biases(const ep_optimizer_step *step) {
    const int32_t limit = step->kind == EP_SGD ? ep_sgd_limit(step) : EP_GRADIENT_LIMIT;
    for (uint32_t k = 0; k < core.setup.n; k++) {
        const int32_t gradient = within(bias_sum[k], limit);
        int16_t unused;
        count_saturated(PROVENANCE_SATURATED_FILTERS, gradient != bias_sum[k]);
        bias_gradient[k] = gradient;
        count_saturated(PROVENANCE_SATURATED_STATES,
                        update_values(1, step, &gradient, &bias_m[k], &bias_v[k],
                                      &bias_master[k], &unused));
    }
    derive_biases();
    copy_words(bias_place, bias_gradient, bias_bytes() / 4);
}

SELDOM void population_update(const uint32_t *constants) {
    ep_optimizer_step step;
    if (cells.bias_kind != 0) {
        copy_words(&step, constants, sizeof step / 4);
        update_biases(&step);
    }
    mirror_wanted = true;
}

void population_forget(void) { clear_words(bias_sum, 2 * core.setup.lanes); }
