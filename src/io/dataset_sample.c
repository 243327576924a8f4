/*
 * dataset_sample.c - random rows: those with the smallest draws.
 *
 * A row's draw depends on the seed and on its record number in the file only: not on the dataset's
 * name, the size of the sample or the other rows. So a smaller sample is part of a larger one.
 */
#include "io/dataset_rows.h"

#include "qgrid/rng.h"

#include <math.h>
#include <stdlib.h>

typedef struct draw {
    uint64_t value;
    int64_t row;
} draw;

static int by_value(const void *pa, const void *pb)
{
    const draw *a = pa, *b = pb;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static qg_code fail_sample(const qg_dataset_spec *spec, const char *key, int64_t want, int64_t have,
                           const char *of)
{
    char field[96] = "sample";
    if (spec->sample)
        qg_json_pointer(field, sizeof field, spec->sample);
    return QG_FAIL_AT(QG_EJOB, spec->path, 0, 0, field, "%s: %lld rows are wanted, %s has %lld",
                      key, (long long)want, of, (long long)have);
}

static int64_t wanted_rows(const qg_dataset_spec *spec, int64_t n)
{
    if (spec->sampling.count > 0)
        return spec->sampling.count;
    int64_t k = (int64_t)floor(spec->sampling.fraction * (double)n + 0.5);
    return k < 1 ? 1 : k;
}

/* The `want` rows of a class (-1: of all) with the smallest draws. */
static void take(uint8_t *keep, const draw *d, const qg_row *row, int64_t n, int32_t label,
                 int64_t want)
{
    for (int64_t i = 0; i < n && want > 0; i++) {
        if (label >= 0 && row[d[i].row].label != label)
            continue;
        keep[d[i].row] = 1;
        want--;
    }
}

static qg_code take_per_class(uint8_t *keep, int64_t *chosen, const draw *d,
                              const qg_dataset_spec *spec, const char *const *labels,
                              const qg_row *row, int64_t n)
{
    char of[96];
    for (int32_t c = 0; labels[c]; c++) {
        int64_t have = 0;
        for (int64_t i = 0; i < n; i++)
            have += row[i].label == c;
        snprintf(of, sizeof of, "class '%.60s'", labels[c]);
        if (have < spec->sampling.per_class)
            return fail_sample(spec, "per_class", spec->sampling.per_class, have, of);
        take(keep, d, row, n, c, spec->sampling.per_class);
        *chosen += spec->sampling.per_class;
    }
    return QG_OK;
}

qg_code qg_rows_sample(uint8_t **keep, int64_t *chosen, qg_arena *a, const qg_dataset_spec *spec,
                       const char *const *labels, const qg_row *row, int64_t n)
{
    draw *d;
    QG_NEW(*keep, a, n);
    qg_mark start = qg_arena_mark(a);
    QG_NEW(d, a, n);
    qg_rng key = qg_rng_make((uint64_t)spec->sampling.seed, "dataset/sample", 0);
    for (int64_t i = 0; i < n; i++) {
        qg_rng r = qg_rng_stream(&key, (uint64_t)row[i].record);
        d[i] = (draw){qg_rng_u64(&r), i};
    }
    qsort(d, (size_t)n, sizeof *d, by_value);
    *chosen = 0;
    if (spec->sampling.per_class > 0) {
        QG_TRY(take_per_class(*keep, chosen, d, spec, labels, row, n));
    } else {
        *chosen = wanted_rows(spec, n);
        if (*chosen > n)
            return fail_sample(spec, "count", *chosen, n, "the dataset");
        take(*keep, d, row, n, -1, *chosen);
    }
    qg_arena_release(a, start);
    return QG_OK;
}
