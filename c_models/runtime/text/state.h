/*! \file
 *  \brief For the official headers, before anything else: this source is compiled to Thumb code.
 */
#if defined(__thumb__) && !defined(THUMB)
#define THUMB
#endif
