/*! \file
 *  \brief Adding rows: of weights to a membrane, of the backward filter to a gradient.
 *
 *  Each element is summed in the order of the rows, whatever the blocking, so that results do
 *  not depend on the instruction set. A number system header must be included first.
 */
#ifndef EPROP_ROWS_H
#define EPROP_ROWS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
/*! \brief 32 bytes of elements; lowered by the compiler if the machine has narrower registers. */
typedef EPROP_REAL ep_vector __attribute__((vector_size(32), aligned(sizeof(EPROP_REAL)), may_alias));
#define EP_VECTOR_LANES (32 / sizeof(EPROP_REAL))

/*! \brief Adds `count` rows to `vectors` (a compile-time constant) vectors of `out`. */
static EP_INLINE void ep_add_rows_block(size_t vectors, EPROP_REAL *restrict out, size_t offset,
                                        const EPROP_REAL *const *rows, size_t count) {
    ep_vector sum[8];
    ep_vector *const target = (ep_vector *)(out + offset);
    for (size_t k = 0; k < vectors; k++)
        sum[k] = target[k];
    for (size_t q = 0; q < count; q++) {
        const ep_vector *const row = (const ep_vector *)(rows[q] + offset);
        for (size_t k = 0; k < vectors; k++)
            sum[k] += row[k];
    }
    for (size_t k = 0; k < vectors; k++)
        target[k] = sum[k];
}

/*! \brief out[0 .. n) += sum of rows[q][0 .. n), n a multiple of EP_LANES. */
static inline void ep_add_rows(size_t n, EPROP_REAL *restrict out, const EPROP_REAL *const *rows,
                               size_t count) {
    size_t done = 0;
    for (; done + 8 * EP_VECTOR_LANES <= n; done += 8 * EP_VECTOR_LANES)
        ep_add_rows_block(8, out, done, rows, count);
    if (done + 4 * EP_VECTOR_LANES <= n) {
        ep_add_rows_block(4, out, done, rows, count);
        done += 4 * EP_VECTOR_LANES;
    }
    if (done + 2 * EP_VECTOR_LANES <= n) {
        ep_add_rows_block(2, out, done, rows, count);
        done += 2 * EP_VECTOR_LANES;
    }
    if (done < n)
        ep_add_rows_block(1, out, done, rows, count);
}
#else
static inline void ep_add_rows(size_t n, EPROP_REAL *restrict out, const EPROP_REAL *const *rows,
                               size_t count) {
    for (size_t q = 0; q < count; q++)
        for (size_t j = 0; j < n; j++)
            out[j] += rows[q][j];
}
#endif

/*! \brief out[0 .. n) += x row[0 .. n). */
static EP_INLINE void ep_add_scaled_row(size_t n, EPROP_REAL x, const EPROP_REAL *restrict row,
                                        EPROP_REAL *restrict out) {
    for (size_t j = 0; j < n; j++)
        out[j] += x * row[j];
}

/*! \brief out[target[q]] += weight[q] for the synapses of a sparse row.
 *  A target may occur more than once.
 */
static EP_INLINE void ep_scatter_row(size_t synapses, EPROP_REAL *out,
                                     const int32_t *restrict target,
                                     const ep_weight *restrict weight) {
    for (size_t q = 0; q < synapses; q++)
        out[target[q]] += weight[q];
}

#endif
