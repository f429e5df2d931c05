/*! \file
 *  \brief Learning in intervals: what Python calls (docs/intervals.md).
 *
 *  A machine has a batch of sequences, each with its units' states and traces, one set of weights
 *  and, with synthetic gradients, an error module. Arrays of values are of the machine's precision.
 */
#ifndef EPROP_INTERVALS_H
#define EPROP_INTERVALS_H

#include <stdint.h>

#include "../optimizer_settings.h"

/*! \brief What a call returns. */
enum iv_status { IV_OK = 0, IV_NO_MEMORY = 1, IV_NO_ARRAY = 2 };

enum iv_precision { IV_FLOAT32 = 0, IV_FLOAT64 = 1 };
enum iv_kind { IV_LSTM = 0, IV_TANH = 1, IV_SIGMOID = 2, IV_RELU = 3 };
enum iv_loss { IV_BINARY = 0, IV_SOFTMAX = 1 };
enum iv_traces { IV_NONE = 0, IV_CARRIED = 1, IV_TRUNCATED = 2 };
enum iv_signal { IV_PROPAGATED = 0, IV_SYMMETRIC = 1, IV_RANDOM = 2 };

/*! \brief Arrays that can be read and written, by number; shapes in docs/intervals.md. */
enum iv_array {
    IV_WEIGHTS = 0, IV_READOUT, IV_READOUT_BIAS, IV_EMBEDDING,
    IV_HIDDEN, IV_HIDDEN_BIAS, IV_OUTPUT, IV_OUTPUT_BIAS, /* the error module */
    IV_LEARNED_ARRAYS, /* how many there are above; moments m and v follow in the same order */
    IV_FIRST_MOMENT = 100,
    IV_SECOND_MOMENT = 200,
    IV_UNIT_STATE = 300, IV_UNIT_OUTPUT, IV_BOUNDARY_STATE, IV_BOUNDARY_OUTPUT, IV_ELIGIBILITY,
    IV_FEEDBACK
};

/*! \brief A machine. words: 0 for inputs of values. clip: 0 for none. hidden: 0 for no module. */
typedef struct {
    int64_t units, inputs, outputs, words, batch, interval, hidden, threads;
    int32_t kind, tanh_output, loss, traces, signal, whole;
    int32_t sees_state, extra_pass, through_network, shuffled;
    double leak, clip, factor;
    eprop_optimizer optimizer, module_optimizer;
} iv_settings;

/*! \brief Steps of all sequences. Unused pointers are NULL.
 *
 *  inputs: (steps, batch, inputs), or words: (steps, batch). targets: (steps, batch, outputs), or
 *  classes: (steps, batch). active: (steps). last: whether the sequences end with these steps.
 */
typedef struct {
    int64_t steps;
    const void *inputs;
    const int32_t *words;
    const void *targets;
    const int32_t *classes;
    const uint8_t *active;
    int32_t last;
    double rate;
} iv_steps;

/*! \brief What goes on beside arrays. squares: of module errors and of their targets. */
typedef struct {
    int64_t updates, module_updates;
    int32_t has_boundary;
    double squared_errors, squared_targets;
} iv_counts;

typedef struct iv_machine iv_machine;

/*! \brief The instruction set that was picked: "avx512", "avx2" or "generic". */
const char *iv_instruction_set(void);

/*! \brief Bytes that a machine takes which learns from `steps` steps at a time. */
double iv_bytes(int32_t precision, const iv_settings *settings, int64_t steps);

/*! \brief A machine with all arrays 0. NULL: no memory. */
iv_machine *iv_new(int32_t precision, const iv_settings *settings);
void iv_delete(iv_machine *machine);

/*! \brief Make room for intervals of so many steps. */
int iv_reserve(iv_machine *machine, int64_t steps);

/*! \brief New sequences: states, outputs and traces 0, and no boundary before. */
void iv_start(iv_machine *machine);

/*! \brief Learn from steps, interval by interval.
 *  \param[out] error summed over steps, the mean of the batch. If it is not finite, the last
 *      interval done is that in which it appeared, without an update.
 */
int iv_train(iv_machine *machine, const iv_steps *steps, double *error);

/*! \brief Run without learning; y: (steps, batch, outputs) and h: (steps, batch, units), or NULL.
 *  \param[out] error as of iv_train(); 0 without targets
 */
int iv_run(iv_machine *machine, const iv_steps *steps, void *y, void *h, double *error);

/*! \brief Values of an array, and from there; IV_NO_ARRAY if the machine has none of this number. */
int iv_read(const iv_machine *machine, int32_t array, void *values);
int iv_write(iv_machine *machine, int32_t array, const void *values);

void iv_get_counts(const iv_machine *machine, iv_counts *counts);
void iv_set_counts(iv_machine *machine, const iv_counts *counts);

/*! \brief For tests: functions of kernels by number (exp of x <= 0, sigmoid, tanh, log(1 + x) of
 *  0 <= x <= 1) of n values in place, as the picked instruction set computes them.
 */
void iv_function(int32_t precision, int32_t function, int64_t n, void *values);

#endif
