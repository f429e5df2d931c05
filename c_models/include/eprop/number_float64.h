/*! \file
 *  \brief Double precision: the number system for validation.
 */
#ifndef EPROP_NUMBER_H
#define EPROP_NUMBER_H

#include <math.h>
#include <stdint.h>

#define EPROP_REAL double
typedef int64_t ep_lane;
typedef uint64_t ep_bits;     /* the bits of a value, and their */
#define EP_MANTISSA_BITS 52 /* fraction after the leading 1 */
#include "number_float.h"

static EP_INLINE ep_state ep_exp(ep_state x) { return exp(x); }
static EP_INLINE ep_state ep_log(ep_state x) { return log(x); }
static EP_INLINE ep_state ep_abs(ep_state x) { return fabs(x); }
static EP_INLINE ep_state ep_sqrt(ep_state x) { return sqrt(x); }

#endif
