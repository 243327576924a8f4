/*
 * fuzz_packed.c - packed folders: qgrid.json, config.json and model.safetensors one behind the
 * other, the lengths of the first two in front of them (4 bytes each, little endian), with good
 * checksums whatever they say. A folder that is opened computes logits.
 */
#include "fuzz.h"

#include "qgrid/file.h"
#include "qgrid/model.h"
#include "qgrid/packed.h"
#include "qgrid/seal.h"

#include <stdlib.h>
#include <string.h>

static size_t length(const uint8_t *at, size_t most)
{
    size_t n = (size_t)at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
    return n < most ? n : most;
}

_Static_assert(QG_PACK_FORMAT < 10, "one digit");

/* Of this version's format, so that files of the corpus stay of use. */
static void write_manifest(const uint8_t *data, size_t size)
{
    static const char start[] = "{\n  \"format\": ";
    size_t n = sizeof start - 1;
    char *copy = malloc(size + 1);
    FUZZ_CHECK(copy);
    memcpy(copy, data, size);
    if (size > n && memcmp(copy, start, n) == 0)
        copy[n] = (char)('0' + QG_PACK_FORMAT);
    fuzz_write("packed/qgrid.json", copy, size);
    free(copy);
}

static void use(qg_model *m)
{
    const qg_config *c = qg_model_config(m);
    int n;
    FUZZ_CHECK(qg_model_layer_errors(m, &n) != NULL || n == 0);
    FUZZ_CHECK(qg_model_precision(m) && c->classes > 0);
    if (c->hidden > 256 || c->layers > 8 || c->ffn > 1024) /* right, and slow */
        return;
    const int32_t ids[] = {0, c->vocab - 1, c->vocab / 2}, splits[] = {0, 1, 3};
    qg_batch batch = {.B = 2, .ids = ids, .splits = splits};
    qg_arena *a = fuzz_arena();
    float *logits = qg_arena_alloc(a, 2 * (size_t)c->classes, sizeof *logits);
    FUZZ_CHECK(logits);
    if (c->positions >= 2)
        (void)fuzz_worked(qg_model_forward(logits, m, &batch, NULL));
    qg_arena_destroy(a);
}

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    qg_model *m;
    if (size < 8)
        return 0;
    const uint8_t *at = data + 8;
    size_t left = size - 8, manifest = length(data, left),
           config = length(data + 4, left - manifest);
    FUZZ_CHECK(qg_mkdirs(fuzz_path("packed")) == QG_OK);
    write_manifest(at, manifest);
    fuzz_write("packed/config.json", at + manifest, config);
    fuzz_write("packed/model.safetensors", at + manifest + config, left - manifest - config);
    FUZZ_CHECK(qg_seal_write(fuzz_path("packed")) == QG_OK);
    if (fuzz_worked(qg_model_open(&m, fuzz_path("packed")))) {
        use(m);
        qg_model_close(m);
    }
    return 0;
}
