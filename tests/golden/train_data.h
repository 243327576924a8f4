/*
 * train_data.h - reading tests/golden/data/train.
 */
#ifndef TRAIN_DATA_H
#define TRAIN_DATA_H

#include "train_rig.h"

#include "qgrid/file.h"
#include "qgrid/weights.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define GOLDEN "train/"
enum { BATCHES = 6, STEPS = 30 };

static inline const qg_json *member(const qg_json *o, const char *key)
{
    const qg_json *v = qg_json_get(o, key);
    if (!v)
        fail_msg("reference data lack '%s'", key);
    return v;
}

static inline const qg_json *element(const qg_json *array, int i)
{
    const qg_json *v = array->child;
    while (v && i-- > 0)
        v = v->next;
    assert_non_null(v);
    return v;
}

static inline const qg_json *golden_json(qg_arena *a, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, GOLDEN "%s.json", name);
    return qt_json(a, qt_golden(path));
}

static inline qg_weights *golden(const char *name)
{
    char path[200];
    qg_weights *w;
    snprintf(path, sizeof path, GOLDEN "%s.safetensors", name);
    qt_ok(qg_weights_open(&w, qt_golden(path)));
    return w;
}

/* A tensor as f32 in the arena. */
static inline float *tensor(qg_arena *a, const qg_weights *w, const char *name, size_t *n)
{
    const qg_tensor *t = qg_weights_find(w, name);
    if (!t)
        fail_msg("reference data lack '%s'", name);
    *n = (size_t)qg_tensor_count(t);
    float *v = qg_arena_alloc(a, *n, sizeof *v);
    qg_tensor_to_f32(v, t);
    return v;
}

/* The folder that the parameters start from. */
static inline const char *golden_folder(void)
{
    const char *dir = qt_tmp("init"), *config = qt_golden(GOLDEN "config.json");
    char to[600];
    qt_ok(qg_mkdirs(dir));
    snprintf(to, sizeof to, "%s/config.json", dir);
    qt_ok(qg_file_copy(to, config));
    snprintf(to, sizeof to, "%s/model.safetensors", dir);
    qt_ok(qg_file_copy(to, qt_golden(GOLDEN "init.safetensors")));
    return dir;
}

/* Batch i; `padded` keeps the padding rows, unseen by attention. */
static inline qg_train_batch golden_batch(qg_arena *a, const qg_json *batches, int i, bool padded)
{
    size_t n, rows;
    const qg_json *b = element(batches, i);
    double *id = qt_numbers(a, member(b, "input_ids"), &n);
    double *mask = qt_numbers(a, member(b, "attention_mask"), &n);
    double *labels = qt_numbers(a, member(b, "labels"), &rows);
    int B = (int)rows, len = (int)(n / rows), at = 0;
    int32_t *ids = qg_arena_alloc(a, n, sizeof *ids);
    int32_t *splits = qg_arena_alloc(a, rows + 1, sizeof *splits);
    int32_t *attended = qg_arena_alloc(a, rows, sizeof *attended);
    int32_t *label = qg_arena_alloc(a, rows, sizeof *label);
    int64_t *sample = qg_arena_alloc(a, rows, sizeof *sample);
    for (int t = 0; t < B; t++) {
        for (int k = 0; k < len; k++) {
            bool real = mask[t * len + k] != 0;
            attended[t] += real;
            if (real || padded)
                ids[at++] = (int32_t)id[t * len + k];
        }
        splits[t + 1] = at;
        label[t] = (int32_t)labels[t];
        sample[t] = t;
    }
    return (qg_train_batch){B, ids, NULL, splits, padded ? attended : NULL, label, sample};
}

/* Compares a block of parameters or gradients with a file, tensor by tensor; returns the largest
 * difference (over the tensor's largest value when `relative`). key.bias gets its own bound. */
static inline double compare(qg_arena *a, const rig *r, const float *block, const char *file,
                             bool relative, double bound, double key_bias)
{
    qg_weights *w = golden(file);
    double worst = 0;
    for (int i = 0; i < r->params.n; i++) {
        const qg_param *t = &r->params.param[i];
        size_t n;
        float *want = tensor(a, w, t->name, &n);
        bool key = strstr(t->name, "key.bias") != NULL;
        double largest = 0, d = 0;
        qt_eq(t->name, (long long)n, (long long)t->rows * t->columns);
        for (size_t k = 0; k < n; k++) {
            double e = fabs((double)block[t->offset + k] - (double)want[k]);
            d = !(e <= d) ? e : d;
            largest = fmax(largest, fabs((double)want[k]));
        }
        if (relative && !key)
            d /= largest;
        if (!(d <= (key ? key_bias : bound)))
            fail_msg("%s: %s differs by %.3g", file, t->name, d);
        worst = key ? worst : fmax(worst, d);
    }
    qg_weights_close(w);
    return worst;
}

static inline qg_schedule golden_schedule(void)
{
    return (qg_schedule){QG_SCHEDULE_LINEAR, 5e-4, 3, STEPS};
}

#endif
