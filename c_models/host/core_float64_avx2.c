/*! \file
 *  \brief The core in float64 for x86 processors with AVX2.
 */
#define EPROP_CORE eprop_core_float64_avx2
#define EPROP_PORTABLE "../core_float64.c"
#include "core/avx2.h"
