/*
 * restore.c - a dataset as it was when its file was made.
 */
#include "h5.h"

#include "qgrid/file.h"

#include <math.h>
#include <string.h>

double qg_h5_fill_value(const qg_field *f)
{
    bool real = f->type == QG_STORE_F32 || f->type == QG_STORE_F64;
    return f->fill_set ? f->fill : real ? (double)NAN : 0;
}

/* One element, as HDF5 converts the fill value. Whole numbers are little-endian: shorter ones are
 * the beginning of longer ones. */
static void make_element(unsigned char out[8], const qg_field *f)
{
    double v = qg_h5_fill_value(f);
    float single = (float)v;
    int64_t whole = f->type == QG_STORE_F32 || f->type == QG_STORE_F64 ? 0 : (int64_t)v;
    if (f->type == QG_STORE_F64)
        memcpy(out, &v, sizeof v);
    else if (f->type == QG_STORE_F32)
        memcpy(out, &single, sizeof single);
    else
        memcpy(out, &whole, sizeof whole);
}

static qg_code write_fill(qg_store *s, const qg_field *f, qg_arena *a)
{
    unsigned char element[8], *data;
    size_t size = qg_h5_type_size(f->type, f->string_size), n = 1;
    for (int k = 0; k < f->ndim; k++)
        QG_TRY(qg_mul_size(&n, n, (size_t)f->shape[k]));
    data = qg_arena_alloc(a, n, size);
    if (!data)
        return QG_FAIL(QG_ENOMEM, "no memory to restore %s", f->path);
    make_element(element, f);
    for (size_t i = 0; i < n && f->type != QG_STORE_STRING; i++)
        memcpy(data + i * size, element, size);
    return qg_store_write(s, f->path, f->type, NULL, NULL, data);
}

qg_code qg_store_restore(qg_store *s, const qg_field *f)
{
    if (f->initial)
        return qg_store_write(s, f->path, f->type, NULL, NULL, f->initial);
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory to restore %s", f->path);
    qg_code rc = write_fill(s, f, a);
    qg_arena_destroy(a);
    return rc;
}
