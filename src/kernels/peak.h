/*
 * peak.h - what the files of probes share: their declarations and the loop's width.
 */
#ifndef QGRID_KERNELS_PEAK_H
#define QGRID_KERNELS_PEAK_H

#include "qgrid/probe.h"

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
