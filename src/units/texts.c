/*
 * texts.c - texts on the wire: number, rows, splits, ids.
 */
#include "texts.h"

void qg_unit_texts_put(qg_str *out, const qg_plan_tokens *t, const int64_t *rows, int64_t first,
                       int64_t n)
{
    int32_t at = 0;
    qg_wire_put_i64(out, n);
    for (int64_t i = 0; i < n; i++)
        qg_wire_put_i64(out, rows ? rows[i] : first + i);
    qg_wire_put(out, &at, sizeof at);
    for (int64_t i = 0; i < n; i++) {
        int64_t r = rows ? rows[i] : first + i;
        at += (int32_t)(t->splits[r + 1] - t->splits[r]);
        qg_wire_put(out, &at, sizeof at);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t r = rows ? rows[i] : first + i;
        qg_wire_put(out, t->ids + t->splits[r],
                    (size_t)(t->splits[r + 1] - t->splits[r]) * sizeof *t->ids);
    }
}

qg_code qg_unit_texts_get(qg_unit_texts *t, qg_work_unit *u)
{
    t->n = qg_wire_get_i64(u->in);
    if (t->n < 0 || t->n > INT32_MAX)
        return QG_FAIL(QG_EBUG, "a unit of %lld texts", (long long)t->n);
    t->row = qg_wire_get_array(u->in, u->arena, t->n, sizeof *t->row);
    t->splits = qg_wire_get_array(u->in, u->arena, t->n + 1, sizeof *t->splits);
    if (!t->row || !t->splits)
        return QG_EBUG;
    for (int64_t i = 0; i <= t->n; i++)
        if (i == 0 ? t->splits[0] != 0 : t->splits[i] < t->splits[i - 1])
            return QG_FAIL(QG_EBUG, "text %lld of a unit ends before it begins", (long long)i);
    t->ids = qg_wire_get_array(u->in, u->arena, t->splits[t->n], sizeof *t->ids);
    return t->ids ? QG_OK : QG_EBUG;
}

qg_code qg_unit_texts_forward(float *logits, qg_work_unit *u, const qg_unit_texts *t, int64_t first,
                              int64_t end)
{
    qg_mark m = qg_arena_mark(u->arena);
    int32_t *splits; /* from 0 on */
    QG_NEW(splits, u->arena, end - first + 1);
    for (int64_t i = first; i <= end; i++)
        splits[i - first] = t->splits[i] - t->splits[first];
    qg_batch b = {.B = (int)(end - first),
                  .ids = t->ids + t->splits[first],
                  .splits = splits,
                  .number = t->row + first};
    qg_code rc = qg_model_forward(logits, u->model, &b, NULL);
    qg_arena_release(u->arena, m);
    return rc;
}
