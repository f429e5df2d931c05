/*! \file
 *  \brief The functions that every build of the machine offers; see intervals.h.
 */
#ifndef EPROP_INTERVALS_TABLE_H
#define EPROP_INTERVALS_TABLE_H

#include "../instruction_set.h"
#include "intervals.h"

/* Each build has its own; nothing outside looks inside. */
struct iv_core_machine;

typedef struct {
    double (*bytes)(const iv_settings *, int64_t);
    struct iv_core_machine *(*create)(const iv_settings *);
    void (*destroy)(struct iv_core_machine *);
    int (*reserve)(struct iv_core_machine *, int64_t);
    void (*start)(struct iv_core_machine *);
    int (*train)(struct iv_core_machine *, const iv_steps *, double *);
    int (*run)(struct iv_core_machine *, const iv_steps *, void *, void *, double *);
    int (*read)(const struct iv_core_machine *, int32_t, void *);
    int (*write)(struct iv_core_machine *, int32_t, const void *);
    void (*get_counts)(const struct iv_core_machine *, iv_counts *);
    void (*set_counts)(struct iv_core_machine *, const iv_counts *);
    void (*function)(int32_t, int64_t, void *);
} iv_core;

/* Portable builds, and those for x86 processors. */
extern const iv_core iv_core_float32, iv_core_float64;
#ifdef EPROP_HAS_X86
extern const iv_core iv_core_float32_avx2, iv_core_float64_avx2;
extern const iv_core iv_core_float32_avx512, iv_core_float64_avx512;
#endif

#endif
