/*! \file
 *  \brief The machine's interface: picks a build by precision and processor.
 */
#include "intervals.h"

#include <stdlib.h>

#include "table.h"

struct iv_machine {
    const iv_core *core;
    struct iv_core_machine *inside;
};

static const iv_core *pick_core(int32_t precision) {
    const enum instruction_set set = instruction_set();
    (void)set;
#ifdef EPROP_HAS_X86
    if (set == AVX512)
        return precision == IV_FLOAT32 ? &iv_core_float32_avx512 : &iv_core_float64_avx512;
    if (set == AVX2)
        return precision == IV_FLOAT32 ? &iv_core_float32_avx2 : &iv_core_float64_avx2;
#endif
    return precision == IV_FLOAT32 ? &iv_core_float32 : &iv_core_float64;
}

const char *iv_instruction_set(void) {
    return instruction_set_name();
}

double iv_bytes(int32_t precision, const iv_settings *settings, int64_t steps) {
    return pick_core(precision)->bytes(settings, steps);
}

iv_machine *iv_new(int32_t precision, const iv_settings *settings) {
    iv_machine *const m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->core = pick_core(precision);
    m->inside = m->core->create(settings);
    if (m->inside == NULL) {
        free(m);
        return NULL;
    }
    return m;
}

void iv_delete(iv_machine *m) {
    if (m == NULL)
        return;
    m->core->destroy(m->inside);
    free(m);
}

int iv_reserve(iv_machine *m, int64_t steps) { return m->core->reserve(m->inside, steps); }
void iv_start(iv_machine *m) { m->core->start(m->inside); }

int iv_train(iv_machine *m, const iv_steps *steps, double *error) {
    return m->core->train(m->inside, steps, error);
}

int iv_run(iv_machine *m, const iv_steps *steps, void *y, void *h, double *error) {
    return m->core->run(m->inside, steps, y, h, error);
}

int iv_read(const iv_machine *m, int32_t array, void *values) {
    return m->core->read(m->inside, array, values);
}

int iv_write(iv_machine *m, int32_t array, const void *values) {
    return m->core->write(m->inside, array, values);
}

void iv_get_counts(const iv_machine *m, iv_counts *counts) {
    m->core->get_counts(m->inside, counts);
}

void iv_set_counts(iv_machine *m, const iv_counts *counts) {
    m->core->set_counts(m->inside, counts);
}

void iv_function(int32_t precision, int32_t function, int64_t n, void *values) {
    pick_core(precision)->function(function, n, values);
}
