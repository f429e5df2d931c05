/*! \file
 *  \brief What a machine holds, and its layout in memory.
 *
 *  Rows over units are padded to a multiple of EP_TILE; weights of what is padded are 0.
 */
#ifndef EPROP_INTERVALS_TYPES_H
#define EPROP_INTERVALS_TYPES_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../threads/pool.h"
#include "eprop/functions.h"
#include "eprop/interval_traces.h"
#include "eprop/optimizer.h"
#include "eprop/sequence_loss.h"
#include "eprop/synthetic.h"
#include "eprop/units.h"
#include "eprop/vector.h"
#include "intervals.h"
#include "matrix.h"

#define CHUNK ((size_t)8192)        /* values of weights that are handled at a time */
#define CLASS_CHUNK ((size_t)512)   /* readouts that are handled at a time */
#define COLUMNS_AT_A_TIME 1024      /* steps of sequences whose readouts are kept at a time */

/* Something that learns. count: of values in each of the arrays; those of an optimiser may be NULL.
   Layouts: docs/intervals.md. */
typedef struct {
    size_t count;
    ep_real *weight, *gradient, *m, *v;
} learned;

/* An interval as it was simulated, of up to `steps` steps. */
typedef struct {
    ep_real *u;        /* (steps, batch, rows): h^{t-1}, x^t, 1 */
    ep_real *gates;    /* (steps, batch, gates units): activations, then errors of pre-activations */
    ep_real *state;    /* (steps + 1, batch, units): c or s, from that before the first step */
    ep_real *squashed; /* (steps, batch, units): tanh(c), with tanh_output alone */
    ep_real *h;        /* (steps + 1, batch, units) */
    ep_real *dh;       /* (steps, batch, units): the readouts' part of dE/dh */
} activity;

/* Values of one boundary between intervals, (batch, units). */
typedef struct {
    ep_real *state, *h;
} boundary;

typedef struct iv_core_machine {
    iv_settings settings;
    size_t units, padded, inputs, input_padded, outputs, words, batch, rows; /* rows of weights */
    size_t gates, width;       /* width: padded units of all gates */
    size_t hidden, hidden_padded, module_inputs, module_width; /* module_width: 2 padded */
    size_t steps;              /* room for intervals of so many */
    size_t block_steps;        /* whose readouts are computed at a time */
    size_t columns;            /* of those, padded */
    size_t parts;              /* of the batch */
    thread_pool *pool;
    void **fixed, **growing;   /* all that was allocated */
    bool stale;                /* the turned weights are those of before a change */

    learned weights, readout, readout_bias, embedding;     /* the network */
    learned hidden_weights, hidden_bias, output_weights, output_bias; /* the error module */
    ep_real *feedback;         /* (outputs, units): random, or NULL */
    ep_real *turned_h, *turned_x; /* W_h^T and W_x^T, in panels */
    ep_real *turned_output, *turned_hidden; /* of the module */

    boundary now, before;      /* the units, and the last boundary that is not learned yet */
    bool has_before;
    ep_real *traces;           /* LSTM: (3, units / EP_TILE, batch, rows, EP_TILE); (batch, rows) */
    ep_real *tile;             /* (threads, rows, EP_TILE): gradients */

    activity interval, next;   /* next: of the extra pass */
    ep_real *dx;               /* (steps, batch, inputs): errors of embeddings */
    ep_real *weighted;         /* (steps, batch, gates units): what the gradient takes */
    ep_real *local;            /* (steps, batch, 3 units) */
    ep_real *delta, *lambda, *decay, *back; /* (batch, units): recursions; back: dE/dh from after */
    ep_real *errors;           /* (outputs, columns): y, then dE/dy */
    ep_real *targets;          /* (outputs, columns) */
    ep_real *column_h, *row_h; /* h of active steps, (units, columns) and (columns, units) */
    ep_real *column_dh;        /* (chunks, units, columns) */
    ep_real *column_error;     /* (columns) */
    ep_real *chunk_largest, *chunk_sum;    /* (chunks, columns) */
    ep_real *gram;             /* (chunks + 1, columns, columns): see readouts.h */
    size_t *column_step;       /* step of a block's active step */
    size_t active_columns, active_stride; /* of the interval, for readouts that are not stored */
    int32_t *slot, *slot_word; /* of each word -1, or its place among those of an interval; back */
    size_t slots;
    ep_real *slot_gradient;    /* (steps batch, inputs) */
    double *sequence_error;    /* (batch) */

    ep_real *module_x, *module_hidden, *module_out; /* of the module: (batch, .) */
    ep_real *module_target, *module_error, *module_hidden_error, *module_input_error;
    boundary predicted, predicted_next;
    double *row_squares;       /* (batch, 2) */
    double *chunk_squares;     /* of gradients */

    int64_t updates, module_updates;
    double squared_errors, squared_targets;
} machine;

static EP_INLINE bool is_lstm(const machine *m) { return m->settings.kind == IV_LSTM; }
static EP_INLINE bool has_module(const machine *m) { return m->hidden > 0; }
static EP_INLINE bool has_words(const machine *m) { return m->words > 0; }
static EP_INLINE bool carries(const machine *m) { return m->settings.traces == IV_CARRIED; }
static EP_INLINE bool propagates(const machine *m) {
    return m->settings.signal == IV_PROPAGATED;
}

static EP_INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static EP_INLINE size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static EP_INLINE size_t ceiling(size_t n, size_t unit) { return (n + unit - 1) / unit; }

/* Rows of the batch that a part handles: any division gives the same results. */
static EP_INLINE size_t part_start(const machine *m, size_t part) {
    return m->batch * part / m->parts;
}

#endif
