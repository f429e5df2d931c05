/*! \file
 *  \brief Vectors of the processor, and fused multiply-add, for kernels on dense arrays.
 *
 *  The build says how wide a vector is (EP_VECTOR_BYTES; 16 if it says nothing) and whether the
 *  processor multiplies and adds with one rounding (EP_FUSED). Results do not depend on the width:
 *  every sum has an order of its own, over single elements or over the EP_TILE lanes of 64 bytes.
 *  They do depend, in their last bits, on EP_FUSED.
 *
 *  A number system header (floating point) must be included first.
 */
#ifndef EPROP_VECTOR_H
#define EPROP_VECTOR_H

#include <stddef.h>

#ifndef EP_VECTOR_BYTES
#define EP_VECTOR_BYTES 16
#endif

typedef EPROP_REAL ep_real;

/*! \brief Values in 64 bytes: rows are padded to a multiple of it, in every build. */
#if EP_MANTISSA_BITS == 23
#define EP_TILE 16
#else
#define EP_TILE 8
#endif

/*! \brief a b + c, with one rounding if the processor has that. */
static EP_INLINE ep_real ep_fma(ep_real a, ep_real b, ep_real c) {
#if !defined(EP_FUSED)
    return a * b + c;
#elif EP_MANTISSA_BITS == 23
    return __builtin_fmaf(a, b, c);
#else
    return __builtin_fma(a, b, c);
#endif
}

#if defined(__GNUC__)
#if defined(EP_FUSED)
#include <immintrin.h>
#endif

typedef EPROP_REAL ep_vector __attribute__((vector_size(EP_VECTOR_BYTES)));
typedef EPROP_REAL ep_unaligned
    __attribute__((vector_size(EP_VECTOR_BYTES), aligned(sizeof(EPROP_REAL)), may_alias));

/*! \brief Values in a vector. */
#define EP_WIDTH (EP_VECTOR_BYTES / sizeof(EPROP_REAL))

static EP_INLINE ep_vector ep_load(const ep_real *from) { return *(const ep_unaligned *)from; }
static EP_INLINE void ep_store(ep_real *to, ep_vector values) { *(ep_unaligned *)to = values; }
static EP_INLINE ep_vector ep_zeros(void) { return (ep_vector){0}; }
static EP_INLINE ep_vector ep_spread(ep_real value) { return value - ep_zeros(); }

/*! \brief a b + c, lane by lane, rounded as ep_fma() does. */
static EP_INLINE ep_vector ep_vector_fma(ep_vector a, ep_vector b, ep_vector c) {
#if !defined(EP_FUSED)
    return a * b + c;
#elif EP_VECTOR_BYTES == 64 && EP_MANTISSA_BITS == 23
    return (ep_vector)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif EP_VECTOR_BYTES == 64
    return (ep_vector)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif EP_MANTISSA_BITS == 23
    return (ep_vector)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return (ep_vector)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#endif
}

#else /* vectors of one value */
typedef EPROP_REAL ep_vector;
#define EP_WIDTH ((size_t)1)
static EP_INLINE ep_vector ep_load(const ep_real *from) { return *from; }
static EP_INLINE void ep_store(ep_real *to, ep_vector values) { *to = values; }
static EP_INLINE ep_vector ep_zeros(void) { return 0; }
static EP_INLINE ep_vector ep_spread(ep_real value) { return value; }
static EP_INLINE ep_vector ep_vector_fma(ep_vector a, ep_vector b, ep_vector c) {
    return ep_fma(a, b, c);
}
#endif

#endif
