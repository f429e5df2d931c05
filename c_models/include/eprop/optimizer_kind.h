/*! \file
 *  \brief The optimisers, by number.
 */
#ifndef EPROP_OPTIMIZER_KIND_H
#define EPROP_OPTIMIZER_KIND_H

/*! \brief The optimisers.
 *
 *  EP_OUTSIDE: what has gradients, but no step of these kernels; in the host engine only.
 */
enum ep_optimizer_kind { EP_NONE = 0, EP_SGD = 1, EP_ADAM = 2, EP_OUTSIDE = 3 };

#endif
