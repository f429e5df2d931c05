/*! \file
 *  \brief The machine in float64 for any processor.
 */
#include "eprop/number_float64.h"

#ifndef IV_CORE /* avx2.h and avx512.h name others */
#define IV_CORE iv_core_float64
#endif
#include "core.h"
