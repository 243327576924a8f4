/*
 * units_read.c - the units of any results file: which rows of which cell, done or not, checksums.
 */
#include "qgrid/units_read.h"

#include <string.h>

enum { MOST_UNITS = 1 << 28 };

static qg_code check_column(qg_store *s, const char *path, const qg_store_info *want)
{
    qg_store_info info;
    QG_TRY(qg_store_describe(&info, s, path));
    if (info.type != want->type || info.ndim != 1 || info.shape[0] != want->shape[0])
        return QG_FAIL_AT(QG_ESTORE, NULL, 0, 0, path, "is not what this version of qgrid writes");
    return QG_OK;
}

qg_code qg_units_read(qg_read_units *out, qg_store *s, qg_arena *a)
{
    qg_store_info info;
    QG_TRY(qg_store_describe(&info, s, "/units/cell"));
    if (info.type != QG_STORE_STRING || info.string_size != QG_UNIT_CELL_SIZE || info.ndim != 1 ||
        info.shape[0] > MOST_UNITS)
        return QG_FAIL_AT(QG_ESTORE, NULL, 0, 0, "/units/cell", "is not a column of names");
    *out = (qg_read_units){.n = (int)info.shape[0]};
    QG_NEW(out->cell, a, out->n);
    QG_NEW(out->first, a, out->n);
    QG_NEW(out->count, a, out->n);
    QG_NEW(out->checksum, a, out->n);
    QG_NEW(out->state, a, out->n);
    const struct {
        const char *path;
        qg_store_type type;
        void *data;
    } column[] = {{"/units/first", QG_STORE_I64, out->first},
                  {"/units/count", QG_STORE_I64, out->count},
                  {"/units/checksum", QG_STORE_U64, out->checksum},
                  {"/units/state", QG_STORE_U8, out->state}};
    for (size_t i = 0; i < sizeof column / sizeof column[0]; i++) {
        info.type = column[i].type;
        QG_TRY(check_column(s, column[i].path, &info));
        QG_TRY(qg_store_read(s, column[i].path, column[i].type, NULL, NULL, column[i].data));
    }
    QG_TRY(qg_store_read(s, "/units/cell", QG_STORE_STRING, NULL, NULL, out->cell));
    for (int i = 0; i < out->n; i++)
        out->cell[i][QG_UNIT_CELL_SIZE - 1] = 0;
    return QG_OK;
}
