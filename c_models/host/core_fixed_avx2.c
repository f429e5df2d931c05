/*! \file
 *  \brief The core in fixed point for x86 processors with AVX2.
 */
#define EPROP_CORE eprop_core_fixed_avx2
#define EPROP_PORTABLE "../core_fixed.c"
#include "core/avx2.h"
