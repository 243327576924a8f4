/*
 * probe.h - probes of what one core can do at most: multiply-adds of each instruction set, memory.
 *
 * A probe lies in peak__<isa>.c (its compiler flags follow the name) and has one line in peak.def.
 * It issues independent multiply-adds from registers and nothing else. Local; no allocation.
 */
#ifndef QGRID_PROBE_H
#define QGRID_PROBE_H

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

#endif
