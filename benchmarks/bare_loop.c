/*! \file
 *  \brief The memory traffic and the arithmetic of one update of task 1.1, and nothing else.
 *
 *  Five loops over arrays of the network's sizes: rows of weights are added where a spike arrives,
 *  cells decay and keep their pseudo-derivatives, the backward filter turns these into F, rows of F are
 *  added up for each presynaptic cell, and Adam makes its step. Spikes are given: none depends on a
 *  potential, nothing is refractory, written to a list or checked. An engine that learns cannot be
 *  faster by much, and is slower by what it does beside that.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#ifndef VECTOR_BYTES
#define VECTOR_BYTES 32
#endif
#define WIDTH (VECTOR_BYTES / sizeof(float))
#define BLOCK 4 /* vectors whose sums stay in registers */

typedef float vector __attribute__((vector_size(VECTOR_BYTES), aligned(4), may_alias));
typedef int32_t integers __attribute__((vector_size(VECTOR_BYTES)));

/* Sizes and memory. Rows have `padded` elements, a multiple of BLOCK vectors. */
typedef struct {
    int32_t rows, padded, steps, readouts;
    const int32_t *start;      /* (steps + 1,): spikes of step t are start[t] .. start[t + 1] */
    const int32_t *cell;       /* their rows */
    const int32_t *cell_start; /* (rows + 1,): the same by cell */
    const int32_t *cell_step;
    float *v, *G, *f;                            /* (padded,) */
    float *feedback;                             /* (readouts, padded) */
    float *error;                                /* (steps, readouts) */
    float *h, *F;                                /* (steps, padded) */
    float *weight, *gradient, *first, *second;   /* (rows, padded) */
} bare_loop;

static vector *at(float *array, size_t index) { return (vector *)(array + index); }

static vector all(float value) { return value - (vector){0}; }

static vector above(vector a, vector least) {
    const integers mask = (integers)(a > least);
    return (vector)(((integers)a & mask) | ((integers)least & ~mask));
}

/* Each takes the structure by value: stores of vectors cannot change it. */

static void add_rows(const bare_loop b, size_t t) {
    for (int32_t q = b.start[t]; q < b.start[t + 1]; q++) {
        float *const row = b.weight + (size_t)b.cell[q] * (size_t)b.padded;
        for (size_t j = 0; j < (size_t)b.padded; j += WIDTH)
            *at(b.v, j) += *at(row, j);
    }
}

static void step_cells(const bare_loop b, size_t t) {
    const integers sign = (integers){0} + INT32_MAX;
    float *const h = b.h + t * (size_t)b.padded;
    for (size_t j = 0; j < (size_t)b.padded; j += WIDTH) {
        const vector v = all(0.95f) * *at(b.v, j);
        const vector distance = (vector)((integers)(v - all(0.61f)) & sign);
        *at(b.v, j) = v;
        *at(h, j) = all(0.3f) * above(all(1.0f) - distance, all(0.0f));
    }
}

static void filter(const bare_loop b, size_t t) {
    const float *const error = b.error + t * (size_t)b.readouts;
    float *const h = b.h + t * (size_t)b.padded, *const F = b.F + t * (size_t)b.padded;
    for (size_t j = 0; j < (size_t)b.padded; j += WIDTH) {
        vector G = all(0.95f) * *at(b.G, j);
        for (size_t k = 0; k < (size_t)b.readouts; k++)
            G += *at(b.feedback, k * (size_t)b.padded + j) * all(error[k]);
        const vector f = all(0.95f) * *at(b.f, j) + G * *at(h, j);
        *at(b.G, j) = G;
        *at(b.f, j) = f;
        *at(F, j) = f;
    }
}

static void gather(const bare_loop b, size_t j) {
    for (size_t i = 0; i < (size_t)b.rows; i++) {
        vector sum[BLOCK] = {{0}};
        for (int32_t q = b.cell_start[i]; q < b.cell_start[i + 1]; q++) {
            float *const row = b.F + (size_t)b.cell_step[q] * (size_t)b.padded + j;
            for (size_t k = 0; k < BLOCK; k++)
                sum[k] += *at(row, k * WIDTH);
        }
        for (size_t k = 0; k < BLOCK; k++)
            *at(b.gradient, i * (size_t)b.padded + j + k * WIDTH) = sum[k];
    }
}

static void adam(size_t n, const float *restrict gradient, float *restrict first,
                 float *restrict second, float *restrict weight) {
    for (size_t q = 0; q < n; q++) {
        const float g = gradient[q];
        const float m = 0.9f * first[q] + 0.1f * g;
        const float v = 0.999f * second[q] + 0.001f * (g * g);
        first[q] = m;
        second[q] = v;
        weight[q] -= 1e-9f * m / (sqrtf(v) + 1e-8f);
    }
}

/*! \brief As many updates. */
void bare_loop_run(const bare_loop *b, int32_t updates) {
    for (int32_t u = 0; u < updates; u++) {
        for (size_t t = 0; t < (size_t)b->steps; t++) {
            add_rows(*b, t);
            step_cells(*b, t);
        }
        for (size_t t = (size_t)b->steps; t-- > 0;)
            filter(*b, t);
        for (size_t j = 0; j < (size_t)b->padded; j += BLOCK * WIDTH)
            gather(*b, j);
        adam((size_t)b->rows * (size_t)b->padded, b->gradient, b->first, b->second, b->weight);
    }
}
