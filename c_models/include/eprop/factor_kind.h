/*! \file
 *  \brief Postsynaptic factors of an eligibility trace, by number.
 */
#ifndef EPROP_FACTOR_KIND_H
#define EPROP_FACTOR_KIND_H

/*! \brief What multiplies the presynaptic trace. */
enum ep_factor_kind {
    EP_SLOPE = 0,  /*!< the pseudo-derivative h (eq. 23) */
    EP_CLOPATH = 1 /*!< [v - v+]^+ [vhat - v-]^+ (eq. 57) */
};

#endif
