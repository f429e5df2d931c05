/*! \file
 *  \brief Adding rows: of weights to a membrane, of the backward filter to a gradient.
 *
 *  Each element is summed in the order of the rows, whatever the blocking, so that results do
 *  not depend on the instruction set. Whole rows have a multiple of EP_LANES elements.
 *
 *  A number system header must be included first.
 */
#ifndef EPROP_ROWS_H
#define EPROP_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "fetch.h"
#include "vector.h"

/*! \brief Calls block(vectors, offset, ...) for n elements, with up to `most` vectors, 4 or 8, at a
 *  time. Their number is a constant, so that the sums of a block stay in registers.
 */
#define EP_IN_BLOCKS(most, n, block, ...)                                                         \
    do {                                                                                          \
        const size_t end_ = (n);                                                                  \
        size_t done_ = 0;                                                                         \
        for (; done_ + (most)*EP_WIDTH <= end_; done_ += (most)*EP_WIDTH)                         \
            block(most, done_, __VA_ARGS__);                                                      \
        if (done_ + 4 * EP_WIDTH <= end_) {                                                       \
            block(4, done_, __VA_ARGS__);                                                         \
            done_ += 4 * EP_WIDTH;                                                                \
        }                                                                                         \
        if (done_ + 2 * EP_WIDTH <= end_) {                                                       \
            block(2, done_, __VA_ARGS__);                                                         \
            done_ += 2 * EP_WIDTH;                                                                \
        }                                                                                         \
        if (done_ < end_)                                                                         \
            block(1, done_, __VA_ARGS__);                                                         \
    } while (0)

/*! \brief sum[k] += the vectors from `offset` of `count` rows. */
static EP_INLINE void ep_sum_rows(size_t vectors, size_t offset, const EPROP_REAL *const *rows,
                                  size_t count, ep_vector *sum) {
    for (size_t q = 0; q < count; q++) {
        const EPROP_REAL *const row = rows[q] + offset;
        for (size_t k = 0; k < vectors; k++)
            sum[k] += ep_load(row + k * EP_WIDTH);
    }
}

static EP_INLINE void ep_add_rows_block(size_t vectors, size_t offset, size_t first,
                                        EPROP_REAL *out, const EPROP_REAL *const *rows,
                                        size_t count) {
    const size_t begin = first + offset;
    ep_vector sum[8];
    for (size_t k = 0; k < vectors; k++)
        sum[k] = ep_load(out + begin + k * EP_WIDTH);
    ep_sum_rows(vectors, begin, rows, count, sum);
    for (size_t k = 0; k < vectors; k++)
        ep_store(out + begin + k * EP_WIDTH, sum[k]);
}

/*! \brief out[first + j] += sum of rows[q][first + j], 0 <= j < n. */
static inline void ep_add_rows(size_t first, size_t n, EPROP_REAL *out,
                               const EPROP_REAL *const *rows, size_t count) {
    EP_IN_BLOCKS(8, n, ep_add_rows_block, first, out, rows, count);
}

/*! \brief Rows of a matrix that steps choose: row first + sign step[q] for each of `count` steps. */
typedef struct {
    const EPROP_REAL *matrix;
    const int32_t *step;
    size_t count;
    int64_t first;
    int sign;          /*!< 1, or -1 */
} ep_chosen_rows;

static EP_INLINE void ep_add_chosen_block(size_t vectors, size_t offset, size_t n,
                                          const ep_chosen_rows *rows, bool anew, EPROP_REAL *out) {
    ep_vector sum[8];
    for (size_t k = 0; k < vectors; k++)
        sum[k] = anew ? ep_zeros() : ep_load(out + offset + k * EP_WIDTH);
    for (size_t q = 0; q < rows->count; q++) {
        const int64_t at = rows->first + rows->sign * (int64_t)rows->step[q];
        const EPROP_REAL *const row = rows->matrix + (size_t)at * n + offset;
        for (size_t k = 0; k < vectors; k++)
            sum[k] += ep_load(row + k * EP_WIDTH);
    }
    for (size_t k = 0; k < vectors; k++)
        ep_store(out + offset + k * EP_WIDTH, sum[k]);
}

/*! \brief out[0 .. n) = (anew ? 0 : out[0 .. n)) + sum of the chosen rows of n elements. */
static inline void ep_add_chosen_rows(size_t n, const ep_chosen_rows *rows, bool anew,
                                      EPROP_REAL *out) {
    const ep_chosen_rows chosen = *rows;
    EP_IN_BLOCKS(8, n, ep_add_chosen_block, n, &chosen, anew, out);
}

/*! \brief out[0 .. n) += x row[0 .. n). */
static EP_INLINE void ep_add_scaled_row(size_t n, EPROP_REAL x, const EPROP_REAL *restrict row,
                                        EPROP_REAL *restrict out) {
    for (size_t j = 0; j < n; j++)
        out[j] += x * row[j];
}

#define EP_FETCHED 16 /* synapses of the next row that are asked for in one go: 64 bytes of targets */

/*! \brief The synapses of a sparse row: their number, their targets, a value of each.
 *  A target may occur more than once.
 */
typedef struct {
    size_t count;
    const int32_t *target;
    EPROP_REAL *value;
} ep_sparse_row;

/*! \brief Asks for synapses of a row, which lies far from the one before it, from the q-th on. */
static EP_INLINE void ep_fetch_synapses(const ep_sparse_row *row, size_t q) {
    if (q < row->count)
        EP_FETCH(row->target + q);
    for (size_t end = q + EP_FETCHED; q < end && q < row->count; q += 64 / sizeof *row->value)
        EP_FETCH(row->value + q);
}

/*! \brief out[target] += value for the synapses of a sparse row; `next` comes after it. */
static EP_INLINE void ep_scatter_row(const ep_sparse_row *row, const ep_sparse_row *next,
                                     EPROP_REAL *restrict out) {
    const ep_sparse_row after = *next;
    const int32_t *restrict const target = row->target;
    const EPROP_REAL *restrict const value = row->value;
    const size_t count = row->count;
    size_t q = 0;
    for (; q + EP_FETCHED <= count; q += EP_FETCHED) {
        ep_fetch_synapses(&after, q);
        for (size_t k = q; k < q + EP_FETCHED; k++)
            out[target[k]] += value[k];
    }
    for (; q < count; q++)
        out[target[q]] += value[q];
}

/*! \brief value += in[target] for the synapses of a sparse row; `next` comes after it. */
static EP_INLINE void ep_pick_row(const ep_sparse_row *row, const ep_sparse_row *next,
                                  const EPROP_REAL *restrict in) {
    const ep_sparse_row after = *next;
    const int32_t *restrict const target = row->target;
    EPROP_REAL *restrict const value = row->value;
    const size_t count = row->count;
    size_t q = 0;
    for (; q + EP_FETCHED <= count; q += EP_FETCHED) {
        ep_fetch_synapses(&after, q);
        for (size_t k = q; k < q + EP_FETCHED; k++)
            value[k] += in[target[k]];
    }
    for (; q < count; q++)
        value[q] += in[target[q]];
}

#endif
