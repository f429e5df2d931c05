/*! \file
 *  \brief The postsynaptic factor of eligibility traces is that of Clopath et al.: eprop_clopath.
 *
 *  Included by cells.c only; see factor_slope.h. The pseudo-derivatives are computed to be recorded.
 */
static bool is_adaptive(void) { return false; } /* both do not fit ITCM */

static bool is_own(void) { return core.setup.kind == KIND_CLOPATH; }

#include "eprop/fixed/clopath.h"

#define STRIDE (sizeof *lif / 4) /* words from one cell to the next */

static ep_clopath *rules; /* by group */
static int32_t *v_hat;
static uint16_t *slope_row;

static SELDOM void factor_initialise(void) {
    rules = take(core.setup.n_groups * sizeof *rules);
    v_hat = take(core.setup.lanes * sizeof *v_hat);
    slope_row = take(core.setup.lanes * sizeof *slope_row);
}

static SELDOM void factor_read(const uint32_t *behind) {
    copy_words(rules, behind, core.setup.n_groups * sizeof *rules / 4);
}

static SELDOM void factor_begin(void) { clear_words(v_hat, core.setup.lanes); }

static uint16_t *factor_slopes(uint16_t *kept) {
    (void)kept;
    return slope_row;
}

/* Thumb has no long multiplication. */
static __attribute__((noinline)) uint32_t run_factors(uint32_t n, const ep_clopath *rule,
                                                      const int32_t *v, int32_t *filtered,
                                                      uint16_t *factors) {
    return ep_clopath_factor(n, STRIDE, rule, v, filtered, factors);
}

static bool factor_wanted(void) { return now.learning && core.setup.n_plastic != 0; }

static SELDOM void factor_open(uint16_t *kept) {
    if (factor_wanted())
        ep_clopath_open(core.setup.n, STRIDE, &lif->status, kept);
}

static SELDOM void factor_close(uint16_t *kept) {
    for (uint32_t k = 0; factor_wanted() && k < core.setup.n_groups; k++) {
        const uint32_t first = groups[k].first;
        count_saturated(PROVENANCE_SATURATED_STATES,
                        run_factors(groups[k].count, &rules[k], &lif[first].v, v_hat + first,
                                    kept + first));
    }
}

/* One step backwards of n cells of a group. Returns the magnitudes of F, gathered. */
static uint32_t factor_filter(const cell_group_data *g, uint32_t n, const uint16_t *factors,
                              const int32_t *G, ep_filter_state *state, int32_t *row) {
    uint32_t magnitudes = 0;
    count_saturated(PROVENANCE_SATURATED_FILTERS,
                    ep_filter_clopath(n, &g->filter, &rules[g - groups], factors, G, state));
    for (uint32_t j = 0; j < n; j++) {
        row[j] = state[j].F;
        magnitudes |= ep_magnitude(row[j]);
    }
    return magnitudes;
}
