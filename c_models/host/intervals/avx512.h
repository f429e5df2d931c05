/*! \file
 *  \brief A machine again, for x86 processors with AVX-512; see avx2.h.
 */
#if defined(__x86_64__) && defined(__GNUC__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512dq,avx512vl"))), \
                             apply_to = function)
#else
#pragma GCC target("avx2,fma,avx512f,avx512dq,avx512vl,prefer-vector-width=512")
#endif
#define EP_VECTOR_BYTES 64
#define EP_FUSED 1

#include IV_PORTABLE

#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int iv_no_avx512; /* a translation unit must not be empty */
#endif
