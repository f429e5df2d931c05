/*! \file
 *  \brief A pool of threads that share the indices of a loop.
 *
 *  Every index is handled once, by some thread; what it computes must not depend on which, so
 *  that results are the same for any number of threads. Indices are begun in their order.
 */
#ifndef EPROP_THREADS_POOL_H
#define EPROP_THREADS_POOL_H

#include <stddef.h>

typedef struct thread_pool thread_pool;

/*! \brief Body of a loop. \param[in] thread 0 .. threads - 1, for scratch memory */
typedef void (*thread_body)(void *context, size_t index, size_t thread);

/*! \brief Start a pool; the caller is one of its threads. NULL: no memory. A pool whose threads
 *  cannot be started has fewer, at least the caller.
 */
thread_pool *thread_pool_start(size_t threads);

/*! \brief Stop the threads and free the pool; NULL is allowed. */
void thread_pool_stop(thread_pool *pool);

/*! \brief In a body: wait until a counter has a value, which bodies of lower indices give it. */
void thread_pool_await(thread_pool *pool, const size_t *counter, size_t value);

/*! \brief In a body: give a counter its next value. What was written before is seen by a body that
 *  waited for it.
 */
void thread_pool_count(thread_pool *pool, size_t *counter);

/*! \brief Run body for index 0 .. count - 1, and return when all are done. */
void thread_pool_run(thread_pool *pool, size_t count, thread_body body, void *context);

#endif
