/*! \file
 *  \brief The core in fixed point for any processor: the twin of the ARM core.
 */
#define EPROP_CORE eprop_core_fixed
#include "fixed/core.h"
