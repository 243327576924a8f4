/*
 * rng.h - random numbers by counter: a draw depends on what it is for, never on who draws it.
 *
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
 * 2011) keyed by SHA-256(seed, purpose); the counter is (stream, draw). Two streams never overlap.
 */
#ifndef QGRID_RNG_H
#define QGRID_RNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct qg_rng {
    uint32_t key[2];
    uint64_t stream; /* what the draws are for: a row, a sample, a step */
    uint64_t block;  /* position in the stream, in blocks of four words */
    uint32_t word[4];
    int have; /* unused words left in `word` */
} qg_rng;

/** Stream number `stream` of the purpose, e.g. qg_rng_make(42, "dataset/smsa/sample", row). Local.
 */
qg_rng qg_rng_make(uint64_t seed, const char *purpose, uint64_t stream);

/** Same key, another stream: cheap, for inner loops. */
qg_rng qg_rng_stream(const qg_rng *r, uint64_t stream);

/** The next 32 and 64 bits of the stream. */
uint32_t qg_rng_u32(qg_rng *r);
uint64_t qg_rng_u64(qg_rng *r);

/** Blocks `block` .. `block + n - 1` of a stream, out[4 * n]: the words that qg_rng_u32 gives, from
 *  anywhere. */
void qg_rng_blocks(uint32_t *out, const qg_rng *r, uint64_t block, size_t n);

/** Uniform in [0, 1), 53 bits. */
double qg_rng_uniform(qg_rng *r);

/** Uniform integer in [0, n), without bias; n > 0. */
uint64_t qg_rng_below(qg_rng *r, uint64_t n);

/** Standard normal by inversion, one uniform draw each. */
double qg_rng_normal(qg_rng *r);

/** Fisher-Yates shuffle of indices. */
void qg_rng_shuffle(qg_rng *r, int64_t *index, int64_t n);

#endif
