/*! \file
 *  \brief The functions that every build of the core offers; see core/core.h.
 */
#ifndef EPROP_HOST_CORE_TABLE_H
#define EPROP_HOST_CORE_TABLE_H

#include <stdbool.h>

#include "engine.h"
#include "instruction_set.h"

/* Each core has its own; nothing outside looks inside. */
struct eprop_core_engine;

typedef struct {
    struct eprop_core_engine *(*create)(const eprop_settings *);
    void (*destroy)(struct eprop_core_engine *);
    int (*add_sources)(struct eprop_core_engine *, int32_t);
    int (*add_analog_sources)(struct eprop_core_engine *, const eprop_analog_sources *);
    int (*add_spiking_cells)(struct eprop_core_engine *, const eprop_spiking_cells *);
    int (*add_readouts)(struct eprop_core_engine *, const eprop_readouts *);
    int (*add_stock_cells)(struct eprop_core_engine *, const eprop_stock_cells *);
    int (*add_block)(struct eprop_core_engine *, const eprop_block *);
    int (*add_signal)(struct eprop_core_engine *, const eprop_signal *);
    int (*build)(struct eprop_core_engine *);
    int (*set_spiking_cells)(struct eprop_core_engine *, int32_t, const eprop_spiking_cells *);
    int (*set_readouts)(struct eprop_core_engine *, int32_t, const eprop_readouts *);
    int (*set_stock_cells)(struct eprop_core_engine *, int32_t, const eprop_stock_cells *);
    int (*run)(struct eprop_core_engine *, const eprop_stretch *);
    int (*learn)(struct eprop_core_engine *, const eprop_trial *);
    int (*apply)(struct eprop_core_engine *);
    int64_t (*spikes)(const struct eprop_core_engine *, int32_t, const int64_t **,
                      const int32_t **);
    int64_t (*losses)(const struct eprop_core_engine *, int32_t, const double **);
    int64_t (*step)(const struct eprop_core_engine *);
    int64_t (*updates)(const struct eprop_core_engine *);
    int (*get_weights)(const struct eprop_core_engine *, int32_t, double *);
    int (*set_weights)(struct eprop_core_engine *, int32_t, const double *);
    int (*get_gradient)(const struct eprop_core_engine *, int32_t, double *);
    int (*set_gradient)(struct eprop_core_engine *, int32_t, const double *);
    int (*get_bias)(const struct eprop_core_engine *, int32_t, double *);
    int (*set_bias)(struct eprop_core_engine *, int32_t, const double *);
    int (*get_bias_gradient)(const struct eprop_core_engine *, int32_t, double *);
    int (*set_bias_gradient)(struct eprop_core_engine *, int32_t, const double *);
    int (*sample)(const struct eprop_core_engine *, int32_t, int32_t, double *);
    int64_t (*saturated)(const struct eprop_core_engine *, int32_t, int32_t);
    int (*get_inactivity)(const struct eprop_core_engine *, int32_t, eprop_inactivity *,
                          eprop_inactivity *);
    int (*share_counts)(const struct eprop_core_engine *, int64_t *);
    int (*share_begin)(struct eprop_core_engine *, int64_t, int64_t, const int64_t *);
    int (*share_rows)(const struct eprop_core_engine *, int32_t, int64_t, int64_t, void **,
                      int64_t *);
    int (*share_add)(struct eprop_core_engine *, int32_t, int64_t, int64_t);
    int (*share_biases)(struct eprop_core_engine *, int32_t, void **, int64_t *);
    int (*share_add_biases)(struct eprop_core_engine *, int32_t);
    int (*share_end)(struct eprop_core_engine *);
    bool (*is_small)(const struct eprop_core_engine *);
    int (*state_entry)(struct eprop_core_engine *, int32_t, char *, int64_t *);
    int (*state_read)(struct eprop_core_engine *, int32_t, void *);
    int (*state_write)(struct eprop_core_engine *, const char *, int64_t, const void *);
} eprop_core;

/* The cores: portable, and for x86 processors with AVX2 or AVX-512. */
extern const eprop_core eprop_core_float32, eprop_core_float64, eprop_core_fixed;
#ifdef EPROP_HAS_X86
extern const eprop_core eprop_core_float32_avx2, eprop_core_float64_avx2, eprop_core_fixed_avx2;
extern const eprop_core eprop_core_float32_avx512, eprop_core_float64_avx512;
#endif

#endif
