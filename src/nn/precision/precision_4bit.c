/*
 * precision_4bit.c - 4-bit weights, two a byte.
 *
 * int4*: symmetric, scale = max|.| / 7 over the tensor or over groups along the input dimension.
 * nf4: Dettmers et al., "QLoRA", 2023, arXiv:2305.14314: quantiles of the normal distribution times
 * the largest magnitude of blocks of 64 of the row-major matrix.
 */
#include "schemes.h"

#include <math.h>

enum { NF4_BLOCK = 64, NF4_MIDDLES = 15 };

static int gcd(int a, int b)
{
    return b ? gcd(b, a % b) : a;
}

static int whole_row(int k)
{
    return k;
}

static int groups_of_32(int k)
{
    (void)k;
    return 32;
}

static int groups_of_128(int k)
{
    (void)k;
    return 128;
}

/* Blocks of the flattened matrix may run over the end of a row: a divisor of both lengths never
 * does, at the price of repeating a block's scale. */
static int parts_of_blocks(int k)
{
    return gcd(k, NF4_BLOCK);
}

/* The largest float not above the middle of levels i and i + 1: a float is above the middle, which
 * is a double, exactly when it is above this. */
static void middles(float out[NF4_MIDDLES])
{
    for (int i = 0; i < NF4_MIDDLES; i++) {
        double middle = ((double)qg_nf4_levels[i] + (double)qg_nf4_levels[i + 1]) / 2;
        float f = (float)middle;
        out[i] = (double)f > middle ? nextafterf(f, -1) : f;
    }
}

/* n <= NF4_BLOCK values of one scale; middles outside, so that values go through vectors. */
static void block_codes(uint8_t *codes, const float *w, size_t n, float most,
                        const float middle[NF4_MIDDLES])
{
    float x[NF4_BLOCK];
    int32_t code[NF4_BLOCK] = {0};
    for (size_t i = 0; i < n; i++)
        x[i] = most > 0 ? w[i] / most : 0.0f;
    for (int m = 0; m < NF4_MIDDLES; m++)
        for (size_t i = 0; i < n; i++)
            code[i] += x[i] > middle[m];
    for (size_t i = 0; i < n; i++)
        codes[i] = (uint8_t)code[i];
}

static void normal_quantiles(void *codes, float *scales, const float *w, int n, int k, int group)
{
    const qg_kernels *kernels = qg_kernels_get(NULL);
    uint8_t *c = codes;
    float middle[NF4_MIDDLES];
    size_t count = (size_t)n * (size_t)k;
    middles(middle);
    for (size_t b = 0; b < count; b += NF4_BLOCK) {
        size_t end = b + NF4_BLOCK < count ? b + NF4_BLOCK : count;
        float most = kernels->absmax(w + b, (int)(end - b));
        block_codes(c + b, w + b, end - b, most, middle);
        for (size_t i = b; i < end; i += (size_t)group)
            scales[i / (size_t)group] = most;
    }
}

#define QG_INT4(id, text, group_fn, matrix, acts)                                                  \
    const qg_precision qg_precision_##id = {                                                       \
        .name = #id,                                                                               \
        .summary = text,                                                                           \
        .paper = "arXiv:2206.01861",                                                               \
        .format = QG_PANEL_S4,                                                                     \
        .activations = acts,                                                                       \
        .group = group_fn,                                                                         \
        .levels = {.divisor = 7, .lo = -8, .hi = 7, .whole = matrix},                              \
    };

QG_INT4(int4, "weights max|W|/7 per tensor, arithmetic in 32 bit", whole_row, true,
        QG_ACTIVATIONS_FLOAT)
QG_INT4(int4_g32, "weights max|.|/7 per 32 inputs, arithmetic in 32 bit", groups_of_32, false,
        QG_ACTIVATIONS_FLOAT)
QG_INT4(int4_g128, "weights max|.|/7 per 128 inputs, arithmetic in 32 bit", groups_of_128, false,
        QG_ACTIVATIONS_FLOAT)
QG_INT4(int4_g32_a8, "weights max|.|/7 per 32 inputs, activations max|x|/127 per token",
        groups_of_32, false, QG_ACTIVATIONS_TOKEN)
QG_INT4(int4_g128_a8, "weights max|.|/7 per 128 inputs, activations max|x|/127 per token",
        groups_of_128, false, QG_ACTIVATIONS_TOKEN)

const qg_precision qg_precision_nf4 = {
    .name = "nf4",
    .summary = "16 normal quantiles times max|.| of blocks of 64, arithmetic in 32 bit",
    .paper = "arXiv:2305.14314",
    .format = QG_PANEL_NF4,
    .group = parts_of_blocks,
    .quantize = normal_quantiles,
};
