/*! \file
 *  \brief The end of an interval: gradients, their norm, and the optimisers.
 *
 *  All gradients are sums over the batch; scale = 1 / batch, less if the norm is clipped, makes them
 *  those of the mean.
 */
#ifndef EPROP_INTERVALS_UPDATE_H
#define EPROP_INTERVALS_UPDATE_H

#include "../float/optimizer_step.h"
#include "backward.h"
#include "readouts.h"

enum { MOST_LEARNED = 8, ADAM_BLOCK = 256 };

/* Arrays whose gradients are stored, chunk after chunk. */
typedef struct {
    learned *array[MOST_LEARNED];
    size_t first[MOST_LEARNED + 1]; /* chunk at which each begins */
    size_t used, network;           /* arrays; those of the network come first */
} chunk_list;

typedef struct {
    machine *m;
    size_t steps;
    const iv_steps *given;
    size_t first;                   /* step of the given ones */
    bool module;                    /* whether the module learns, too */
    size_t weight_panels, output_panels, hidden_panels;
    chunk_list list;
    ep_optimizer_step network_step, module_step;
    ep_real scale, module_scale;
} update_job;

static void add_array(chunk_list *list, learned *l) {
    list->array[list->used] = l;
    list->first[list->used + 1] = list->first[list->used] + ceiling(l->count, CHUNK);
    list->used++;
}

static void list_arrays(update_job *job) {
    machine *const m = job->m;
    chunk_list *const list = &job->list;
    add_array(list, &m->weights);
    if (m->readout.gradient != NULL)
        add_array(list, &m->readout);
    add_array(list, &m->readout_bias);
    list->network = list->used;
    if (job->module) {
        add_array(list, &m->hidden_weights);
        add_array(list, &m->hidden_bias);
        add_array(list, &m->output_weights);
        add_array(list, &m->output_bias);
    }
}

/* ------------------------------------------------------------------------------- gradients */

/* lambda^start eps^start of the units of a tile, and the tile's traces moved on. */
static void trace_tile(const update_job *job, size_t gate, size_t unit, ep_real *gradient,
                       size_t thread) {
    machine *const m = job->m;
    ep_real *const tile = m->tile + thread * m->rows * EP_TILE;
    const size_t number = gate * (m->padded / EP_TILE) + unit / EP_TILE;
    ep_real *const traces = m->traces + number * m->batch * m->rows * EP_TILE;
    memset(tile, 0, m->rows * EP_TILE * sizeof *tile);
    for (size_t b = 0; b < m->batch; b++)
        ep_traces_tile(job->steps, m->lambda + b * m->padded + unit,
                       m->decay + b * m->padded + unit,
                       m->local + (3 * b + gate) * m->padded + unit, 3 * m->batch * m->padded,
                       m->interval.u + b * m->rows, m->batch * m->rows, m->rows,
                       traces + b * m->rows * EP_TILE, tile);
    for (size_t i = 0; i < m->rows; i++)
        for (size_t l = 0; l < EP_TILE; l++)
            gradient[i * PANEL + l] += tile[i * EP_TILE + l];
}

static void weight_gradient(const update_job *job, size_t p, size_t thread) {
    machine *const m = job->m;
    const size_t moments = job->steps * m->batch;
    const ep_real *const factors =
        m->settings.traces == IV_NONE ? m->interval.gates : m->weighted;
    const operand gradient = in_panels(m->weights.gradient, m->rows);
    product_of_panels(m->rows, m->width, moments, m->interval.u, 1, m->rows,
                      in_rows(factors, m->width), gradient, p, p + 1, false);
    if (!carries(m))
        return;
    if (!is_lstm(m)) {
        product_of_panels(m->rows, m->width, m->batch, m->traces, 1, m->rows,
                          in_rows(m->lambda, m->padded), gradient, p, p + 1, true);
        return;
    }
    const size_t end = smaller((p + 1) * PANEL, 3 * m->padded);
    for (size_t column = p * PANEL; column < end; column += EP_TILE)
        trace_tile(job, column / m->padded, column % m->padded,
                   gradient.values + p * gradient.panel_stride + column % PANEL, thread);
}

/* Sums of the columns of (batch, width). */
static void sum_rows(size_t batch, size_t width, const ep_real *rows, ep_real *sums) {
    memcpy(sums, rows, width * sizeof *sums);
    for (size_t b = 1; b < batch; b++)
        ep_add_bias(width, rows + b * width, sums);
}

/* Errors of embeddings, summed over the places of each word. */
static void gather_words(const update_job *job) {
    machine *const m = job->m;
    m->slots = 0;
    for (size_t k = 0; k < job->steps * m->batch; k++) {
        const int32_t word = job->given->words[job->first * m->batch + k];
        const ep_real *const error = m->dx + k * m->input_padded;
        int32_t slot = m->slot[word];
        if (slot < 0) {
            slot = m->slot[word] = (int32_t)m->slots;
            m->slot_word[m->slots++] = word;
            memcpy(m->slot_gradient + (size_t)slot * m->input_padded, error,
                   m->input_padded * sizeof *error);
        } else {
            ep_add_bias(m->input_padded, error,
                        m->slot_gradient + (size_t)slot * m->input_padded);
        }
    }
}

static void gradient_part(void *context, size_t index, size_t thread) {
    const update_job *const job = context;
    machine *const m = job->m;
    if (index < job->weight_panels) {
        weight_gradient(job, index, thread);
        return;
    }
    index -= job->weight_panels;
    if (has_words(m)) {
        if (index == 0) {
            gather_words(job);
            return;
        }
        index--;
    }
    if (index < job->output_panels) {
        if (index == 0)
            sum_rows(m->batch, m->module_width, m->module_error, m->output_bias.gradient);
        product_of_panels(m->hidden, m->module_width, m->batch, m->module_hidden, 1,
                          m->hidden_padded, in_rows(m->module_error, m->module_width),
                          in_panels(m->output_weights.gradient, m->hidden), index, index + 1,
                          false);
        return;
    }
    index -= job->output_panels;
    if (index == 0)
        sum_rows(m->batch, m->hidden_padded, m->module_hidden_error, m->hidden_bias.gradient);
    product_of_panels(m->module_inputs, m->hidden, m->batch, m->module_x, 1, m->module_inputs,
                      in_rows(m->module_hidden_error, m->hidden_padded),
                      in_panels(m->hidden_weights.gradient, m->module_inputs), index, index + 1,
                      false);
}

/* -------------------------------------------------------------------------------- norms */

static double squares_of(size_t n, const ep_real *x) {
    double lane[8] = {0.0}, sum = 0.0;
    for (size_t k = 0; k < n; k += 8)
        for (size_t l = 0; l < 8; l++)
            lane[l] += (double)x[k + l] * (double)x[k + l];
    for (size_t l = 0; l < 8; l++)
        sum += lane[l];
    return sum;
}

static size_t array_of(const chunk_list *list, size_t chunk) {
    size_t a = 0;
    while (chunk >= list->first[a + 1])
        a++;
    return a;
}

static void squares_of_chunk(void *context, size_t chunk, size_t thread) {
    const update_job *const job = context;
    const size_t a = array_of(&job->list, chunk);
    const learned *const l = job->list.array[a];
    const size_t from = (chunk - job->list.first[a]) * CHUNK;
    (void)thread;
    job->m->chunk_squares[chunk] =
        squares_of(smaller(CHUNK, l->count - from), l->gradient + from);
}

/* |dE/dW|^2 of readouts whose gradient is not stored, sum over columns of (E^T E) (H H^T); without
   clipping a number that is finite if the gradient is. */
static double readout_squares(machine *m) {
    const size_t columns = m->active_columns, stride = m->columns;
    if (columns == 0)
        return 0.0;
    if (m->gram == NULL)
        return squares_of(columns * m->padded, m->row_h);
    ep_real *const of_h = m->gram;
    product(columns, columns, m->units, m->row_h, m->padded, 1,
            in_rows(m->column_h, m->active_stride), in_rows(of_h, stride), false);
    double sum = 0.0;
    for (size_t a = 0; a < columns; a++)
        for (size_t b = 0; b < columns; b++) {
            double of_errors = 0.0;
            for (size_t chunk = 1; chunk <= class_chunks(m); chunk++)
                of_errors += (double)m->gram[(chunk * stride + a) * stride + b];
            sum += of_errors * (double)of_h[a * stride + b];
        }
    return sum > 0.0 ? sum : 0.0 * sum; /* not a number stays so */
}

/* ----------------------------------------------------------------------------- optimisers */

/* A step of n values from `from` on; gradient: from there, NULL for 0. */
static void optimize(const learned *l, size_t from, size_t n, const ep_real *gradient,
                     ep_real scale, const ep_optimizer_step *step) {
    ep_real scaled[ADAM_BLOCK];
    if (gradient == NULL)
        memset(scaled, 0, sizeof scaled);
    for (size_t k = 0; k < n; k += ADAM_BLOCK) {
        const size_t count = smaller(n - k, ADAM_BLOCK);
        for (size_t q = 0; gradient != NULL && q < count; q++)
            scaled[q] = scale * gradient[k + q];
        ep_optimize(count, step, scaled, l->weight + from + k,
                    l->m != NULL ? l->m + from + k : NULL, l->v != NULL ? l->v + from + k : NULL);
    }
}

static void optimize_chunk(const update_job *job, size_t chunk) {
    const size_t a = array_of(&job->list, chunk);
    const learned *const l = job->list.array[a];
    const size_t from = (chunk - job->list.first[a]) * CHUNK;
    const bool network = a < job->list.network;
    optimize(l, from, smaller(CHUNK, l->count - from), l->gradient + from,
             network ? job->scale : job->module_scale,
             network ? &job->network_step : &job->module_step);
}

enum { WORD_CHUNK = 64 };

/* Gradient descent moves the words of the interval alone, Adam all of them. */
static void optimize_words(const update_job *job, size_t chunk) {
    const machine *const m = job->m;
    const size_t width = m->input_padded, from = chunk * WORD_CHUNK;
    if (m->embedding.m == NULL) {
        for (size_t s = from; s < smaller(from + WORD_CHUNK, m->slots); s++)
            optimize(&m->embedding, (size_t)m->slot_word[s] * width, width,
                     m->slot_gradient + s * width, job->scale, &job->network_step);
        return;
    }
    for (size_t word = from; word < smaller(from + WORD_CHUNK, m->words); word++)
        optimize(&m->embedding, word * width, width,
                 m->slot[word] < 0 ? NULL : m->slot_gradient + (size_t)m->slot[word] * width,
                 job->scale, &job->network_step);
}

static size_t word_chunks(const machine *m) {
    return has_words(m) ? ceiling(m->embedding.m == NULL ? m->slots : m->words, WORD_CHUNK) : 0;
}

static void optimize_part(void *context, size_t index, size_t thread) {
    const update_job *const job = context;
    machine *const m = job->m;
    const size_t chunks = job->list.first[job->list.used], words = word_chunks(m);
    (void)thread;
    if (index < chunks) {
        optimize_chunk(job, index);
    } else if (index < chunks + words) {
        optimize_words(job, index - chunks);
    } else { /* W += dE/dy (-rate scale H)^T: row_h is that by now */
        const size_t from = (index - chunks - words) * CLASS_CHUNK;
        product(smaller(CLASS_CHUNK, m->outputs - from), m->units, m->active_columns,
                m->errors + from * m->active_stride, m->active_stride, 1,
                in_rows(m->row_h, m->padded), in_rows(m->readout.weight + from * m->padded, m->padded),
                true);
    }
}

static void advance_input_traces(void *context, size_t part, size_t thread) {
    const update_job *const job = context;
    machine *const m = job->m;
    (void)thread;
    for (size_t b = part_start(m, part); b < part_start(m, part + 1); b++)
        ep_input_trace(job->steps, EP_REAL(m->settings.leak), m->interval.u + b * m->rows,
                       m->batch * m->rows, m->rows, m->traces + b * m->rows);
}

/* Gradients of the interval that was simulated and gone back through, and of the module if it
   learns; then both their updates. false: a gradient is not finite, and nothing was updated. */
static bool update(machine *m, const iv_steps *given, size_t first, size_t steps, bool module) {
    update_job job = {.m = m, .steps = steps, .given = given, .first = first, .module = module};
    job.weight_panels = ceiling(m->width, PANEL);
    job.output_panels = module ? ceiling(m->module_width, PANEL) : 0;
    job.hidden_panels = module ? ceiling(m->hidden, PANEL) : 0;
    list_arrays(&job);
    thread_pool_run(m->pool, job.weight_panels + (has_words(m) ? 1 : 0) + job.output_panels +
                                 job.hidden_panels, gradient_part, &job);
    if (carries(m) && !is_lstm(m))
        thread_pool_run(m->pool, m->parts, advance_input_traces, &job);

    const size_t chunks = job.list.first[job.list.used];
    thread_pool_run(m->pool, chunks, squares_of_chunk, &job);
    double squares = 0.0, module_squares = 0.0;
    for (size_t k = 0; k < chunks; k++)
        if (k < job.list.first[job.list.network])
            squares += m->chunk_squares[k];
        else
            module_squares += m->chunk_squares[k];
    const bool fused = m->readout.gradient == NULL && m->active_columns > 0;
    if (fused)
        squares += readout_squares(m);
    if (has_words(m))
        squares += squares_of(m->slots * m->input_padded, m->slot_gradient);
    const bool finite = isfinite(squares) && isfinite(module_squares);
    if (finite) {
        const double norm = sqrt(squares) / (double)m->batch, clip = m->settings.clip;
        const double factor = clip > 0.0 && norm > clip ? clip / norm : 1.0;
        job.scale = (ep_real)(factor / (double)m->batch);
        job.module_scale = (ep_real)(1.0 / (double)m->batch);
        job.network_step = optimizer_step(&m->settings.optimizer, m->updates++, given->rate);
        if (module)
            job.module_step =
                optimizer_step(&m->settings.module_optimizer, m->module_updates++, given->rate);
        if (fused)
            for (size_t k = 0; k < m->active_columns * m->padded; k++)
                m->row_h[k] *= -job.network_step.rate * job.scale;
        thread_pool_run(m->pool, chunks + word_chunks(m) + (fused ? class_chunks(m) : 0),
                        optimize_part, &job);
        m->stale = true;
    }
    for (size_t s = 0; s < (has_words(m) ? m->slots : 0); s++)
        m->slot[m->slot_word[s]] = -1;
    return finite;
}

#endif
