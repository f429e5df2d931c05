/*! \file
 *  \brief The core in float32 for any processor.
 */
#include "eprop/number_float32.h"

#define EPROP_CORE eprop_core_float32
#include "float/core.h"
