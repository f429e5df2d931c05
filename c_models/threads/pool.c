/*! \file
 *  \brief The thread pool, on POSIX threads.
 */
#include "pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct thread_pool {
    pthread_mutex_t lock;
    pthread_cond_t work, done, counted;
    pthread_t *threads;
    size_t started;     /* threads beside the caller */
    size_t number_next; /* number of the next thread to come up */
    size_t round;       /* counts the loops, so that each thread joins each loop once */
    size_t busy;        /* threads that have not finished the round */
    size_t next, count; /* indices of the loop */
    thread_body body;
    void *context;
    bool stop;
};

static void share(thread_pool *pool, size_t thread) {
    for (;;) {
        pthread_mutex_lock(&pool->lock);
        const size_t index = pool->next < pool->count ? pool->next++ : pool->count;
        const bool finished = index >= pool->count;
        pthread_mutex_unlock(&pool->lock);
        if (finished)
            return;
        pool->body(pool->context, index, thread);
    }
}

static void *serve(void *argument) {
    thread_pool *const pool = argument;
    pthread_mutex_lock(&pool->lock);
    const size_t thread = ++pool->number_next;
    size_t seen = 0;
    for (;;) {
        while (!pool->stop && pool->round == seen)
            pthread_cond_wait(&pool->work, &pool->lock);
        if (pool->stop)
            break;
        seen = pool->round;
        pthread_mutex_unlock(&pool->lock);
        share(pool, thread);
        pthread_mutex_lock(&pool->lock);
        if (--pool->busy == 0)
            pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

thread_pool *thread_pool_start(size_t threads) {
    thread_pool *const pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    pthread_cond_init(&pool->counted, NULL);
    if (threads > 1)
        pool->threads = calloc(threads - 1, sizeof *pool->threads);
    while (pool->threads != NULL && pool->started + 1 < threads &&
           pthread_create(&pool->threads[pool->started], NULL, serve, pool) == 0)
        pool->started++;
    return pool;
}

void thread_pool_stop(thread_pool *pool) {
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->started; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->counted);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    free(pool);
}

void thread_pool_await(thread_pool *pool, const size_t *counter, size_t value) {
    pthread_mutex_lock(&pool->lock);
    while (*counter != value)
        pthread_cond_wait(&pool->counted, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void thread_pool_count(thread_pool *pool, size_t *counter) {
    pthread_mutex_lock(&pool->lock);
    ++*counter;
    pthread_cond_broadcast(&pool->counted);
    pthread_mutex_unlock(&pool->lock);
}

void thread_pool_run(thread_pool *pool, size_t count, thread_body body, void *context) {
    if (pool->started == 0 || count < 2) {
        for (size_t index = 0; index < count; index++)
            body(context, index, 0);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->body = body;
    pool->context = context;
    pool->next = 0;
    pool->count = count;
    pool->busy = pool->started;
    pool->round++;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    share(pool, 0);
    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}
