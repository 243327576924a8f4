/*
 * verify.c - checksums of finished units against the data in the file.
 */
#include "qgrid/verify.h"

#include "qgrid/reading.h"
#include "qgrid/layout.h"

#include <string.h>

enum { NAME_SIZE = 2 * QG_NAME_SIZE };

typedef struct units {
    int n;
    char *cell;
    int64_t *first, *count;
    uint64_t *checksum;
    uint8_t *state;
} units;

static qg_code read_units(units *u, qg_reading *r)
{
    qg_store_info info;
    QG_TRY(qg_store_describe(&info, r->store, "/units/cell"));
    if (info.type != QG_STORE_STRING || info.string_size != NAME_SIZE || info.ndim != 1 ||
        info.shape[0] > 1 << 28)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, "/units/cell", "is not a column of names");
    u->n = (int)info.shape[0];
    QG_NEW(u->cell, r->arena, (size_t)u->n * NAME_SIZE);
    QG_NEW(u->first, r->arena, u->n);
    QG_NEW(u->count, r->arena, u->n);
    QG_NEW(u->checksum, r->arena, u->n);
    QG_NEW(u->state, r->arena, u->n);
    QG_TRY(qg_store_read(r->store, "/units/cell", QG_STORE_STRING, NULL, NULL, u->cell));
    QG_TRY(qg_store_read(r->store, "/units/first", QG_STORE_I64, NULL, NULL, u->first));
    QG_TRY(qg_store_read(r->store, "/units/count", QG_STORE_I64, NULL, NULL, u->count));
    QG_TRY(qg_store_read(r->store, "/units/checksum", QG_STORE_U64, NULL, NULL, u->checksum));
    return qg_store_read(r->store, "/units/state", QG_STORE_U8, NULL, NULL, u->state);
}

static const qg_read_cell *cell_of(const qg_reading *r, const char *name)
{
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->cell[i].name, name) == 0)
            return &r->cell[i];
    return NULL;
}

/* What computed a unit, and where its results are; NULL when it is not known. A unit of no cell has
 * packed a model, "model/precision". */
static const qg_work_kind *kind_of(char *group, size_t size, const qg_reading *r, const char *name)
{
    const qg_read_cell *c = cell_of(r, name);
    if (!c) {
        snprintf(group, size, "/models/%s", name);
        return qg_work_kind_find("pack");
    }
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
    units u = {0};
    QG_TRY(read_units(&u, r));
    out->units = u.n;
    for (int i = 0; i < u.n; i++) {
        uint64_t sum = u.checksum[i];
        char group[1024], *name = u.cell + (size_t)i * NAME_SIZE;
        name[NAME_SIZE - 1] = 0;
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
