/*! \file
 *  \brief The builds that the engine and the machine of learning in intervals have each: one for any
 *  processor, and those for x86 processors with AVX2 and FMA, or with AVX-512.
 */
#ifndef EPROP_HOST_INSTRUCTION_SET_H
#define EPROP_HOST_INSTRUCTION_SET_H

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define EPROP_HAS_X86 1
#endif

enum instruction_set { GENERIC, AVX2, AVX512 };

/*! \brief The last build that this processor runs; EPROP_ISA=generic or avx2 keeps to less. */
static inline enum instruction_set instruction_set(void) {
#ifdef EPROP_HAS_X86
    const char *const choice = getenv("EPROP_ISA");
    if (choice != NULL && strcmp(choice, "generic") == 0)
        return GENERIC;
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return GENERIC;
    if (choice != NULL && strcmp(choice, "avx2") == 0)
        return AVX2;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
               ? AVX512
               : AVX2;
#else
    return GENERIC;
#endif
}

/*! \brief Its name: "generic", "avx2" or "avx512". */
static inline const char *instruction_set_name(void) {
    static const char *const names[] = {"generic", "avx2", "avx512"};
    return names[instruction_set()];
}

#endif
