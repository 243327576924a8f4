/*
 * peak.h - probes of what one core can do at most: multiply-adds of each instruction set, memory.
 *
 * A probe lies in peak__<isa>.c (its compiler flags follow the name) and has one line in peak.def.
 * It issues independent multiply-adds from registers and nothing else. Local; no allocation.
 */
#ifndef QG_KERNELS_PEAK_H
#define QG_KERNELS_PEAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct qg_probe {
    const char *name, *isa; /* "fma_f32", "avx512" */
    bool (*supported)(void);
    /** Multiplications and additions done in `rounds` rounds of the loop. */
    double (*run)(int64_t rounds);
} qg_probe;

/** Every probe of peak.def; *n of them. */
const qg_probe *qg_probe_list(int *n);

/* Memory with the vectors of one instruction set; arrays aligned to 64, n a multiple of 64. */
typedef struct qg_memory_probe {
    const char *isa;
    bool (*supported)(void);
    void (*triad)(float *a, const float *b, const float *c, size_t n); /* a = b + 3 c: 12 n bytes */
    float (*read)(const float *a, size_t n);                           /* their sum: 4 n bytes */
} qg_memory_probe;

/** The widest vectors that this processor has. */
const qg_memory_probe *qg_memory_probe_best(void);

#define QG_PROBE(name, isa, test) double qg_probe_##name##__##isa(int64_t rounds);
#include "kernels/peak.def"
#undef QG_PROBE

#define QG_MEMORY_PROBE(isa)                                                                       \
    void qg_probe_triad__##isa(float *a, const float *b, const float *c, size_t n);                \
    float qg_probe_read__##isa(const float *a, size_t n);
QG_MEMORY_PROBE(ref)
QG_MEMORY_PROBE(avx2)
QG_MEMORY_PROBE(avx512)
#undef QG_MEMORY_PROBE

/* 12 independent accumulators hide the latency of every multiply-add there is. */
#define QG_PROBE_12(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
enum { QG_PROBE_CHAINS = 12 };

#endif
