/*
 * fuzz_safetensors.c - safetensors files in memory.
 */
#include "fuzz_weights.h"

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    fuzz_weights(qg_safetensors_parse, data, size);
    return 0;
}
