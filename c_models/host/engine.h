/*! \file
 *  \brief The host engine: trains a described network; see docs/architecture.md.
 *
 *  Everything that crosses this interface is double or integer, whatever the number system
 *  inside. Indices of populations, blocks and signals count from 0 in the order of the calls that
 *  add them. Functions return 0, or one of the enum eprop_status codes.
 */
#ifndef EPROP_HOST_ENGINE_H
#define EPROP_HOST_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "optimizer_settings.h"

typedef struct eprop_engine eprop_engine;

enum eprop_status {
    EPROP_OK = 0, EPROP_NO_MEMORY = 1, EPROP_BAD_ARGUMENT = 2, EPROP_TARGET_ENDED = 3,
    EPROP_OUTSIDE = 4          /*!< a step that is made outside has failed */
};

enum eprop_precision { EPROP_FLOAT32 = 0, EPROP_FLOAT64 = 1, EPROP_FIXED = 2 };

enum eprop_variable {
    EPROP_V = 0, EPROP_A = 1, EPROP_H = 2, EPROP_LEARNING_SIGNAL = 3, EPROP_Y = 4, EPROP_ERROR = 5,
    EPROP_TARGET = 6, EPROP_ISYN_EXC = 7, EPROP_ISYN_INH = 8
};

enum eprop_loss { EPROP_NO_LOSS = 0, EPROP_MSE = 1, EPROP_CROSS_ENTROPY = 2 };

/*! \brief Makes the step of all blocks and biases whose optimiser is EP_OUTSIDE, with
 *  eprop_get_gradient(), eprop_set_weights() and the like.
 *
 *  Called at the end of an update, after all other steps. Anything but 0 ends the run: EPROP_OUTSIDE.
 */
typedef int (*eprop_outside_step)(void *context);

/*! \brief Settings of the whole network. */
typedef struct {
    int32_t interval_steps;    /*!< T */
    int32_t trials_per_update; /*!< n_batch */
    int32_t continuous;        /*!< boundary: 0 reset, 1 continuous */
    int32_t learns;            /*!< 0: there are no updates at all */
    int32_t threads;
    int32_t tile_width;        /*!< cells of a tile, at least; 0: by fan-out and size. No
                                     result depends on it */
    int32_t max_delay;         /*!< largest delay of any block, in steps */
    double timestep;           /*!< dt in ms */
    eprop_outside_step outside_step; /*!< NULL if all steps are the engine's */
    void *outside_context;     /*!< what it is given */
} eprop_settings;

/*! \brief Cells whose values are given. */
typedef struct {
    int32_t size;
    int32_t value_bits;        /*!< fixed point: bits after the point of the 16-bit values */
} eprop_analog_sources;

/*! \brief LIF or adaptive LIF cells; arrays over cells. */
typedef struct {
    int32_t size;
    int32_t adaptive;
    int32_t backwards;         /*!< runs intervals from their last step to their first */
    int32_t shape;             /*!< enum ep_shape */
    double height;
    const double *alpha, *v_thresh, *inverse_width, *f_target, *c_reg, *v_initial;
    const int32_t *refractory;
    const double *rho, *beta, *a_initial; /*!< adaptive cells only */
    int32_t signal_bits;       /*!< fixed point: bits after the point of G and C */
    int32_t filter_bits;       /*!< fixed point: bits after the point of F and gradients */
    int32_t slope_bits;        /*!< fixed point: bits after the point of h */
} eprop_spiking_cells;

/*! \brief Readouts. target: (target_steps, size), row by row. */
typedef struct {
    int32_t size;
    int32_t loss;              /*!< enum eprop_loss */
    int32_t target_repeats;
    int32_t target_steps;
    int64_t target_start;
    double kappa;
    const double *bias, *y_initial, *target;
    eprop_optimizer bias_optimizer;
    int32_t signal_bits;       /*!< fixed point: bits after the point of the filtered errors */
} eprop_readouts;

/*! \brief PyNN's IF_curr_exp and IF_curr_delta; arrays over cells.
 *
 *  v <- v_rest + decay (v - v_rest) + from_current (i_offset + injected) + from_exc exc + from_inh inh
 */
typedef struct {
    int32_t size;
    int32_t exponential;       /*!< 0: weights go straight onto v */
    const double *decay, *v_rest, *v_thresh, *v_reset, *i_offset, *from_current, *v_initial;
    const int32_t *refractory;
    const double *exc_decay, *inh_decay, *from_exc, *from_inh, *exc_initial, *inh_initial;
} eprop_stock_cells;

/*! \brief The postsynaptic factor of eligibility traces: h, or the rule of Clopath et al. (eq. 57).
 *
 *  v_plus, v_minus: thresholds in units of v_th; v_decay: of the filtered membrane potential.
 */
typedef struct {
    int32_t kind;              /*!< enum ep_factor_kind */
    int32_t while_refractory;  /*!< whether the factor is not 0 then */
    double v_plus, v_minus, v_decay;
    int32_t bits;              /*!< fixed point: bits after the point of the factor */
} eprop_factor;

/*! \brief Synapses that share a delay, as rows by presynaptic cell.
 *
 *  Dense (target == NULL): weight is (pre size, post size), and (hole_row, hole) list, as
 *  compressed rows, the pairs that have no synapse. Sparse: row_start (pre size + 1), target and
 *  weight list the synapses, targets ascending within a row. Lists of indices are not copied, and
 *  must stay as they are as long as the engine lives.
 */
typedef struct {
    int32_t pre, post, delay, inhibitory;
    const int64_t *row_start;
    const int32_t *target;
    const double *weight;
    const int64_t *hole_row;
    const int32_t *hole;
    eprop_optimizer optimizer;
    /* what the eligibility vector of a synapse onto a cell has beside the present input */
    int32_t membrane_trace;    /*!< spikes are filtered with alpha (eq. 22) */
    int32_t adaptation_trace;  /*!< the trace of adaptation (eq. 27), in cells that adapt */
    eprop_factor factor;
    int32_t weight_bits;       /*!< fixed point: bits after the point of the 16-bit weights */
} eprop_block;

/*! \brief Feedback from readouts to cells. weight: (windows, readouts, cells).
 *
 *  With symmetric_blocks > 0, windows is 1 and B follows the weights of those blocks.
 */
typedef struct {
    int32_t source, target;
    int32_t windows, window_steps;
    const double *weight;
    int32_t symmetric_blocks;
    const int32_t *symmetric_block;
    int32_t weight_bits;       /*!< fixed point: bits after the point of the 32-bit weights */
} eprop_signal;

/*! \brief Sample a variable of some cells at every `every`-th global step into (samples, cells).
 *
 *  NaN at steps after the end of an interval that is shorter than T.
 */
typedef struct {
    int32_t population, variable, cells, every;
    const int32_t *cell;
    double *out;
} eprop_sampling;

/*! \brief Source spikes (global steps ascending) or injected currents of one population. */
typedef struct {
    int32_t population;
    int64_t spikes;
    const int64_t *step;
    const int32_t *cell;
} eprop_spike_input;

typedef struct {
    int32_t population;
    const double *current;     /*!< (steps, size) */
} eprop_current_input;

/*! \brief Values of analog sources at the steps from that before the stretch to its last. */
typedef struct {
    int32_t population;
    const double *value;       /*!< (steps + 1, size) */
} eprop_value_input;

/*! \brief One stretch of a run. */
typedef struct {
    int64_t steps;
    int32_t learning;          /*!< counts from the next interval */
    int32_t hold;              /*!< updates end with the gradients; weights stay until eprop_apply() */
    int32_t samplings, spike_inputs, current_inputs, value_inputs, spike_recordings;
    const eprop_sampling *sampling;
    const eprop_spike_input *spike_input;
    const eprop_current_input *current_input;
    const eprop_value_input *value_input;
    const int32_t *spike_recording; /*!< populations whose spikes are kept */
    const int32_t *lengths;    /*!< steps of each interval that begins in it; NULL: all have T */
} eprop_stretch;

/*! \brief Values of one population in each step of a trial, (steps, size). */
typedef struct {
    int32_t population;
    const double *values;
} eprop_trial_values;

/*! \brief One trial that ran elsewhere, as far as learning needs it.
 *
 *  Steps of spikes count from the trial's start: 0 .. T - 1 for sources, 1 .. T for cells. values:
 *  the pseudo-derivatives of cells that learn; errors of readouts, y of those without a loss; of
 *  analog sources those of the steps 0 .. T - 1.
 */
typedef struct {
    int32_t spike_lists, value_lists, potential_lists, hold;
    const eprop_spike_input *spike_list;
    const eprop_trial_values *value_list;
    const eprop_trial_values *potential_list; /*!< v, of cells at whose synapses a rule reads it */
} eprop_trial;

/*! \brief Make an empty network; NULL if there is no memory. */
eprop_engine *eprop_new(int32_t precision, const eprop_settings *settings);

/*! \brief Free everything. */
void eprop_delete(eprop_engine *engine);

int eprop_add_sources(eprop_engine *engine, int32_t size);
int eprop_add_analog_sources(eprop_engine *engine, const eprop_analog_sources *sources);
int eprop_add_spiking_cells(eprop_engine *engine, const eprop_spiking_cells *cells);
int eprop_add_readouts(eprop_engine *engine, const eprop_readouts *readouts);
int eprop_add_stock_cells(eprop_engine *engine, const eprop_stock_cells *cells);
int eprop_add_block(eprop_engine *engine, const eprop_block *block);
int eprop_add_signal(eprop_engine *engine, const eprop_signal *signal);

/*! \brief Allocate the state and set it to its initial values; nothing can be added afterwards. */
int eprop_build(eprop_engine *engine);

/*! \brief Take new parameters for a population; its size and its state stay. */
int eprop_set_spiking_cells(eprop_engine *engine, int32_t index, const eprop_spiking_cells *cells);
int eprop_set_readouts(eprop_engine *engine, int32_t index, const eprop_readouts *readouts);
int eprop_set_stock_cells(eprop_engine *engine, int32_t index, const eprop_stock_cells *cells);

/*! \brief Advance. Results go to the arrays of `stretch`; the readers below give spikes and losses. */
int eprop_run(eprop_engine *engine, const eprop_stretch *stretch);

/*! \brief Learn from a trial in the place of the next interval of a run; no time passes.
 *
 *  Boundary "reset" only, between intervals, in a network without stock cells.
 */
int eprop_learn(eprop_engine *engine, const eprop_trial *trial);

/*! \brief One step of all optimisers with the gradients that there are; counts as an update. */
int eprop_apply(eprop_engine *engine);

/*! \name An update whose trials several processes have run, in floating point
 *
 *  Each has run some of them, which wait in its engine, and knows those of all others by counts.
 *  Sums of gradients are passed from process to process, in the order of the trials; then every
 *  process gets the last one's, calls eprop_share_end(), and makes the step, eprop_apply().
 *  @{
 */

/*! \brief Spikes of each cell in the trials that wait, and 1 if some pseudo-derivative was not 0:
 *  (size + 1) numbers for each population of LIF or adaptive LIF cells, in order. */
int eprop_share_counts(const eprop_engine *engine, int64_t *out);

/*! \brief Begin: the rate term from the counts of all trials of the update, and the filters.
 *
 *  steps x trials: the steps of all trials, with trials 1 if some are shorter than T.
 */
int eprop_share_begin(eprop_engine *engine, int64_t steps, int64_t trials, const int64_t *counts);

/*! \brief The memory of the gradients of some rows of a block that learns. */
int eprop_share_rows(const eprop_engine *engine, int32_t block, int64_t first, int64_t rows,
                     void **data, int64_t *bytes);

/*! \brief Add those of the trials that wait; from a source of values, of all rows at once. */
int eprop_share_add(eprop_engine *engine, int32_t block, int64_t first, int64_t rows);

/*! \brief The memory of the sum of a readout population's biases; 0 bytes if they do not learn. */
int eprop_share_biases(eprop_engine *engine, int32_t population, void **data, int64_t *bytes);

/*! \brief Add those of the trials that wait. */
int eprop_share_add_biases(eprop_engine *engine, int32_t population);

/*! \brief End: the sums are the gradients, and no trial waits. */
int eprop_share_end(eprop_engine *engine);
/*! @} */

/*! \brief Spikes of the last stretch of its spike recording `index`. */
int64_t eprop_spikes(const eprop_engine *engine, int32_t index, const int64_t **step,
                     const int32_t **cell);

/*! \brief Losses of a readout population, one per interval that ended in the last stretch. */
int64_t eprop_losses(const eprop_engine *engine, int32_t population, const double **loss);

int64_t eprop_step(const eprop_engine *engine);
int64_t eprop_updates(const eprop_engine *engine);

/*! \brief Weights or gradients of a block, in the layout of eprop_block.weight. */
int eprop_get_weights(const eprop_engine *engine, int32_t block, double *out);
int eprop_set_weights(eprop_engine *engine, int32_t block, const double *weight);
int eprop_get_gradient(const eprop_engine *engine, int32_t block, double *out);
int eprop_set_gradient(eprop_engine *engine, int32_t block, const double *gradient);
int eprop_get_bias(const eprop_engine *engine, int32_t population, double *out);
int eprop_set_bias(eprop_engine *engine, int32_t population, const double *bias);
int eprop_get_bias_gradient(const eprop_engine *engine, int32_t population, double *out);
int eprop_set_bias_gradient(eprop_engine *engine, int32_t population, const double *gradient);

/*! \brief Quantities that saturate in fixed point: six of a population, the others of a block. */
enum eprop_saturation {
    EPROP_STATE = 0,           /*!< v, a, y */
    EPROP_INPUT = 1,           /*!< arrivals and currents of a step */
    EPROP_ERRORS = 2,          /*!< errors as the filter takes them */
    EPROP_FILTERED = 3,        /*!< G */
    EPROP_FILTER = 4,          /*!< F, lambda, the readouts' filtered errors */
    EPROP_RATE = 5,            /*!< the rate term */
    EPROP_GRADIENT = 6,        /*!< gradients, also of biases */
    EPROP_WEIGHT = 7,          /*!< weights at the edge of their format after an update */
    EPROP_SATURATIONS = 8
};

/*! \brief Values that saturated since the engine was built; 0 in floating point. */
int64_t eprop_saturated(const eprop_engine *engine, int32_t what, int32_t index);

/*! \brief An update of spiking cells without spikes, or without pseudo-derivative. */
typedef struct {
    int64_t update;            /*!< its number, from 1; 0: there was none */
    int64_t spikes;            /*!< of all cells, in all its trials */
    int32_t sloped;            /*!< some pseudo-derivative was not 0; of cells that learn only */
} eprop_inactivity;

/*! \brief The first update since the engine was built in which no cell of a population spiked, and
 *  the first in which cells that learn had no pseudo-derivative. */
int eprop_get_inactivity(const eprop_engine *engine, int32_t population, eprop_inactivity *silent,
                         eprop_inactivity *flat);

/*! \brief A state variable of a population as it is now. */
int eprop_sample(const eprop_engine *engine, int32_t population, int32_t variable, double *out);

/*! \brief The state as numbered binary entries: 1; 0 ends the numbering, -1 says that there is no
 *  memory. `name` has room for 64 bytes. */
int eprop_state_entry(eprop_engine *engine, int32_t index, char *name, int64_t *bytes);
int eprop_state_read(eprop_engine *engine, int32_t index, void *out);
int eprop_state_write(eprop_engine *engine, const char *name, int64_t bytes, const void *in);

/*! \brief The path that an engine takes, "small" or "general": results are the same bits. Small is for
 *  networks whose cells fit a few registers, see float/small.h; EPROP_PATH=general in the environment,
 *  when an engine is built, keeps it to the other. */
const char *eprop_path(const eprop_engine *engine);

/*! \brief Sorts spikes by step, those of one step as they stand.
 *  \param[in] spikes at most 2^32 - 1
 *  \param[in] first no step is before it
 *  \param[in] steps all steps are before first + steps; time and memory grow with it
 */
int eprop_sort_spikes(int64_t spikes, const int64_t *step, const int32_t *cell, int64_t first,
                      int64_t steps, int64_t *step_out, int32_t *cell_out);

/*! \brief Name of the instruction set in use. EPROP_ISA=generic in the environment picks the portable one. */
const char *eprop_instruction_set(void);

#endif
