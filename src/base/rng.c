/*
 * rng.c - Philox streams on Random123, normal deviates by GSL's inverse CDF.
 */
#include "qgrid/rng.h"

#include "qgrid/file.h"
#include "qgrid/library.h"

#include <Random123/philox.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_version.h>
#include <stdlib.h>
#include <string.h>

qg_rng qg_rng_make(uint64_t seed, const char *purpose, uint64_t stream)
{
    char hex[QG_SHA256_HEX], half[9] = {0};
    qg_sha256 h;
    qg_rng r = {.stream = stream};
    qg_sha256_init(&h);
    qg_sha256_add(&h, &seed, sizeof seed);
    qg_sha256_add_text(&h, purpose);
    qg_sha256_final(&h, hex);
    for (int i = 0; i < 2; i++) {
        memcpy(half, hex + 8 * i, 8);
        r.key[i] = (uint32_t)strtoul(half, NULL, 16);
    }
    return r;
}

qg_rng qg_rng_stream(const qg_rng *r, uint64_t stream)
{
    return (qg_rng){.key = {r->key[0], r->key[1]}, .stream = stream};
}

void qg_rng_blocks(uint32_t *out, const qg_rng *r, uint64_t block, size_t n)
{
    philox4x32_key_t k = {{r->key[0], r->key[1]}};
    for (size_t i = 0; i < n; i++, block++) {
        philox4x32_ctr_t c = {{(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)r->stream,
                               (uint32_t)(r->stream >> 32)}};
        philox4x32_ctr_t w = philox4x32(c, k);
        memcpy(out + 4 * i, w.v, sizeof w.v);
    }
}

uint32_t qg_rng_u32(qg_rng *r)
{
    if (r->have == 0) {
        qg_rng_blocks(r->word, r, r->block++, 1);
        r->have = 4;
    }
    return r->word[4 - r->have--];
}

uint64_t qg_rng_u64(qg_rng *r)
{
    uint64_t lo = qg_rng_u32(r);
    return lo | (uint64_t)qg_rng_u32(r) << 32;
}

double qg_rng_uniform(qg_rng *r)
{
    return (double)(qg_rng_u64(r) >> 11) * 0x1p-53;
}

uint64_t qg_rng_below(qg_rng *r, uint64_t n)
{
    /* Values in the incomplete last interval are drawn again. */
    uint64_t limit = UINT64_MAX - UINT64_MAX % n;
    uint64_t v;
    do
        v = qg_rng_u64(r);
    while (v >= limit);
    return v % n;
}

double qg_rng_normal(qg_rng *r)
{
    return gsl_cdf_ugaussian_Pinv(((double)(qg_rng_u64(r) >> 11) + 0.5) * 0x1p-53);
}

void qg_rng_shuffle(qg_rng *r, int64_t *index, int64_t n)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)qg_rng_below(r, (uint64_t)i + 1);
        int64_t t = index[i];
        index[i] = index[j];
        index[j] = t;
    }
}

qg_library qg_gsl_library(void)
{
    return (qg_library){"GSL", GSL_VERSION, gsl_version};
}
