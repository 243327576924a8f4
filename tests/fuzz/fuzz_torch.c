/*
 * fuzz_torch.c - pytorch_model.bin, zip and legacy, in memory; once more without the checksums of
 * the zip, which would keep changes from what is behind them.
 */
#include "fuzz_weights.h"

static void forget_checksums(uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 20 <= size; i++)
        if (memcmp(data + i, "PK\1\2", 4) == 0)
            memset(data + i + 16, 0, 4);
}

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    if (fuzz_weights(qg_torch_parse, data, size))
        return 0;
    uint8_t *copy = malloc(size ? size : 1);
    FUZZ_CHECK(copy);
    memcpy(copy, data, size);
    forget_checksums(copy, size);
    if (memcmp(copy, data, size) != 0)
        fuzz_weights(qg_torch_parse, copy, size);
    free(copy);
    return 0;
}
