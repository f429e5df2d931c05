/*! \file
 *  \brief The core in float64 for any processor.
 */
#include "eprop/number_float64.h"

#ifndef EPROP_CORE /* core/avx2.h and core/avx512.h name others */
#define EPROP_CORE eprop_core_float64
#endif
#include "float/core.h"
