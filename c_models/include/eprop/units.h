/*! \file
 *  \brief LSTM and artificial units: a step, its local derivatives, and a step of going back.
 *
 *  Arrays are over the n units of one sequence; those of gates stand one after the other. A
 *  floating-point number system header must be included first.
 *
 *  LSTM (eq. 31 to 36), with the pre-activations a of the gates i, f, g (cell) and o:
 *
 *      i = sigmoid(a_i), f = sigmoid(a_f), g = tanh(a_g), o = sigmoid(a_o)
 *      c^t = f^t c^{t-1} + i^t g^t,   h^t = o^t q^t,   q = c, or tanh(c)
 *
 *  Artificial units (eq. 30): s^t = leak s^{t-1} + a^t, h^t = sigma(s^t); sigma is tanh, the
 *  logistic function or max(0, s), whose derivative at 0 is 0.
 *
 *  Going back (eq. 8, 9; D is what h passes on to the state, o or o (1 - q^2) or sigma'(s)):
 *
 *      delta^t  = dE/dh^t D^t + f^{t+1} delta^{t+1}     with what comes from after the interval
 *      lambda^t = dE/dh^t D^t + f^{t+1} lambda^{t+1}    from the errors of the interval alone
 *
 *  With the local derivatives l = dc^t/da (g i (1 - i), c^{t-1} f (1 - f), i (1 - g^2)) the errors of
 *  pre-activations are delta l, and dE/dh q o (1 - o) of the output gate (eq. 40); what multiplies
 *  u^t = (h^{t-1}, x^t, 1) in the gradient of an eligibility-trace rule is lambda l in their place.
 */
#ifndef EPROP_UNITS_H
#define EPROP_UNITS_H

#include <stdbool.h>
#include <stddef.h>

#include "functions.h"

/*! \brief Kinds of units. */
enum ep_unit_kind { EP_UNIT_LSTM = 0, EP_UNIT_TANH = 1, EP_UNIT_SIGMOID = 2, EP_UNIT_RELU = 3 };

/*! \brief What a step back leaves behind for the gradient; see intervals/rules.py.
 *
 *  NONE: the errors of pre-activations themselves. CARRIED: lambda, and the factors of traces.
 *  TRUNCATED: lambda of the step's own term alone.
 */
enum ep_unit_traces { EP_TRACES_NONE = 0, EP_TRACES_CARRIED = 1, EP_TRACES_TRUNCATED = 2 };

/*! \brief One step of LSTM units.
 *  \param[in] n units
 *  \param[in] tanh_output whether h = o tanh(c)
 *  \param[in,out] gates (4, n) pre-activations; then i, f, g, o
 *  \param[in] before c^{t-1}
 *  \param[out] after c^t
 *  \param[out] squashed tanh(c^t); unused without tanh_output
 *  \param[out] h outputs
 */
static EP_INLINE void ep_lstm_step(size_t n, bool tanh_output, ep_real *restrict gates,
                                   const ep_real *restrict before, ep_real *restrict after,
                                   ep_real *restrict squashed, ep_real *restrict h) {
    ep_real *restrict const gate_f = gates + n, *restrict const gate_g = gates + 2 * n,
                           *restrict const gate_o = gates + 3 * n;
    EP_INDEPENDENT
    for (size_t j = 0; j < n; j++) {
        const ep_real i = ep_sigmoid(gates[j]), f = ep_sigmoid(gate_f[j]), g = ep_tanh(gate_g[j]);
        gates[j] = i;
        gate_f[j] = f;
        gate_g[j] = g;
        after[j] = ep_fma(f, before[j], i * g);
    }
    if (tanh_output) {
        EP_INDEPENDENT
        for (size_t j = 0; j < n; j++) {
            const ep_real o = ep_sigmoid(gate_o[j]), q = ep_tanh(after[j]);
            gate_o[j] = o;
            squashed[j] = q;
            h[j] = o * q;
        }
    } else {
        EP_INDEPENDENT
        for (size_t j = 0; j < n; j++) {
            const ep_real o = ep_sigmoid(gate_o[j]);
            gate_o[j] = o;
            h[j] = o * after[j];
        }
    }
}

/*! \brief One step of artificial units.
 *  \param[in] n units
 *  \param[in] kind tanh, sigmoid or relu
 *  \param[in] leak part of the state that stays
 *  \param[in] a pre-activations
 *  \param[in] before s^{t-1}
 *  \param[out] after s^t
 *  \param[out] h outputs
 */
static EP_INLINE void ep_artificial_step(size_t n, enum ep_unit_kind kind, ep_real leak,
                                         const ep_real *restrict a, const ep_real *restrict before,
                                         ep_real *restrict after, ep_real *restrict h) {
    EP_INDEPENDENT
    for (size_t j = 0; j < n; j++) {
        const ep_real s = ep_fma(leak, before[j], a[j]);
        after[j] = s;
        /* max(0, s) that lets what is not a number through */
        h[j] = kind == EP_UNIT_TANH      ? ep_tanh(s)
               : kind == EP_UNIT_SIGMOID ? ep_sigmoid(s)
               : s < EP_REAL(0)          ? EP_REAL(0)
                                         : s;
    }
}

/*! \brief One step of LSTM units back.
 *  \param[in] n units
 *  \param[in] tanh_output whether h = o tanh(c)
 *  \param[in] traces what the gradient needs
 *  \param[in,out] gates i, f, g, o; then the errors of pre-activations
 *  \param[in] q c^t, or its tanh
 *  \param[in] before c^{t-1}
 *  \param[in] dh dE/dh^t
 *  \param[in,out] delta f^{t+1} delta^{t+1}; then f^t delta^t
 *  \param[in,out] lambda the same of lambda; unused with NONE. With TRUNCATED it becomes 0
 *  \param[in,out] decay product of f^{t'} over t' > t; then with t' = t. With CARRIED alone
 *  \param[out] weighted (4, n) factors of u^t in the gradient; unused with NONE
 *  \param[out] local (3, n) decay l, factors of u^t in the traces at the interval's end; with
 *      CARRIED alone
 */
static EP_INLINE void ep_lstm_back(size_t n, bool tanh_output, enum ep_unit_traces traces,
                                   ep_real *restrict gates, const ep_real *restrict q,
                                   const ep_real *restrict before, const ep_real *restrict dh,
                                   ep_real *restrict delta, ep_real *restrict lambda,
                                   ep_real *restrict decay, ep_real *restrict weighted,
                                   ep_real *restrict local) {
    const ep_real one = EP_REAL(1);
    EP_INDEPENDENT
    for (size_t j = 0; j < n; j++) {
        const ep_real i = gates[j], f = gates[n + j], g = gates[2 * n + j], o = gates[3 * n + j];
        const ep_real output = q[j], error = dh[j];
        const ep_real passed = error * o * (tanh_output ? ep_fma(-output, output, one) : one);
        const ep_real gate_o = error * output * o * (one - o);
        const ep_real l_i = g * i * (one - i), l_f = before[j] * f * (one - f),
                      l_g = i * ep_fma(-g, g, one);
        const ep_real whole = delta[j] + passed;
        gates[j] = whole * l_i;
        gates[n + j] = whole * l_f;
        gates[2 * n + j] = whole * l_g;
        gates[3 * n + j] = gate_o;
        delta[j] = whole * f;
        if (traces != EP_TRACES_NONE) {
            const ep_real direct = lambda[j] + passed;
            weighted[j] = direct * l_i;
            weighted[n + j] = direct * l_f;
            weighted[2 * n + j] = direct * l_g;
            weighted[3 * n + j] = gate_o;
            lambda[j] = traces == EP_TRACES_CARRIED ? direct * f : EP_REAL(0);
        }
        if (traces == EP_TRACES_CARRIED) {
            const ep_real later = decay[j];
            local[j] = later * l_i;
            local[n + j] = later * l_f;
            local[2 * n + j] = later * l_g;
            decay[j] = later * f;
        }
    }
}

/*! \brief One step of artificial units back; parameters as of ep_lstm_back().
 *
 *  eps_ji is the trace of u_i alone, of no unit: it needs no factor but the leak.
 *  \param[in] state s^t
 *  \param[in] h h^t
 *  \param[out] errors of pre-activations
 */
static EP_INLINE void ep_artificial_back(size_t n, enum ep_unit_kind kind, ep_real leak,
                                         enum ep_unit_traces traces, const ep_real *restrict state,
                                         const ep_real *restrict h, const ep_real *restrict dh,
                                         ep_real *restrict errors, ep_real *restrict delta,
                                         ep_real *restrict lambda, ep_real *restrict weighted) {
    const ep_real one = EP_REAL(1);
    EP_INDEPENDENT
    for (size_t j = 0; j < n; j++) {
        const ep_real output = h[j];
        const ep_real slope = kind == EP_UNIT_TANH          ? ep_fma(-output, output, one)
                              : kind == EP_UNIT_SIGMOID     ? output * (one - output)
                              : state[j] > EP_REAL(0)       ? one
                                                            : EP_REAL(0);
        const ep_real passed = dh[j] * slope, whole = delta[j] + passed;
        errors[j] = whole;
        delta[j] = leak * whole;
        if (traces != EP_TRACES_NONE) {
            const ep_real direct = lambda[j] + passed;
            weighted[j] = direct;
            lambda[j] = traces == EP_TRACES_CARRIED ? leak * direct : EP_REAL(0);
        }
    }
}

#endif
