/*
 * explain_key.c - the name of a text in random streams, and seeds of explanations made again.
 */
#include "qgrid/method.h"

#include "qgrid/file.h"
#include "qgrid/rng.h"

#include <stdlib.h>

uint64_t qg_explain_key(const int32_t *ids, int64_t n)
{
    char hex[QG_SHA256_HEX];
    qg_sha256_bytes(hex, ids, (size_t)n * sizeof *ids);
    hex[16] = 0;
    return strtoull(hex, NULL, 16);
}

uint64_t qg_explain_repeat_seed(uint64_t seed, int repeat)
{
    qg_rng r = qg_rng_make(seed, "explain/repeat", (uint64_t)repeat);
    return qg_rng_u64(&r);
}
