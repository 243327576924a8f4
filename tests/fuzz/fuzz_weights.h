/*
 * fuzz_weights.h - files of weights: all that is accepted can be read.
 */
#ifndef QGRID_FUZZ_WEIGHTS_H
#define QGRID_FUZZ_WEIGHTS_H

#include "fuzz.h"

#include "io/weights_internal.h"

#include <stdlib.h>
#include <string.h>

typedef qg_code fuzz_parser(qg_weights *w, const char *path, const void *data, size_t size);

static inline void fuzz_read_tensors(const qg_weights *w)
{
    static volatile unsigned char sink;
    for (int i = 0; i < w->n; i++) {
        const qg_tensor *t = &w->tensors[i];
        const unsigned char *p = t->data;
        for (size_t k = 0; k < t->bytes; k++)
            sink = (unsigned char)(sink + p[k]);
        FUZZ_CHECK(qg_weights_find(w, t->name) == t);
    }
}

/** Reads bytes behind which nothing may be read. Returns whether they were accepted. */
static inline bool fuzz_weights(fuzz_parser *parse, const uint8_t *data, size_t size)
{
    qg_arena *a = fuzz_arena();
    qg_weights *w = qg_arena_alloc(a, 1, sizeof *w);
    uint8_t *copy = malloc(size ? size : 1);
    FUZZ_CHECK(w && copy);
    memcpy(copy, data, size);
    w->arena = a;
    w->file_count = 1;
    w->files[0] = "fuzz";
    qg_code rc = parse(w, "fuzz", copy, size);
    if (rc == QG_OK)
        rc = qg_weights_seal(w);
    if (rc == QG_OK)
        fuzz_read_tensors(w);
    FUZZ_CHECK(qg_arena_used(a) <= ((size_t)4 << 20) + 512 * size);
    free(copy);
    bool worked = fuzz_worked(rc);
    qg_arena_destroy(a);
    return worked;
}

#endif
