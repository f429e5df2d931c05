/*! \file
 *  \brief Single precision: the fast number system of the host engine.
 */
#ifndef EPROP_NUMBER_H
#define EPROP_NUMBER_H

#include <math.h>
#include <stdint.h>

#define EPROP_REAL float
typedef int32_t ep_lane;
typedef uint32_t ep_bits;     /* the bits of a value, and their */
#define EP_MANTISSA_BITS 23 /* fraction after the leading 1 */
#include "number_float.h"

static EP_INLINE ep_state ep_exp(ep_state x) { return expf(x); }
static EP_INLINE ep_state ep_log(ep_state x) { return logf(x); }
static EP_INLINE ep_state ep_abs(ep_state x) { return fabsf(x); }
static EP_INLINE ep_state ep_sqrt(ep_state x) { return sqrtf(x); }

#endif
