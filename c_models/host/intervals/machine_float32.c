/*! \file
 *  \brief The machine in float32 for any processor.
 */
#include "eprop/number_float32.h"

#ifndef IV_CORE /* avx2.h and avx512.h name others */
#define IV_CORE iv_core_float32
#endif
#include "core.h"
