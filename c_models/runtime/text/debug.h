/*! \file
 *  \brief Messages of an application, as plain text.
 *
 *  This header stands before the official one of this name in builds with the official libraries,
 *  too: there, messages are numbers that only a host with the build's log dictionary can read.
 *  sPyNNaker finds errors and warnings by the words in brackets.
 */
#ifndef EPROP_RUNTIME_DEBUG_H
#define EPROP_RUNTIME_DEBUG_H

#include <spin1_api.h>

#define EPROP_LOG(level, text, ...)                                                                \
    io_printf(IO_BUF, "[" level "] (%s: %d): " text "\n", __FILE_NAME__, __LINE__, ##__VA_ARGS__)

#define log_error(text, ...) EPROP_LOG("ERROR", text, ##__VA_ARGS__)
#define log_warning(text, ...) EPROP_LOG("WARNING", text, ##__VA_ARGS__)
#define log_info(text, ...) EPROP_LOG("INFO", text, ##__VA_ARGS__)

/*! \brief Nothing, unless EPROP_DEBUG is defined. */
#ifdef EPROP_DEBUG
#define log_debug(text, ...) EPROP_LOG("DEBUG", text, ##__VA_ARGS__)
#else
#define log_debug(text, ...) ((void)0)
#endif

#endif
