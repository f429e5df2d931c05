/*! \file
 *  \brief implementation of update.h
 *
 *  A row's state and weights come by DMA and go back by DMA, while the next row is on its way.
 */
#include "loops.h"

#include "update.h"

#include "eprop/fixed/gradient.h"
#include "gradient.h"
#include "packets.h"
#include "rows.h"
#include "transfers.h"

/* One row of a block; pointers into its buffers. */
typedef struct {
    uint32_t block, row, synapse, count, number;
    uint32_t which;
} row_in_work;

enum { STEP_WORDS = sizeof(ep_optimizer_step) / 4 };

static ep_optimizer_step step;
static int32_t sgd_limit;

/* 64-bit sums into 32-bit gradients, in the first half of their place. */
static uint32_t narrow(uint32_t n, const int64_t *wide, int32_t *gradient) {
    uint32_t saturated = 0;
    for (uint32_t q = 0; q < n; q++) {
        const int64_t g = wide[q];
        const int32_t high = (int32_t)(g >> 32), low = (int32_t)g;
        if (high == low >> 31 && low <= EP_GRADIENT_LIMIT && low >= -EP_GRADIENT_LIMIT) {
            gradient[q] = low;
        } else {
            gradient[q] = high < 0 ? -EP_GRADIENT_LIMIT : EP_GRADIENT_LIMIT;
            saturated++;
        }
    }
    return saturated;
}

/* Sums of values times F without the bits of the values, rounded, halves up. */
static void round_products(uint32_t n, uint32_t bits, int64_t *wide) {
    const int64_t half = bits != 0 ? INT64_C(1) << (bits - 1) : 0;
    for (uint32_t q = 0; q < n; q++)
        wide[q] = (wide[q] + half) >> bits;
}

/* 32-bit gradients back into 64-bit sums, from the last on. */
static void widen(uint32_t n, const int32_t *gradient, int64_t *wide) {
    for (uint32_t q = n; q-- > 0;) {
        const int32_t g = gradient[q];
        wide[q] = g;
    }
}

uint32_t update_values(uint32_t n, const ep_optimizer_step *constants, const int32_t *gradient,
                       int32_t *m, uint64_t *v, int32_t *master, int16_t *weight) {
    return constants->kind == EP_SGD ? loop_sgd(n, constants, gradient, master, weight)
                                     : loop_adam(n, constants, gradient, m, v, master, weight);
}

/* Set to zero the places of pairs that have no synapse. */
static void clear_holes(const block *b, uint32_t row, int32_t *values) {
    const uint32_t words = (core.setup.lanes + 31) / 32;
    const uint32_t *const holes =
        (const uint32_t *)(const void *)(core.rows + b->holes) + row * words;
    for (uint32_t w = 0; w < words; w++)
        for (uint32_t bits = holes[w]; bits != 0; bits &= bits - 1)
            values[32 * w + 31 - (uint32_t)ep_leading_zeros(bits & (0 - bits))] = 0;
}

static uint8_t *state_of(const row_in_work *r) { return gradient_buffer(r->which); }

static uint8_t *place_of(const row_in_work *r) {
    const block *const b = &core.blocks[r->block];
    return core.rows + b->state + r->synapse * state_bytes(b->kind);
}

static SELDOM void begin(row_in_work *r) {
    const block *const b = &core.blocks[r->block];
    r->synapse = r->row * core.setup.lanes;
    r->count = core.setup.lanes;
    if (b->sparse) {
        r->count = row_synapses(b, r->row, &r->synapse);
        if (r->count == 0)
            return;
        (void)transfer_read(core.rows + b->weight + r->synapse * 4, weight_buffer(r->which),
                            r->count * 4);
    }
    r->number = transfer_read(place_of(r), state_of(r), r->count * state_bytes(b->kind));
}

static void put_sparse(uint32_t n, const int32_t *master, uint32_t *synapse) {
    for (uint32_t q = 0; q < n; q++)
        synapse[q] = (synapse[q] & UINT32_C(0xffff0000)) | (uint16_t)ep_wire_weight(master[q]);
}

static void put_dense(uint32_t n, const int32_t *master, int16_t *weight) {
    for (uint32_t q = 0; q < n; q++)
        weight[q] = ep_wire_weight(master[q]);
}

/* The optimiser writes 16-bit weights; those of sparse rows are put into their words. */
static __attribute__((noinline)) void change(const row_in_work *r) {
    const block *const b = &core.blocks[r->block];
    const uint32_t n = r->count;
    uint8_t *const state = state_of(r);
    int64_t *const wide = (int64_t *)(void *)state; /* the gradient, at the begin of a row */
    int32_t *const gradient = (int32_t *)(void *)wide;
    uint64_t *const v = (uint64_t *)(void *)(state + STATE_ADAM_V * n);
    int32_t *const m = (int32_t *)(void *)(state + STATE_ADAM_M * n);
    int32_t *const master = (int32_t *)(void *)(
        state + (b->kind == EP_ADAM ? STATE_ADAM_MASTER : STATE_SGD_MASTER) * n);
    int16_t *const weight = (int16_t *)(void *)(gradient + n); /* where wide sums have been */
    const bool there = gradient_is_there(r->block, r->row);
    if (VALUE_SOURCES != 0 && there && b->analog != 0)
        round_products(n, b->value_bits, wide);
    if (there)
        count_saturated(PROVENANCE_SATURATED_GRADIENTS, narrow(n, wide, gradient));
    else
        clear_words(gradient, n);
    if (b->holes != 0)
        clear_holes(b, r->row, gradient);
    if (b->kind == EP_SGD)
        count_saturated(PROVENANCE_SATURATED_GRADIENTS, ep_limit_gradients(n, sgd_limit, gradient));
    count_saturated(PROVENANCE_SATURATED_WEIGHTS,
                    update_values(n, &step, gradient, m, v, master, weight));
    if (b->bounded) {
        ep_clip(n, &step, master, weight);
        if (b->holes != 0)
            clear_holes(b, r->row, master);
    }
    if (b->sparse) {
        put_sparse(n, master, weight_buffer(r->which));
        (void)transfer_write(core.rows + b->weight + r->synapse * 4, weight_buffer(r->which), n * 4);
    } else {
        int16_t *const to = (int16_t *)(void *)weight_buffer(r->which);
        put_dense(n, master, to);
        (void)transfer_write(core.rows + b->weight + r->synapse * 2, to, n * 2);
    }
    widen(n, gradient, wide);
    (void)transfer_write(place_of(r), wide, n * state_bytes(b->kind));
}

static void update_block(uint32_t k) {
    const block *const b = &core.blocks[k];
    row_in_work rows[2] = {{0}, {0}};
    rows[0] = (row_in_work){.block = k, .which = 0};
    begin(&rows[0]);
    for (uint32_t row = 0; row < b->rows; row++) {
        row_in_work *const r = &rows[row & 1], *const next = &rows[(row + 1) & 1];
        if (row + 1 < b->rows) {
            *next = (row_in_work){.block = k, .row = row + 1, .which = (row + 1) & 1};
            begin(next);
        }
        if (r->count != 0) {
            transfer_wait(r->number);
            change(r);
        }
        packets_discard_spikes();
    }
    transfers_finish();
}

SELDOM void update_weights(const uint32_t *constants) {
    for (uint32_t k = 0; k < core.setup.n_blocks; k++) {
        const block *const b = &core.blocks[k];
        if (b->kind == 0)
            continue;
        copy_words(&step, constants + b->optimizer * STEP_WORDS, STEP_WORDS);
        sgd_limit = b->kind == EP_SGD ? ep_sgd_limit(&step) : 0;
        update_block(k);
    }
}
