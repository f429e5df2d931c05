/*! \file
 *  \brief A core again, for x86 processors with AVX-512; see avx2.h.
 */
#if defined(__x86_64__) && defined(__GNUC__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl"))), \
                             apply_to = function)
#else
#pragma GCC target("avx2,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")
#endif
#define EP_VECTOR_BYTES 64

#include EPROP_PORTABLE

#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int eprop_no_avx512; /* a translation unit must not be empty */
#endif
