/*
 * precision_int8.c - 8-bit weights and activations.
 *
 * int8: Jacob et al., CVPR 2018, arXiv:1712.05877 (symmetric, per channel); one activation scale a
 * token as in Yao et al., "ZeroQuant", 2022, arXiv:2206.01861.
 * int8_tensor: torch.quantization.quantize_dynamic, engine qnnpack, with texts scored one at a
 * time; no scale of weights is below the epsilon of PyTorch's observers, 2^-23.
 */
#include "schemes.h"

#include <math.h>

int qg_text_levels(float *scale, float lo, float hi)
{
    lo = lo < 0 ? lo : 0;
    hi = hi > 0 ? hi : 0;
    double s = ((double)hi - (double)lo) / 255;
    if ((float)s == 0 || isinf(1.0f / (float)s))
        s = 0.1;
    double from_low = -(double)lo / s, from_high = 255 - (double)hi / s;
    double z = fabs((double)lo / s) < 255 + fabs((double)hi / s) ? from_low : from_high;
    *scale = (float)s;
    return (int)rint(z < 0 ? 0 : z > 255 ? 255 : z);
}

const qg_precision qg_precision_int8 = {
    .name = "int8",
    .summary =
        "weights max|W_row|/127 per channel, activations max|x|/127 per token, s8 x s8 -> s32",
    .paper = "arXiv:1712.05877, arXiv:2206.01861",
    .format = QG_PANEL_S8,
    .activations = QG_ACTIVATIONS_TOKEN,
    .levels = {.divisor = 127, .lo = -127, .hi = 127},
};

const qg_precision qg_precision_int8_tensor = {
    .name = "int8_tensor",
    .summary =
        "PyTorch quantize_dynamic: weights max|W|/127.5 per tensor, activations affine 8-bit "
        "with one range per text",
    .paper = "PyTorch 1.13, engine qnnpack",
    .format = QG_PANEL_S8,
    .activations = QG_ACTIVATIONS_TEXT,
    .levels = {.divisor = 127.5f,
               .lo = -128,
               .hi = 127,
               .reciprocal = true,
               .whole = true,
               .least = 0x1p-23f},
};
