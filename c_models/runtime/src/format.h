/*! \file
 *  \brief Numbers as text.
 */
#ifndef EPROP_RUNTIME_FORMAT_H
#define EPROP_RUNTIME_FORMAT_H

#include <stdarg.h>

#include "spinnaker.h"

/*! \brief Where characters go. */
typedef void (*rt_put)(char character);

/*! \brief Write a text with values in it; see io_printf. */
void rt_format(rt_put put, const char *format, va_list values);

#endif
