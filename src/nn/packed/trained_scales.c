/*
 * trained_scales.c - reading quantizer-PRECISION.safetensors.
 */
#include "qgrid/trained_scales.h"

#include "qgrid/file.h"

#include <math.h>
#include <stdio.h>

char *qg_trained_scales_path(qg_arena *a, const char *dir, const qg_precision *p)
{
    char *name = qg_arena_printf(a, "quantizer-%s.safetensors", p->name);
    return name ? qg_path_join(a, dir, name) : NULL;
}

void qg_trained_scales_name(char *out, size_t size, const char *linear)
{
    snprintf(out, size, "%s.weight_scale", linear);
}

void qg_trained_scales_shape(int *rows, int *columns, int n, int k, const qg_precision *p)
{
    int group = qg_precision_group(p, k);
    *rows = p->levels.whole ? 1 : n;
    *columns = p->levels.whole ? 1 : (k + group - 1) / group;
}

qg_code qg_trained_scales_open(qg_trained_scales *out, qg_arena *a, const char *dir,
                               const qg_precision *p)
{
    *out = (qg_trained_scales){.path = qg_trained_scales_path(a, dir, p)};
    if (!out->path)
        return QG_ENOMEM;
    if (!qg_precision_has_levels(p) || !qg_file_exists(out->path))
        return QG_OK;
    return qg_weights_open(&out->weights, out->path);
}

void qg_trained_scales_close(qg_trained_scales *t)
{
    qg_weights_close(t->weights);
    t->weights = NULL;
}

static qg_code find(const qg_tensor **out, const qg_trained_scales *t, const char *name, int rows,
                    int columns)
{
    const qg_tensor *s = *out = qg_weights_find(t->weights, name);
    if (!s)
        return QG_FAIL_AT(QG_EMODEL, t->path, 0, 0, name, "the file lacks this tensor");
    if (s->dtype != QG_F32 || s->ndim != 2 || s->shape[0] != rows || s->shape[1] != columns) {
        char found[64];
        return QG_FAIL_AT(QG_EMODEL, t->path, 0, 0, name,
                          "has %s of shape %s, float32 of shape [%d, %d] is expected",
                          qg_dtype_name(s->dtype),
                          qg_shape_text(found, sizeof found, s->shape, s->ndim), rows, columns);
    }
    return QG_OK;
}

qg_code qg_trained_scales_read(float *scales, const qg_trained_scales *t, const char *linear, int n,
                               int k, const qg_precision *p)
{
    char name[128];
    const qg_tensor *s;
    int rows, columns;
    qg_trained_scales_name(name, sizeof name, linear);
    qg_trained_scales_shape(&rows, &columns, n, k, p);
    QG_TRY(find(&s, t, name, rows, columns));
    size_t count = (size_t)rows * (size_t)columns;
    qg_tensor_to_f32(scales, s);
    for (size_t i = 0; i < count; i++)
        if (!(scales[i] > 0) || !isfinite(scales[i]))
            return QG_FAIL_AT(QG_ENUMERIC, t->path, 0, 0, name,
                              "element %zu is %g, a number above 0 is expected", i,
                              (double)scales[i]);
    int group = qg_precision_group(p, k);
    size_t all = (size_t)n * (size_t)((k + group - 1) / group);
    for (size_t i = 1; i < all && p->levels.whole; i++)
        scales[i] = scales[0];
    return QG_OK;
}
