/*! \file
 *  \brief Heaps: the first free block that is large enough.
 *
 *  The layout is shared: the monitor gives back what an application has left, by walking over the
 *  blocks of a heap and comparing the application's number.
 */
#include "runtime.h"

#define IN_USE 0xffff0000u

/* from the linker script */
extern heap_t HEAP_LOW;
extern block_t HEAP_FIRST;
extern block_t HEAP_END;

/*! \brief Bytes of a block and what follows it up to the next. */
static uint size_of(const block_t *block) {
    return (uint)block->next - (uint)block;
}

/*! \brief The last block of a heap has no size: it marks the end. */
static bool is_end(const block_t *block) {
    return block->next == NULL;
}

/*! \brief Cut a block that is larger than needed; the rest stays free. */
static block_t *cut(block_t *block, uint size) {
    if (size_of(block) - size <= sizeof(block_t))
        return block->free;
    block_t *const rest = (block_t *)((uint)block + size);
    rest->next = block->next;
    rest->free = block->free;
    block->next = rest;
    return rest;
}

static void *take(heap_t *heap, uint size, uint mark) {
    for (block_t **link = &heap->free; *link != NULL; link = &(*link)->free) {
        block_t *const block = *link;
        if (is_end(block) || size_of(block) < size)
            continue;
        *link = cut(block, size);
        heap->free_bytes -= size_of(block);
        block->free = (block_t *)mark;
        return block + 1;
    }
    return NULL;
}

void *sark_xalloc(heap_t *heap, uint size, uint tag, uint flags) {
    const uint whole = ((size + 3) & ~3u) + sizeof(block_t);
    if (size == 0 || whole < size || tag != 0)
        return NULL;
    const uint application = flags & ALLOC_ID ? flags >> 8 & 0xff : rt_core.application;
    const uint mark = IN_USE | application << 8;
    if (!(flags & ALLOC_LOCK))
        return take(heap, whole, mark);
    const uint mode = rt_lock(LOCK_HEAP);
    void *const memory = take(heap, whole, mark);
    rt_unlock(LOCK_HEAP, mode);
    return memory;
}

/*! \brief Make one of a free block and the free block behind it, if they touch. */
static void join(block_t *block) {
    block_t *const behind = block->free;
    if (behind == NULL || block->next != behind || is_end(behind))
        return;
    block->next = behind->next;
    block->free = behind->free;
}

static void give(heap_t *heap, block_t *block) {
    heap->free_bytes += size_of(block);
    block_t *before = NULL;
    block_t *behind = heap->free;
    while (behind != NULL && behind < block) {
        before = behind;
        behind = behind->free;
    }
    block->free = behind;
    if (before == NULL)
        heap->free = block;
    else
        before->free = block;
    join(block);
    if (before != NULL)
        join(before);
}

void sark_xfree(heap_t *heap, void *memory, uint flags) {
    if (memory == NULL)
        rt_error(RTE_NULL);
    if (!(flags & ALLOC_LOCK)) {
        give(heap, (block_t *)memory - 1);
        return;
    }
    const uint mode = rt_lock(LOCK_HEAP);
    give(heap, (block_t *)memory - 1);
    rt_unlock(LOCK_HEAP, mode);
}

uint sark_heap_max(heap_t *heap, uint flags) {
    uint most = 0;
    const uint mode = flags & ALLOC_LOCK ? rt_lock(LOCK_HEAP) : 0;
    for (const block_t *block = heap->free; block != NULL; block = block->free)
        if (!is_end(block) && size_of(block) - sizeof(block_t) > most)
            most = size_of(block) - sizeof(block_t);
    if (flags & ALLOC_LOCK)
        rt_unlock(LOCK_HEAP, mode);
    return most;
}

/*! \brief Make one free block of the DTCM between the program's data and its stacks. */
void rt_heap_start(void) {
    heap_t *const heap = &HEAP_LOW;
    block_t *const whole = &HEAP_FIRST;
    block_t *const end = &HEAP_END;
    whole->next = end;
    whole->free = NULL;
    end->next = end->free = NULL;
    heap->free = heap->first = whole;
    heap->last = end;
    heap->free_bytes = size_of(whole) - sizeof(block_t);
    rt_core.heap = heap;
}

void *sark_alloc(uint count, uint size) {
    const uint mode = spin1_int_disable();
    void *const memory = sark_xalloc(rt_core.heap, count * size, 0, 0);
    spin1_mode_restore(mode);
    return memory;
}

void sark_free(void *memory) {
    const uint mode = spin1_int_disable();
    sark_xfree(rt_core.heap, memory, 0);
    spin1_mode_restore(mode);
}
