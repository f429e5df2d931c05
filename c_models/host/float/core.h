/*! \file
 *  \brief The core in floating point; the including file names a number system and EPROP_CORE.
 */
#include "eprop/neuron.h"
#include "eprop/clopath.h"
#include "eprop/rows.h"
#include "eprop/readout.h"
#include "eprop/filter.h"
#include "eprop/optimizer.h"

#define WIDEST_TILE (16 * NARROW_TILE)
#include "build.h"
#include "step.h"
#include "by_spike.h"
#include "optimize.h"
#include "continuous.h"
#include "small_forward.h"
#include "small_learn.h"
#include "values.h"
#include "share.h"

#include "../core/core.h"
