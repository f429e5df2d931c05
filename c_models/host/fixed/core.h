/*! \file
 *  \brief The core in fixed point: the same kernels, the same bits as on the ARM core.
 */
#include "types.h"

#include "build.h"
#include "step.h"
#include "optimize.h"
#include "values.h"
#include "share.h"

#include "../core/core.h"
