/*! \file
 *  \brief Readouts, losses and their errors, over all active steps of an interval.
 *
 *  Active steps of sequences are columns, readouts are rows: with W of (outputs, units),
 *
 *      y = W H,   dE/dh = W^T dE/dy,   dE/dW = dE/dy H^T
 *
 *  are products that need no sum over a vector's lanes, and none of the large matrices turned.
 *  Readouts are handled CLASS_CHUNK at a time; sums over chunks are taken in their order.
 */
#ifndef EPROP_INTERVALS_READOUTS_H
#define EPROP_INTERVALS_READOUTS_H

#include "memory.h"

/* What is asked for: errors of sequences; errors of the units alone; or both, and the gradients of
   readouts. */
enum readout_purpose { JUDGE, GO_BACK, LEARN };

typedef struct {
    machine *m;
    activity *a;
    const iv_steps *given;
    size_t first, start;         /* step of the given ones at which the interval, the block starts */
    enum readout_purpose purpose;
    size_t active, columns, stride; /* active steps of the block; their columns, and padded */
    bool again;                  /* gradients are added to those of an earlier block */
    ep_real *y;                  /* (steps, batch, outputs), or NULL: of all given steps */
} readout_job;

static size_t class_chunks(const machine *m) { return ceiling(m->outputs, CLASS_CHUNK); }

/* Place among the given steps, times the batch, of a column's first sequence. */
static size_t moment_of(const readout_job *job, size_t active) {
    return (job->first + job->start + job->m->column_step[active]) * job->m->batch;
}

/* h and targets of the block's active steps as columns, and h as rows. */
static void gather_columns(const readout_job *job) {
    machine *const m = job->m;
    const size_t batch = m->batch, stride = job->stride, beyond = stride - job->columns;
    for (size_t k = 0; k < job->active; k++) {
        const ep_real *const h =
            job->a->h + (job->start + m->column_step[k] + 1) * batch * m->padded;
        transpose(batch, m->units, h, m->padded, m->column_h + k * batch, stride);
        memcpy(m->row_h + k * batch * m->padded, h, batch * m->padded * sizeof *h);
        if (m->settings.loss == IV_BINARY && job->given->targets != NULL)
            transpose(batch, m->outputs,
                      (const ep_real *)job->given->targets + moment_of(job, k) * m->outputs,
                      m->outputs, m->targets + k * batch, stride);
    }
    for (size_t j = 0; beyond && j < m->units; j++)
        memset(m->column_h + j * stride + job->columns, 0, beyond * sizeof *m->column_h);
    for (size_t k = 0; beyond && m->targets != NULL && k < m->outputs; k++)
        memset(m->targets + k * stride + job->columns, 0, beyond * sizeof *m->targets);
}

static int32_t class_of(const readout_job *job, size_t column) {
    return job->given->classes[moment_of(job, column / job->m->batch) + column % job->m->batch];
}

/* y of a chunk of readouts, and its part of the loss. */
static void read_chunk(void *context, size_t chunk, size_t thread) {
    const readout_job *const job = context;
    machine *const m = job->m;
    const size_t from = chunk * CLASS_CHUNK, end = smaller(from + CLASS_CHUNK, m->outputs);
    const size_t stride = job->stride;
    const ep_real *const bias = m->readout_bias.weight;
    (void)thread;
    product(end - from, job->columns, m->units, m->readout.weight + from * m->padded, m->padded, 1,
            in_rows(m->column_h, stride), in_rows(m->errors + from * stride, stride), false);
    if (job->y != NULL) {
        for (size_t c = 0; c < job->columns; c++) {
            ep_real *const y = job->y + (moment_of(job, c / m->batch) + c % m->batch) * m->outputs;
            for (size_t k = from; k < end; k++)
                y[k] = m->errors[k * stride + c] + bias[k];
        }
        return;
    }
    ep_real *const sum = m->chunk_sum + chunk * stride;
    memset(sum, 0, stride * sizeof *sum);
    if (m->settings.loss == IV_BINARY) {
        for (size_t k = from; k < end; k++) {
            ep_real *const y = m->errors + k * stride;
            ep_binary_loss(stride, bias[k], m->targets + k * stride, y, sum);
            memset(y + job->columns, 0, (stride - job->columns) * sizeof *y);
        }
        return;
    }
    ep_real *const largest = m->chunk_largest + chunk * stride;
    for (size_t c = 0; c < stride; c++)
        largest[c] = -(ep_real)INFINITY;
    for (size_t k = from; k < end; k++)
        ep_softmax_largest(stride, bias[k], m->errors + k * stride, largest);
    for (size_t c = 0; c < job->columns; c++) {
        const size_t target = (size_t)class_of(job, c);
        if (target >= from && target < end)
            m->column_error[c] = m->errors[target * stride + c];
    }
    for (size_t k = from; k < end; k++)
        ep_softmax_sum(stride, largest, m->errors + k * stride, sum);
}

/* Errors of columns from the parts of the chunks; whether all are finite. Of softmax: -log of the
   target's probability, with log(sum exp(y)) over chunks. column_error has the target's y. */
static bool close_columns(const readout_job *job) {
    machine *const m = job->m;
    const size_t chunks = class_chunks(m), stride = job->stride;
    bool finite = true;
    for (size_t c = 0; c < job->columns; c++) {
        double error = 0.0;
        if (m->settings.loss == IV_BINARY) {
            for (size_t i = 0; i < chunks; i++)
                error += (double)m->chunk_sum[i * stride + c];
        } else {
            double largest = (double)m->chunk_largest[c], sum = 0.0;
            for (size_t i = 1; i < chunks; i++)
                if ((double)m->chunk_largest[i * stride + c] > largest)
                    largest = (double)m->chunk_largest[i * stride + c];
            for (size_t i = 0; i < chunks; i++)
                sum += (double)m->chunk_sum[i * stride + c] *
                       exp((double)m->chunk_largest[i * stride + c] - largest);
            error = largest + log(sum) - (double)m->column_error[c];
            for (size_t i = 0; i < chunks; i++) /* from here on the factor of its exp(y) */
                m->chunk_sum[i * stride + c] = (ep_real)(
                    exp((double)m->chunk_largest[i * stride + c] - largest) / sum);
        }
        finite = finite && isfinite(error);
        if (job->purpose != GO_BACK)
            m->sequence_error[c % m->batch] += error;
    }
    if (m->settings.loss == IV_SOFTMAX)
        for (size_t i = 0; i < chunks; i++)
            memset(m->chunk_sum + i * stride + job->columns, 0,
                   (stride - job->columns) * sizeof *m->chunk_sum);
    return finite;
}

/* A sum in EP_TILE lanes, whatever the vectors' width. */
static ep_real lane_sum(size_t n, const ep_real *x) {
    ep_real lane[EP_TILE] = {0};
    for (size_t k = 0; k < n; k += EP_TILE)
        for (size_t l = 0; l < EP_TILE; l++)
            lane[l] += x[k + l];
    for (size_t half = EP_TILE / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

/* dE/dy of a chunk, its part of dE/dh, and gradients of its readouts. */
static void back_chunk(void *context, size_t chunk, size_t thread) {
    const readout_job *const job = context;
    machine *const m = job->m;
    const size_t from = chunk * CLASS_CHUNK, end = smaller(from + CLASS_CHUNK, m->outputs);
    const size_t stride = job->stride, columns = job->columns;
    ep_real *const errors = m->errors + from * stride;
    (void)thread;
    if (m->settings.loss == IV_SOFTMAX) {
        for (size_t k = from; k < end; k++)
            ep_softmax_scale(stride, m->chunk_sum + chunk * stride, m->errors + k * stride);
        for (size_t c = 0; c < columns; c++) {
            const size_t target = (size_t)class_of(job, c);
            if (target >= from && target < end)
                m->errors[target * stride + c] -= EP_REAL(1);
        }
    }
    const ep_real *const feedback = m->feedback != NULL ? m->feedback : m->readout.weight;
    product(m->units, columns, end - from, feedback + from * m->padded, 1, m->padded,
            in_rows(errors, stride), in_rows(m->column_dh + chunk * m->units * stride, stride),
            false);
    if (job->purpose != LEARN)
        return;
    for (size_t k = from; k < end; k++) {
        const ep_real sum = lane_sum(stride, m->errors + k * stride);
        m->readout_bias.gradient[k] = job->again ? m->readout_bias.gradient[k] + sum : sum;
    }
    if (m->gram != NULL)
        product(columns, columns, end - from, errors, 1, stride, in_rows(errors, stride),
                in_rows(m->gram + (chunk + 1) * m->columns * m->columns, m->columns), false);
    if (m->readout.gradient != NULL)
        product(end - from, m->units, columns, errors, stride, 1, in_rows(m->row_h, m->padded),
                in_rows(m->readout.gradient + from * m->padded, m->padded), job->again);
}

/* dE/dh of an active step: over chunks, as rows again. */
static void close_step(void *context, size_t active, size_t thread) {
    const readout_job *const job = context;
    machine *const m = job->m;
    const size_t chunks = class_chunks(m), stride = job->stride;
    ep_real *const sum = m->column_dh + active * m->batch;
    (void)thread;
    for (size_t chunk = 1; chunk < chunks; chunk++)
        for (size_t j = 0; j < m->units; j++) {
            const ep_real *const more = sum + (chunk * m->units + j) * stride;
            for (size_t b = 0; b < m->batch; b++)
                sum[j * stride + b] += more[b];
        }
    transpose(m->units, m->batch, sum, stride,
              job->a->dh + (job->start + m->column_step[active]) * m->batch * m->padded,
              m->padded);
}

/* Read out simulated steps: their errors, added up by sequence, and what the purpose asks for.
   Whether all errors are finite. */
static bool read_out(machine *m, activity *a, const iv_steps *given, size_t first, size_t steps,
                     enum readout_purpose purpose, ep_real *y) {
    const size_t cells = m->batch * m->padded;
    bool finite = true, again = false;
    readout_job job = {.m = m, .a = a, .given = given, .first = first, .purpose = purpose, .y = y};
    for (size_t start = 0; start < steps; start += m->block_steps) {
        const size_t length = smaller(steps - start, m->block_steps);
        job.start = start;
        job.active = 0;
        for (size_t t = 0; t < length; t++) {
            if (y != NULL || given->active[first + start + t])
                m->column_step[job.active++] = t;
            else if (purpose != JUDGE)
                memset(a->dh + (start + t) * cells, 0, cells * sizeof *a->dh);
        }
        job.columns = job.active * m->batch;
        job.stride = round_up(job.columns, EP_TILE);
        if (job.active == 0)
            continue;
        job.again = again;
        again = true;
        gather_columns(&job);
        thread_pool_run(m->pool, class_chunks(m), read_chunk, &job);
        if (y != NULL)
            continue;
        finite = close_columns(&job) && finite;
        if (purpose == JUDGE || !finite)
            continue;
        thread_pool_run(m->pool, class_chunks(m), back_chunk, &job);
        thread_pool_run(m->pool, job.active, close_step, &job);
    }
    if (purpose == LEARN) {
        m->active_columns = again ? job.columns : 0;
        m->active_stride = job.stride;
        if (!again) {
            memset(m->readout_bias.gradient, 0, m->readout_bias.count * sizeof(ep_real));
            if (m->readout.gradient != NULL)
                memset(m->readout.gradient, 0, m->readout.count * sizeof(ep_real));
        }
    }
    return finite;
}

#endif
