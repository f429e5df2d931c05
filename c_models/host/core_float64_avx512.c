/*! \file
 *  \brief The core in float64 for x86 processors with AVX-512.
 */
#define EPROP_CORE eprop_core_float64_avx512
#define EPROP_PORTABLE "../core_float64.c"
#include "core/avx512.h"
