/* peak__avx2.c - the probes of AVX2: f32 fma, bytes through 16-bit pairs, memory. */
#include "kernels/peak.h"

#define NAME(probe) qg_probe_##probe##__avx2
#define WIDTH       32
#define REG         "x"

typedef float vecf __attribute__((vector_size(WIDTH)));
typedef int32_t veci __attribute__((vector_size(WIDTH)));

#include "kernels/peak_fma.inc"
#include "kernels/peak_memory.inc"
