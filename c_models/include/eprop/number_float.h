/*! \file
 *  \brief The floating-point number systems: the types of every quantity and their few operations.
 *
 *  Kernels name quantities, never C types, so that a number system is exchanged by including
 *  another header before them. Include number_float32.h or number_float64.h, not this file.
 *
 *  | type        | quantity                                                        |
 *  |-------------|-----------------------------------------------------------------|
 *  | ep_state    | membrane potential v, adaptation a, readout y, synaptic current  |
 *  | ep_decay    | decay factors alpha, rho, kappa                                  |
 *  | ep_weight   | synaptic weights                                                 |
 *  | ep_analog   | values of analog sources                                         |
 *  | ep_history  | pseudo-derivative h, and in its place the backward filter F      |
 *  | ep_signal   | error, learning signal, G, C, lambda                             |
 *  | ep_gradient | gradient of a weight                                             |
 *  | ep_moment   | Adam's first moment                                              |
 *  | ep_variance | Adam's second moment                                             |
 *  | ep_lane     | integer of a state's width: spike flags, refractory counters     |
 */
#ifndef EPROP_NUMBER_FLOAT_H
#define EPROP_NUMBER_FLOAT_H

#include <stdint.h>

typedef EPROP_REAL ep_state;
typedef EPROP_REAL ep_decay;
typedef EPROP_REAL ep_weight;
typedef EPROP_REAL ep_analog;
typedef EPROP_REAL ep_history;
typedef EPROP_REAL ep_signal;
typedef EPROP_REAL ep_gradient;
typedef EPROP_REAL ep_moment;
typedef EPROP_REAL ep_variance;

/*! \brief Arrays over cells are padded to a multiple of this many elements: 64 bytes, in every build. */
#define EP_LANES (64 / sizeof(EPROP_REAL))

#if defined(__GNUC__)
#define EP_INLINE inline __attribute__((always_inline))
#define EP_APART __attribute__((noinline, unused)) /* a loop that needs all registers */
#else
#define EP_INLINE inline
#define EP_APART inline
#endif

/*! \brief Promises that no iteration of the next loop reads what another one writes. */
#if defined(__clang__)
#define EP_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define EP_INDEPENDENT _Pragma("GCC ivdep")
#else
#define EP_INDEPENDENT
#endif

/*! \brief The number system's value nearest to a double. */
static EP_INLINE ep_state ep_from_double(double value) { return (ep_state)value; }

/*! \brief The double nearest to a value of the number system. */
static EP_INLINE double ep_to_double(ep_state value) { return (double)value; }

#endif
