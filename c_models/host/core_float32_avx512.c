/*! \file
 *  \brief The core in float32 for x86 processors with AVX-512.
 */
#define EPROP_CORE eprop_core_float32_avx512
#define EPROP_PORTABLE "../core_float32.c"
#include "core/avx512.h"
