/*! \file
 *  \brief The core in float32 for any processor.
 */
#include "eprop/number_float32.h"

#ifndef EPROP_CORE /* core/avx2.h names another */
#define EPROP_CORE eprop_core_float32
#endif
#include "float/core.h"
