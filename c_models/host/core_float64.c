/*! \file
 *  \brief The core in float64 for any processor.
 */
#include "eprop/number_float64.h"

#define EPROP_CORE eprop_core_float64
#include "float/core.h"
