/*! \file
 *  \brief The postsynaptic factor of eligibility traces is the pseudo-derivative: eprop_neuron.
 *
 *  Included by cells.c only; factor_clopath.h has the same functions for the rule of Clopath et al.
 *  `kept` is the row of factors that goes to the log in a step.
 */
static bool is_adaptive(void) { return core.setup.kind == KIND_ALIF; }

static bool is_own(void) { return is_adaptive() || core.setup.kind == KIND_LIF; }

static void factor_initialise(void) {}

static void factor_read(const uint32_t *behind) { (void)behind; }

static void factor_begin(void) {}

/* The row for the pseudo-derivatives of a step. */
static uint16_t *factor_slopes(uint16_t *kept) { return kept; }

static void factor_open(uint16_t *kept) { (void)kept; }

static void factor_close(uint16_t *kept) { (void)kept; }

/* Limits what grew beyond its format, of n cells and their row, and counts it. */
static SELDOM void limit_filters(uint32_t n, int32_t mu_limit, ep_filter_state *state,
                                 int32_t *row) {
    uint32_t saturated = 0;
    for (uint32_t j = 0; j < n; j++) {
        saturated += ep_saturate(1, EP_LIMIT, &state[j].F);
        if (is_adaptive())
            saturated += ep_saturate(1, mu_limit, &state[j].mu);
        row[j] = state[j].F;
    }
    count_saturated(PROVENANCE_SATURATED_FILTERS, saturated);
}

/* One step backwards of n cells of a group. Returns the magnitudes of F, gathered. */
static uint32_t factor_filter(const cell_group_data *g, uint32_t n, const uint16_t *slopes,
                              const int32_t *G, ep_filter_state *state, int32_t *row) {
    const ep_filter *const constants = &g->filter;
    const int32_t mu_limit = ep_mu_limit(constants);
    uint32_t mu_outside = 0;
    const uint32_t magnitudes =
        is_adaptive() ? loop_filter_alif(n, constants, slopes, G, state, row, &mu_outside)
                      : loop_filter_lif(n, constants, slopes, G, state, row);
    if (magnitudes < EP_LIMIT && (!is_adaptive() || mu_outside < 2 * (uint32_t)mu_limit))
        return magnitudes;
    limit_filters(n, mu_limit, state, row);
    return magnitudes < EP_LIMIT ? magnitudes : EP_LIMIT - 1;
}
