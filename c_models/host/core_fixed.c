/*! \file
 *  \brief The core in fixed point for any processor: the twin of the ARM core.
 */
#ifndef EPROP_CORE /* core/avx2.h names another */
#define EPROP_CORE eprop_core_fixed
#endif
#include "fixed/core.h"
