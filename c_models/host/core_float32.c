/*! \file
 *  \brief The core in float32 for any processor.
 */
#include "eprop/number_float32.h"

#ifndef EPROP_CORE /* core/avx2.h and core/avx512.h name others */
#define EPROP_CORE eprop_core_float32
#endif
#include "float/core.h"
