/*
 * cpu_other.c - processors that are not x86-64: the reference kernels alone.
 */
#include "kernels/impl.h"

#if !defined(__x86_64__)
bool qg_cpu_any(void)
{
    return true;
}

#define ABSENT(test)                                                                               \
    bool test(void)                                                                                \
    {                                                                                              \
        return false;                                                                              \
    }
ABSENT(qg_cpu_avx2)
ABSENT(qg_cpu_avx512)
ABSENT(qg_cpu_avxvnni)
ABSENT(qg_cpu_avx512vnni)
ABSENT(qg_cpu_avx512bf16)
ABSENT(qg_cpu_amx)

const char *qg_cpu_features(void)
{
    return "";
}

const char *qg_cpu_name(void)
{
    return "unknown";
}
#endif
