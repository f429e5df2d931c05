/*! \file
 *  \brief A core again, for x86 processors with AVX2; picked when the program runs.
 *
 *  The including file names the table of functions, EPROP_CORE, and the portable core's source,
 *  EPROP_PORTABLE. Results are those of the portable core, bit for bit: fused multiply-add stays
 *  off, and fixed point computes integers.
 */
#if defined(__x86_64__) && defined(__GNUC__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif
#define EP_VECTOR_BYTES 32

#include EPROP_PORTABLE

#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int eprop_no_avx2; /* a translation unit must not be empty */
#endif
