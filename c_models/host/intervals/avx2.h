/*! \file
 *  \brief A machine again, for x86 processors with AVX2 and FMA; picked when the program runs.
 *
 *  The including file names the table of functions, IV_CORE, and the portable machine's source,
 *  IV_PORTABLE. Results are those of the build for AVX-512, bit for bit; the portable build's differ
 *  in their last bits, as it multiplies and adds with two roundings.
 */
#if defined(__x86_64__) && defined(__GNUC__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#define EP_VECTOR_BYTES 32
#define EP_FUSED 1

#include IV_PORTABLE

#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int iv_no_avx2; /* a translation unit must not be empty */
#endif
