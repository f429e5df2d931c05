/*! \file
 *  \brief Types of applications, by the names of the official header.
 */
#ifndef EPROP_RUNTIME_COMMON_TYPEDEFS_H
#define EPROP_RUNTIME_COMMON_TYPEDEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t *address_t;
typedef uint32_t index_t;
typedef uint32_t counter_t;
typedef uint32_t timer_t;

/*! \brief Keeps the compiler quiet about an argument that is not used. */
#ifndef use
#define use(x) ((void)(x))
#endif

#endif
