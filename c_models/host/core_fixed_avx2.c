/*! \file
 *  \brief The core in fixed point for x86 processors with AVX2; picked when the program runs.
 *
 *  Results are those of the portable core, bit for bit: they are integers.
 */
#if defined(__x86_64__) && defined(__GNUC__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif

#define EPROP_CORE eprop_core_fixed_avx2
#include "fixed/core.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int eprop_no_avx2; /* a translation unit must not be empty */
#endif
