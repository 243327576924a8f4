/*
 * verify.c - checksums of finished units against the data in the file.
 */
#include "qgrid/verify.h"

#include "qgrid/reading.h"
#include "qgrid/units_read.h"

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

static qg_code verify(qg_verify_counts *out, qg_reading *r,
                      void (*bad)(void *ctx, const char *cell, int64_t first, int64_t count),
                      void *ctx)
{
    qg_read_units u;
    QG_TRY(qg_units_read(&u, r->store, r->arena));
    out->units = u.n;
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
        out->done++;
        out->without_checksum += !known;
        if (sum != u.checksum[i]) {
            out->damaged++;
            bad(ctx, name, u.first[i], u.count[i]);
        }
    }
    return QG_OK;
}

qg_code qg_verify(qg_verify_counts *out, qg_arena *a, const char *path,
                  void (*bad)(void *ctx, const char *cell, int64_t first, int64_t count), void *ctx)
{
    qg_reading r;
    *out = (qg_verify_counts){0};
    QG_TRY(qg_reading_open(&r, a, path));
    qg_code rc = verify(out, &r, bad, ctx);
    qg_error kept = *qg_error_last();
    qg_reading_close(&r);
    if (rc == QG_OK)
        return QG_OK;
    (void)qg_error_restore(&kept);
    return qg_error_place(path, 0, 0, NULL);
}
