/*! \file
 *  \brief Copying; the compiler calls memcpy() by itself, and what is in compiler.S.
 */
#include "runtime.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
    uchar *target = to;
    const uchar *source = from;
    if ((((uint)target | (uint)source) & 3) == 0)
        for (; bytes >= 4; bytes -= 4) {
            *(uint *)target = *(const uint *)source;
            target += 4;
            source += 4;
        }
    while (bytes-- > 0)
        *target++ = *source++;
    return to;
}

void sark_mem_cpy(void *to, const void *from, uint bytes) {
    memcpy(to, from, bytes);
}

void spin1_memcpy(void *dst, void const *src, uint len) {
    memcpy(dst, src, len);
}
