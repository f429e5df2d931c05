/*! \file
 *  \brief Functions of units and losses that compilers turn into vectors: no branch, no call.
 *
 *  Largest relative errors, in units of the number system's epsilon:
 *
 *  | function            | float32 | float64 |
 *  |---------------------|---------|---------|
 *  | ep_exp_negative     |       1 |       1 |
 *  | ep_sigmoid          |       2 |       2 |
 *  | ep_tanh             |       2 |       2 |
 *  | ep_log1p_fraction   |       2 |       2 |
 *
 *  exp(x) of x < -87 (float64: -708), and what is smaller than that, may be 0. Not a number stays so.
 *  A floating-point number system header must be included first.
 */
#ifndef EPROP_FUNCTIONS_H
#define EPROP_FUNCTIONS_H

#include "vector.h"

typedef union {
    ep_real value;
    ep_bits bits;
} ep_pattern;

#define EP_REAL(x) ((ep_real)(x))

/*! \brief exp(x) of x <= 0.
 *
 *  exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln(2) / 2: a polynomial in r. n is rounded, and
 *  brought to where a number's exponent is, by adding 1.5 2^mantissa and the exponent's bias.
 */
static EP_INLINE ep_real ep_exp_negative(ep_real x) {
#if EP_MANTISSA_BITS == 23
    const ep_real lowest = -87.0f, shift = 12582912.0f + 127.0f;
    const ep_real ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
#else
    const ep_real lowest = -708.0, shift = 6755399441055744.0 + 1023.0;
    const ep_real ln2_high = 6.93147180369123816490e-1, ln2_low = 1.90821492927058770002e-10;
#endif
    const ep_real inside = x < lowest ? lowest : x;
    ep_pattern power;
    power.value = ep_fma(inside, EP_REAL(1.44269504088896340736), shift);
    const ep_real n = power.value - shift;
    const ep_real r = ep_fma(n, -ln2_low, ep_fma(n, -ln2_high, inside));
#if EP_MANTISSA_BITS == 23 /* Cephes' polynomial */
    ep_real p = 1.9875691500e-4f;
    p = ep_fma(p, r, 1.3981999507e-3f);
    p = ep_fma(p, r, 8.3334519073e-3f);
    p = ep_fma(p, r, 4.1665795894e-2f);
    p = ep_fma(p, r, 1.6666665459e-1f);
    p = ep_fma(p, r, 5.0000001201e-1f);
#else /* 1 / k! */
    ep_real p = 1.0 / 6227020800.0;
    p = ep_fma(p, r, 1.0 / 479001600.0);
    p = ep_fma(p, r, 1.0 / 39916800.0);
    p = ep_fma(p, r, 1.0 / 3628800.0);
    p = ep_fma(p, r, 1.0 / 362880.0);
    p = ep_fma(p, r, 1.0 / 40320.0);
    p = ep_fma(p, r, 1.0 / 5040.0);
    p = ep_fma(p, r, 1.0 / 720.0);
    p = ep_fma(p, r, 1.0 / 120.0);
    p = ep_fma(p, r, 1.0 / 24.0);
    p = ep_fma(p, r, 1.0 / 6.0);
    p = ep_fma(p, r, 0.5);
#endif
    p = ep_fma(p * r, r, r) + EP_REAL(1);
    power.bits <<= EP_MANTISSA_BITS;
    return x < lowest ? EP_REAL(0) : p * power.value;
}

/*! \brief 1 / (1 + exp(-x)). */
static EP_INLINE ep_real ep_sigmoid(ep_real x) {
    const ep_real e = ep_exp_negative(-ep_abs(x));
    return (x < EP_REAL(0) ? e : EP_REAL(1)) / (EP_REAL(1) + e);
}

/*! \brief tanh(x): a polynomial (float64: a quotient of two) in x^2 near 0, by exp(-2 |x|) outside. */
static EP_INLINE ep_real ep_tanh(ep_real x) {
    const ep_real size = ep_abs(x), z = x * x;
#if EP_MANTISSA_BITS == 23
    ep_real p = -5.70498872745e-3f;
    p = ep_fma(p, z, 2.06390887954e-2f);
    p = ep_fma(p, z, -5.37397155531e-2f);
    p = ep_fma(p, z, 1.33314422036e-1f);
    p = ep_fma(p, z, -3.33332819422e-1f);
#else
    ep_real p = -9.64399179425052238628e-1;
    p = ep_fma(p, z, -9.92877231001918586564e1);
    p = ep_fma(p, z, -1.61468768441708447952e3);
    ep_real q = z + 1.12811678491632931402e2;
    q = ep_fma(q, z, 2.23548839060100448583e3);
    q = ep_fma(q, z, 4.84406305325125486048e3);
    p = p / q;
#endif
    const ep_real near = ep_fma(p * z, x, x);
    const ep_real e = ep_exp_negative(EP_REAL(-2) * size);
    const ep_real far = (EP_REAL(1) - e) / (EP_REAL(1) + e);
    const ep_real outside = x < EP_REAL(0) ? -far : far;
    return size < EP_REAL(0.625) ? near : outside;
}

/*! \brief log(1 + x) of 0 <= x <= 1: 2 (s + s^3 / 3 + s^5 / 5 + ...), s = x / (2 + x) <= 1 / 3. */
static EP_INLINE ep_real ep_log1p_fraction(ep_real x) {
    const ep_real s = x / (EP_REAL(2) + x), z = s * s;
#if EP_MANTISSA_BITS == 23
    ep_real p = EP_REAL(1.0 / 15.0);
#else
    ep_real p = 1.0 / 33.0;
    p = ep_fma(p, z, 1.0 / 31.0);
    p = ep_fma(p, z, 1.0 / 29.0);
    p = ep_fma(p, z, 1.0 / 27.0);
    p = ep_fma(p, z, 1.0 / 25.0);
    p = ep_fma(p, z, 1.0 / 23.0);
    p = ep_fma(p, z, 1.0 / 21.0);
    p = ep_fma(p, z, 1.0 / 19.0);
    p = ep_fma(p, z, 1.0 / 17.0);
    p = ep_fma(p, z, 1.0 / 15.0);
#endif
    p = ep_fma(p, z, EP_REAL(1.0 / 13.0));
    p = ep_fma(p, z, EP_REAL(1.0 / 11.0));
    p = ep_fma(p, z, EP_REAL(1.0 / 9.0));
    p = ep_fma(p, z, EP_REAL(1.0 / 7.0));
    p = ep_fma(p, z, EP_REAL(1.0 / 5.0));
    p = ep_fma(p, z, EP_REAL(1.0 / 3.0));
    return EP_REAL(2) * ep_fma(p * z, s, s);
}

#endif
