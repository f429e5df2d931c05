/*! \file
 *  \brief Hints to the processor about memory that will soon be needed; without effect on results.
 */
#ifndef EPROP_FETCH_H
#define EPROP_FETCH_H

/*! \brief Asks for the memory at an address, which will be read, or read and written. */
#if defined(__GNUC__)
#define EP_FETCH(address) __builtin_prefetch(address)
#define EP_FETCH_TO_WRITE(address) __builtin_prefetch((address), 1, 2)
#else
#define EP_FETCH(address) ((void)(address))
#define EP_FETCH_TO_WRITE(address) ((void)(address))
#endif

#endif
