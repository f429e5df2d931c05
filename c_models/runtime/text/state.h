/*! \file
 *  \brief Tells the official headers, before anything else, that a source is compiled to Thumb code.
 */
#if defined(__thumb__) && !defined(THUMB)
#define THUMB
#endif
