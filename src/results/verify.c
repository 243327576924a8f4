/*
 * verify.c - checksums against what is in the file: of fields, of finished units, of all the rest.
 */
#include "qgrid/verify.h"

#include "field_cells.h"
#include "qgrid/units_read.h"

#include <string.h>

typedef struct verifying {
    qg_verify_counts *out;
    qg_reading reading;
    qg_field_cells cells; /* made when they are first needed */
    bool units_known;     /* which rows are whose */
    qg_verify_found *bad;
    void *ctx;
} verifying;

static qg_code found(void *ctx, const char *path, qg_store_sum sum)
{
    verifying *v = ctx;
    const char *cell;
    if (sum == QG_SUM_OPEN) {
        v->out->open_fields++;
        return QG_OK;
    }
    v->out->damaged_fields++;
    if (strncmp(path, "/units/", 7) == 0)
        v->units_known = false;
    QG_TRY(qg_field_cell(&cell, &v->cells, &v->reading, path));
    v->bad(v->ctx, cell, path, 0, 0);
    return QG_OK;
}

/* What computed a unit, and where its results are; NULL when it is not known. A unit of no cell has
 * packed a model, and is named by its group: an experiment may have the name of a model. */
static const qg_work_kind *kind_of(char *group, size_t size, const qg_reading *r, const char *name)
{
    if (name[0] == '/') {
        snprintf(group, size, "%s", name);
        return qg_work_kind_find("pack");
    }
    const qg_read_cell *c = qg_reading_cell(r, name);
    if (!c)
        return NULL;
    int kind = qg_cell_kind_find(c->kind);
    const qg_work_kind *work = kind >= 0 ? qg_cell_work(kind) : NULL;
    if (work)
        qg_read_cell_path(group, size, c, work->group);
    return work;
}

static qg_code check_units(verifying *v)
{
    qg_read_units u;
    qg_reading *r = &v->reading;
    QG_TRY(qg_units_read(&u, r->store, r->arena));
    v->out->units = u.n;
    for (int i = 0; i < u.n; i++) {
        uint64_t sum = u.checksum[i];
        char group[1024];
        const char *name = u.cell[i];
        if (u.state[i] != QG_STATE_DONE)
            continue;
        const qg_work_kind *kind = kind_of(group, sizeof group, r, name);
        bool known = kind && kind->checksum;
        qg_mark m = qg_arena_mark(r->arena);
        if (known)
            QG_TRY(kind->checksum(&sum, r->store, r->arena, group, u.first[i], u.count[i]));
        qg_arena_release(r->arena, m);
        v->out->done++;
        v->out->without_checksum += !known;
        if (sum != u.checksum[i]) {
            v->out->damaged++;
            v->bad(v->ctx, name, NULL, u.first[i], u.count[i]);
        }
    }
    return QG_OK;
}

static qg_code verify(verifying *v)
{
    qg_store *s = v->reading.store;
    QG_TRY(qg_store_check_structure(&v->out->structure, s));
    QG_TRY(qg_store_check_all(&v->out->fields, s, found, v));
    return v->units_known ? check_units(v) : QG_OK;
}

qg_code qg_verify(qg_verify_counts *out, qg_arena *a, const char *path, qg_verify_found *bad,
                  void *ctx)
{
    verifying v = {.out = out, .units_known = true, .bad = bad, .ctx = ctx};
    *out = (qg_verify_counts){0};
    QG_TRY(qg_reading_open_damaged(&v.reading, a, path));
    qg_code rc = verify(&v);
    qg_error kept = *qg_error_last();
    qg_reading_close(&v.reading);
    if (rc == QG_OK)
        return QG_OK;
    (void)qg_error_restore(&kept);
    return qg_error_place(path, 0, 0, NULL);
}
