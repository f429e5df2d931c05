/*! \file
 *  \brief The machine in float32 for x86 processors with AVX2.
 */
#define IV_CORE iv_core_float32_avx2
#define IV_PORTABLE "machine_float32.c"
#include "avx2.h"
