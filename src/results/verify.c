/*
 * verify.c - checksums of finished units against the data in the file.
 */
#include "qgrid/verify.h"

#include "qgrid/reading.h"
#include "units/results_explain.h"

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

/* *known: the unit has a checksum; *sum: of the data as they stand. */
static qg_code checksum(uint64_t *sum, bool *known, qg_reading *r, const units *u, int i)
{
    char group[1024], path[1100];
    const char *name = u->cell + (size_t)i * NAME_SIZE;
    const qg_read_cell *c = cell_of(r, name);
    qg_store_info info;
    bool train = c && strcmp(c->kind, "train") == 0;
    bool explain = c && strcmp(c->kind, "explain") == 0;
    *known = !c || train || explain || strcmp(c->kind, "predict") == 0;
    if (explain) {
        snprintf(group, sizeof group, "%s/%s/%s/%s", c->model, c->dataset, c->precision, c->method);
        return qg_explanation_checksum(sum, r->store, r->arena, group, u->first[i], u->count[i]);
    }
    if (train) {
        snprintf(group, sizeof group, "/training/%s", c->model);
        return qg_training_checksum(sum, r->store, r->arena, group);
    }
    if (!c) {
        snprintf(group, sizeof group, "/models/%s", name);
        return qg_packed_checksum(sum, r->store, r->arena, group);
    }
    if (!*known)
        return QG_OK;
    qg_reading_group(group, sizeof group, c, "predictions");
    snprintf(path, sizeof path, "%s/logits", group);
    QG_TRY(qg_store_describe(&info, r->store, path));
    if (info.ndim != 2 || u->first[i] < 0 || u->count[i] < 0 ||
        u->count[i] > info.shape[0] - u->first[i])
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, "/units", "unit %d lies outside %s", i, path);
    return qg_rows_checksum(sum, r->store, r->arena, group, u->first[i], u->count[i],
                            (int)info.shape[1]);
}

static qg_code verify(qg_verify_counts *out, qg_reading *r,
                      void (*bad)(void *ctx, const char *cell, int64_t first, int64_t count),
                      void *ctx)
{
    units u = {0};
    QG_TRY(read_units(&u, r));
    out->units = u.n;
    for (int i = 0; i < u.n; i++) {
        uint64_t sum = 0;
        bool known;
        u.cell[(size_t)i * NAME_SIZE + NAME_SIZE - 1] = 0;
        if (u.state[i] != 1)
            continue;
        qg_mark m = qg_arena_mark(r->arena);
        QG_TRY(checksum(&sum, &known, r, &u, i));
        qg_arena_release(r->arena, m);
        out->done++;
        out->without_checksum += !known;
        if (known && sum != u.checksum[i]) {
            out->damaged++;
            bad(ctx, u.cell + (size_t)i * NAME_SIZE, u.first[i], u.count[i]);
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
    return rc == QG_OK ? QG_OK : qg_error_restore(&kept);
}
