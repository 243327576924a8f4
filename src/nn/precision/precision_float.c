/*
 * precision_float.c - fp32, fp16, bf16: every parameter rounded, as PyTorch's model.half() does,
 * and arithmetic in f32; bf16_a16: weights and inputs of Linear layers, for the processor's
 * bfloat16 products.
 */
#include "schemes.h"

#include "qgrid/tensor.h"

#include <string.h>

static void keep(void *codes, float *scales, const float *w, int n, int k, int group)
{
    (void)scales;
    (void)group;
    memcpy(codes, w, (size_t)n * (size_t)k * sizeof *w);
}

static void to_f16(void *codes, float *scales, const float *w, int n, int k, int group)
{
    uint16_t *c = codes;
    (void)scales;
    (void)group;
    for (size_t i = 0; i < (size_t)n * (size_t)k; i++)
        c[i] = qg_f32_to_f16(w[i]);
}

static void to_bf16(void *codes, float *scales, const float *w, int n, int k, int group)
{
    uint16_t *c = codes;
    (void)scales;
    (void)group;
    for (size_t i = 0; i < (size_t)n * (size_t)k; i++)
        c[i] = qg_f32_to_bf16(w[i]);
}

const qg_precision qg_precision_fp32 = {
    .name = "fp32",
    .summary = "32-bit weights and arithmetic",
    .is_reference = true,
    .format = QG_PANEL_F32,
    .quantize = keep,
};

const qg_precision qg_precision_fp16 = {
    .name = "fp16",
    .summary = "every parameter rounded to binary16 (nearest even), arithmetic in 32 bit",
    .format = QG_PANEL_F16,
    .others = QG_EMBED_FP16,
    .quantize = to_f16,
};

const qg_precision qg_precision_bf16 = {
    .name = "bf16",
    .summary = "every parameter rounded to bfloat16 (nearest even), arithmetic in 32 bit",
    .format = QG_PANEL_BF16,
    .others = QG_EMBED_BF16,
    .quantize = to_bf16,
};

const qg_precision qg_precision_bf16_a16 = {
    .name = "bf16_a16",
    .summary = "Linear weights and inputs rounded to bfloat16 (nearest even), sums in 32 bit",
    .paper = "arXiv:1905.12322",
    .format = QG_PANEL_BF16_PAIRS,
    .activations = QG_ACTIVATIONS_BF16,
    .quantize = to_bf16,
};
