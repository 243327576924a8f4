/*
 * peak.c - the table of probes, which of them this processor can run, and the memory probes.
 */
#include "kernels/peak.h"

#include "kernels/impl.h"

static const qg_probe probes[] = {
#define QG_PROBE(name, isa, test) {#name, #isa, test, qg_probe_##name##__##isa},
#include "kernels/peak.def"
#undef QG_PROBE
    {NULL, NULL, NULL, NULL},
};

#define ROW(isa, test)                                                                             \
    {                                                                                              \
#isa, test, qg_probe_triad__##isa, qg_probe_read__##isa                                    \
    }
static const qg_memory_probe memory_probes[] = {
#if defined(__x86_64__)
    ROW(avx512, qg_cpu_avx512),
    ROW(avx2, qg_cpu_avx2),
#endif
    ROW(ref, qg_cpu_any),
};
#undef ROW

const qg_probe *qg_probe_list(int *n)
{
    *n = (int)(sizeof probes / sizeof probes[0]) - 1;
    return probes;
}

const qg_memory_probe *qg_memory_probe_best(void)
{
    const qg_memory_probe *p = memory_probes;
    while (!p->supported())
        p++;
    return p;
}

#define NAME(probe) qg_probe_##probe##__ref
#define WIDTH       16
#include "kernels/peak_memory.inc"
