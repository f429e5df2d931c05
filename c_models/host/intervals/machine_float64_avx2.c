/*! \file
 *  \brief The machine in float64 for x86 processors with AVX2.
 */
#define IV_CORE iv_core_float64_avx2
#define IV_PORTABLE "machine_float64.c"
#include "avx2.h"
