/* peak__avx512.c - the probes of AVX-512: f32 fma, bytes through 16-bit pairs, memory. */
#include "kernels/peak.h"

#define NAME(probe) qg_probe_##probe##__avx512
#define WIDTH       64
#define REG         "v"

typedef float vecf __attribute__((vector_size(WIDTH)));
typedef int32_t veci __attribute__((vector_size(WIDTH)));

#include "kernels/peak_fma.inc"
#include "kernels/peak_memory.inc"
