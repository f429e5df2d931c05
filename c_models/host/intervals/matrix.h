/*! \file
 *  \brief Products of matrices, and matrices in panels.
 *
 *  A matrix in panels has its columns cut into panels of PANEL; a panel is (rows, PANEL), contiguous,
 *  so that a product reads and writes memory in order. Element (k, j) is at
 *  (j / PANEL) rows PANEL + k PANEL + j % PANEL. Columns beyond the matrix are 0.
 */
#ifndef EPROP_INTERVALS_MATRIX_H
#define EPROP_INTERVALS_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "eprop/vector.h"

#define PANEL (4 * EP_TILE)
#define VECTORS (PANEL / EP_WIDTH) /* of a panel */

/* Rows and vectors of a product that are kept in registers: all of the processor's but a few. */
#if defined(EP_VECTOR_BYTES) && EP_VECTOR_BYTES == 64
#define BLOCK_ROWS 6
#define BLOCK_VECTORS 4
#else
#define BLOCK_ROWS 6
#define BLOCK_VECTORS 2
#endif
#define BLOCK_DEPTH 256 /* k of a product at a time, so that a panel stays in the cache */

#if defined(__GNUC__) && !defined(__clang__)
#define UNROLL_ROWS _Pragma("GCC unroll 8")
#else
#define UNROLL_ROWS
#endif

static EP_INLINE size_t round_up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

/* Values of a matrix in panels. */
static EP_INLINE size_t panelled(size_t rows, size_t columns) {
    return rows * round_up(columns, PANEL);
}

/* An operand of a product: element (k, j) is at panel_stride (j / PANEL) + row_stride k + j % PANEL. */
typedef struct {
    ep_real *values;
    size_t row_stride, panel_stride;
} operand;

static EP_INLINE operand in_panels(const ep_real *values, size_t rows) {
    return (operand){(ep_real *)values, PANEL, rows * PANEL};
}

static EP_INLINE operand in_rows(const ep_real *values, size_t row_stride) {
    return (operand){(ep_real *)values, row_stride, PANEL};
}

static EP_INLINE void product_block(size_t rows, size_t vectors, size_t depth, const ep_real *a,
                                    size_t a_row, size_t a_depth, const ep_real *b, size_t b_row,
                                    ep_real *c, size_t c_row, bool add) {
    ep_vector sum[BLOCK_ROWS][BLOCK_VECTORS];
    UNROLL_ROWS
    for (size_t m = 0; m < rows; m++) {
        UNROLL_ROWS
        for (size_t v = 0; v < vectors; v++)
            sum[m][v] = add ? ep_load(c + m * c_row + v * EP_WIDTH) : ep_zeros();
    }
    for (size_t k = 0; k < depth; k++) {
        ep_vector right[BLOCK_VECTORS];
        UNROLL_ROWS
        for (size_t v = 0; v < vectors; v++)
            right[v] = ep_load(b + k * b_row + v * EP_WIDTH);
        UNROLL_ROWS
        for (size_t m = 0; m < rows; m++) {
            const ep_vector left = ep_spread(a[m * a_row + k * a_depth]);
            UNROLL_ROWS
            for (size_t v = 0; v < vectors; v++)
                sum[m][v] = ep_vector_fma(left, right[v], sum[m][v]);
        }
    }
    UNROLL_ROWS
    for (size_t m = 0; m < rows; m++) {
        UNROLL_ROWS
        for (size_t v = 0; v < vectors; v++)
            ep_store(c + m * c_row + v * EP_WIDTH, sum[m][v]);
    }
}

/* All rows of a strip of so many vectors, in blocks of about equal height. */
static EP_INLINE void product_strip(size_t vectors, size_t rows, size_t depth, const ep_real *a,
                                    size_t a_row, size_t a_depth, const ep_real *b, size_t b_row,
                                    ep_real *c, size_t c_row, bool add) {
    const size_t blocks = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    for (size_t i = 0, m = 0; i < blocks; i++) {
        const size_t next = rows * (i + 1) / blocks;
        const ep_real *const left = a + m * a_row;
        ep_real *const to = c + m * c_row;
#define BLOCK_OF(height) \
    product_block(height, vectors, depth, left, a_row, a_depth, b, b_row, to, c_row, add)
        switch (next - m) {
        case 1: BLOCK_OF(1); break;
        case 2: BLOCK_OF(2); break;
        case 3: BLOCK_OF(3); break;
        case 4: BLOCK_OF(4); break;
        case 5: BLOCK_OF(5); break;
        default: BLOCK_OF(6);
        }
#undef BLOCK_OF
        m = next;
    }
}

/*! \brief c = a b, or c += a b: each element a sum over k = 0, 1, ..., one term after the other.
 *  \param[in] rows, columns, depth of a (rows, depth) and b (depth, columns)
 *  \param[in] a element (m, k) is at a_row m + a_depth k
 *  \param[in] first, end panels that are computed: 0 and panels of the columns, or a part of them
 *  \param[in] add whether c is added to
 */
static void product_of_panels(size_t rows, size_t columns, size_t depth, const ep_real *a,
                              size_t a_row, size_t a_depth, operand b, operand c, size_t first,
                              size_t end, bool add) {
    const size_t width = round_up(columns, EP_TILE);
    for (size_t p = first; p < end; p++) {
        const size_t left = (width - p * PANEL < PANEL ? width - p * PANEL : PANEL) / EP_WIDTH;
        size_t k = 0;
        do {
            const size_t deep = depth - k < BLOCK_DEPTH ? depth - k : BLOCK_DEPTH;
            const ep_real *const a_part = a + k * a_depth;
            const ep_real *const b_part = b.values + p * b.panel_stride + k * b.row_stride;
            ep_real *const c_part = c.values + p * c.panel_stride;
            const bool more = add || k > 0;
            size_t v = 0;
#define STRIP_OF(count)                                                                           \
    product_strip(count, rows, deep, a_part, a_row, a_depth, b_part + v * EP_WIDTH, b.row_stride, \
                  c_part + v * EP_WIDTH, c.row_stride, more)
            for (; v + BLOCK_VECTORS <= left; v += BLOCK_VECTORS)
                STRIP_OF(BLOCK_VECTORS);
            switch (left - v) {
            case 1: STRIP_OF(1); break;
#if BLOCK_VECTORS > 2
            case 2: STRIP_OF(2); break;
            case 3: STRIP_OF(3); break;
#endif
            default: break;
            }
#undef STRIP_OF
            k += deep;
        } while (k < depth);
    }
}

static void product(size_t rows, size_t columns, size_t depth, const ep_real *a, size_t a_row,
                    size_t a_depth, operand b, operand c, bool add) {
    product_of_panels(rows, columns, depth, a, a_row, a_depth, b, c, 0,
                      (columns + PANEL - 1) / PANEL, add);
}

/*! \brief to(j, k) = from(k, j) of rows r and columns c of `from`, each through its own strides. */
static void transpose(size_t rows, size_t columns, const ep_real *from, size_t from_row,
                      ep_real *to, size_t to_row) {
    enum { SIDE = 16 };
    for (size_t k = 0; k < rows; k += SIDE)
        for (size_t j = 0; j < columns; j += SIDE) {
            const size_t k_end = k + SIDE < rows ? k + SIDE : rows;
            const size_t j_end = j + SIDE < columns ? j + SIDE : columns;
            for (size_t b = j; b < j_end; b++)
                for (size_t a = k; a < k_end; a++)
                    to[b * to_row + a] = from[a * from_row + b];
        }
}

/*! \brief Panel p of a matrix in panels (rows, .), turned: rows p PANEL ... of `to`, a matrix in
 *  panels of so many rows, whose columns are rows first ... first + count of the other.
 */
static void transpose_panel(size_t p, const ep_real *from, size_t from_rows, size_t first,
                            size_t count, ep_real *to, size_t to_rows) {
    const size_t below = to_rows - p * PANEL < PANEL ? to_rows - p * PANEL : PANEL;
    for (size_t k = 0; k < count; k += PANEL)
        transpose(count - k < PANEL ? count - k : PANEL, below,
                  from + p * from_rows * PANEL + (first + k) * PANEL, PANEL,
                  to + k / PANEL * to_rows * PANEL + p * PANEL * PANEL, PANEL);
}

#endif
