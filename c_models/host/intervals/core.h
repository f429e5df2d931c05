/*! \file
 *  \brief The whole machine for one number system and instruction set, as a table of functions.
 *
 *  IV_CORE is the name of the table.
 */
#include "sequence.h"
#include "state.h"

#include "table.h"

static void core_function(int32_t function, int64_t n, void *values) {
    ep_real *const x = values;
    for (int64_t k = 0; k < n; k++)
        x[k] = function == 0   ? ep_exp_negative(x[k])
               : function == 1 ? ep_sigmoid(x[k])
               : function == 2 ? ep_tanh(x[k])
                               : ep_log1p_fraction(x[k]);
}

const iv_core IV_CORE = {
    core_bytes,  core_new,   core_delete, core_reserve,    core_start,      core_train,
    core_run,    core_read,  core_write,  core_get_counts, core_set_counts, core_function,
};
