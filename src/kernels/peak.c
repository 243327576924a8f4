/*
 * peak.c - the table of probes, which of them this processor can run, and the memory probes.
 */
#include "kernels/peak.h"

#include "kernels/impl.h"

#include <cpuid.h>

/* A bit of cpuid(7, subleaf), register 0..3 = eax ebx ecx edx. */
static bool leaf7(uint32_t subleaf, int reg, int bit)
{
    uint32_t r[4] = {0};
    return __get_cpuid_count(7, subleaf, &r[0], &r[1], &r[2], &r[3]) && (r[reg] >> bit & 1);
}

static bool has_avxvnni(void)
{
    return qg_cpu_avx2() && leaf7(1, 0, 4);
}

static bool has_avx512bf16(void)
{
    return qg_cpu_avx512() && leaf7(1, 0, 5);
}

static const qg_probe probes[] = {
#define QG_PROBE(name, isa, test) {#name, #isa, test, qg_probe_##name##__##isa},
#include "kernels/peak.def"
#undef QG_PROBE
};

const qg_probe *qg_probe_list(int *n)
{
    *n = (int)(sizeof probes / sizeof probes[0]);
    return probes;
}

const qg_memory_probe *qg_memory_probe_best(void)
{
#define ROW(isa, test)                                                                             \
    {                                                                                              \
#isa, test, qg_probe_triad__##isa, qg_probe_read__##isa                                    \
    }
    static const qg_memory_probe rows[] = {
        ROW(avx512, qg_cpu_avx512),
        ROW(avx2, qg_cpu_avx2),
        ROW(ref, qg_cpu_any),
    };
#undef ROW
    const qg_memory_probe *p = rows;
    while (!p->supported())
        p++;
    return p;
}

#define NAME(probe) qg_probe_##probe##__ref
#define WIDTH       16
#include "kernels/peak_memory.inc"
