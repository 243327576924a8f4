/*
 * work.c - assignments out, units computed: a rank keeps the model in hand from one to the next.
 */
#include "qgrid/work.h"

#include "qgrid/log.h"
#include "qgrid/precision.h"
#include "qgrid/training.h"
#include "unit.h"

#include <malloc.h>
#include <string.h>

struct qg_work {
    qg_arena *arena; /* scratch of the unit in hand */
    qg_model *model;
    qg_model *base, *mixed; /* the same in fp32, and of parts of both, once a unit needed them */
    qg_explained_model *explained; /* the same with gradients, once a unit needed them */
    char loaded[QG_SHA256_HEX];    /* what the models are */
    char content[QG_SHA256_HEX];   /* ... and what they were made from */
    qg_explained_options options;  /* of those */
    const qg_gang *gang;           /* of the unit in hand */
};

static void unload(qg_work *w)
{
    qg_explained_model_destroy(w->explained);
    qg_model_close(w->mixed);
    qg_model_close(w->base);
    qg_model_close(w->model);
    malloc_trim(0); /* or what the next model takes comes on top of what this one had */
    w->explained = NULL;
    w->mixed = NULL;
    w->base = NULL;
    w->model = NULL;
}

/* A model outlives the unit that it was made for. */
static bool poll(void *ctx)
{
    return qg_gang_poll(((qg_work *)ctx)->gang);
}

qg_code qg_work_create(qg_work **out, qg_arena *a)
{
    qg_work *w;
    QG_NEW(w, a, 1);
    w->options = (qg_explained_options){.poll = poll, .poll_ctx = w};
    w->arena = qg_arena_create(0);
    if (!w->arena)
        return QG_FAIL(QG_ENOMEM, "no memory");
    *out = w;
    return QG_OK;
}

void qg_work_destroy(qg_work *w)
{
    if (!w)
        return;
    unload(w);
    qg_arena_destroy(w->arena);
}

/* ------------------------------------------------------------------------------------- both ends
 */

static void put_head(qg_str *out, const qg_work_head *h)
{
    qg_wire_put_source(out, &h->source);
    qg_wire_put_text(out, h->model_hash);
    qg_wire_put_i64(out, h->trained);
    qg_wire_put_text(out, h->cache);
    qg_wire_put_text(out, h->precision.name);
    qg_wire_put_text(out, qg_precision_name(h->precision.scheme));
    qg_wire_put_i64(out, h->precision.embeddings);
    qg_wire_put_i64(out, h->precision.vectors);
}

static bool is_embedding(int kind)
{
    for (int i = 0; qg_embedding_names[i]; i++)
        if (i == kind)
            return true;
    return false;
}

static qg_code get_head(qg_work_head *h, qg_reader *r, qg_arena *a)
{
    QG_TRY(qg_wire_get_source(&h->source, r, a));
    h->model_hash = qg_wire_get_text(r, a);
    h->trained = qg_wire_get_i64(r) != 0;
    h->cache = qg_wire_get_text(r, a);
    h->precision.name = qg_wire_get_text(r, a);
    const char *scheme = qg_wire_get_text(r, a);
    h->precision.embeddings = (int)qg_wire_get_i64(r);
    h->precision.vectors = (int)qg_wire_get_i64(r);
    if (!h->model_hash || !h->cache || !h->precision.name || !scheme)
        return QG_ENOMEM;
    h->precision.scheme = qg_precision_find(scheme);
    if (!h->precision.scheme)
        return QG_FAIL(QG_EBUG, "this rank does not know precision '%s'", scheme);
    if (!is_embedding(h->precision.embeddings) || !is_embedding(h->precision.vectors))
        return QG_FAIL(QG_EBUG, "this rank does not know how parameters are stored");
    return QG_OK;
}

qg_code qg_work_input(qg_str *out, qg_results *r, int unit, const char *cache)
{
    const qg_plan *p = r->plan;
    const qg_plan_task *t = &p->tasks[p->units[unit].task];
    const qg_plan_model *m = &p->models[t->model];
    qg_wire_put_text(out, t->kind->name);
    if (!t->kind->trains)
        put_head(out, &(qg_work_head){.source = m->source,
                                      .model_hash = m->hash,
                                      .trained = m->training != NULL,
                                      .cache = cache,
                                      .precision = p->job->precisions[t->precision]});
    qg_mark mark = qg_arena_mark(r->scratch);
    qg_code rc = t->kind->put ? t->kind->put(out, r, unit) : QG_OK;
    qg_arena_release(r->scratch, mark);
    return rc == QG_OK ? qg_str_status(out) : rc;
}

/* ------------------------------------------------------------------------------------- computing
 */

static void identity(char hex[QG_SHA256_HEX], const qg_work_head *h)
{
    qg_sha256 s;
    qg_sha256_init(&s);
    qg_sha256_add_text(&s, h->model_hash);
    qg_sha256_add_text(&s, qg_precision_name(h->precision.scheme));
    qg_sha256_add(&s, &h->precision.embeddings, sizeof h->precision.embeddings);
    qg_sha256_add(&s, &h->precision.vectors, sizeof h->precision.vectors);
    qg_sha256_final(&s, hex);
}

qg_code qg_work_check_trained(const char *dir, const char *key)
{
    if (qg_training_is_complete(dir, key))
        return QG_OK;
    return QG_FAIL_AT(QG_EIO, dir, 0, 0, NULL,
                      "the trained model is not in this folder; all nodes have to share the cache "
                      "(QGRID_CACHE)");
}

/* Hash of a model's content; a trained one has to be what its key says. */
static qg_code content(char hex[QG_SHA256_HEX], const qg_work_head *h)
{
    if (!h->trained) {
        snprintf(hex, QG_SHA256_HEX, "%s", h->model_hash);
        return QG_OK;
    }
    QG_TRY(qg_work_check_trained(h->source.dir, h->model_hash));
    return qg_model_hash(hex, &h->source);
}

static qg_code load(qg_work *w, const qg_work_head *h)
{
    char id[QG_SHA256_HEX];
    identity(id, h);
    if (w->model && strcmp(id, w->loaded) == 0)
        return QG_OK;
    unload(w);
    QG_TRY(content(w->content, h));
    QG_TRY(qg_model_open_cached(&w->model, &h->source, w->content, &h->precision, h->cache));
    memcpy(w->loaded, id, sizeof id);
    return QG_OK;
}

/* Weights with gradients are read from the model's own files and not from the packed ones. */
qg_code qg_work_explained(qg_work_unit *u)
{
    if (*u->explained)
        return QG_OK;
    QG_TRY(
        qg_explained_model_create(u->explained, &u->head.source, &u->head.precision, u->options));
    qg_code rc = qg_source_check(&u->head.source, u->content, false);
    if (rc != QG_OK) {
        qg_explained_model_destroy(*u->explained);
        *u->explained = NULL;
    }
    return rc;
}

qg_code qg_work_mixed(qg_work_unit *u)
{
    const qg_precision *const *p = qg_precisions;
    if (*u->mixed)
        return QG_OK;
    while (!(*p)->is_reference)
        p++;
    qg_precision_spec reference = qg_precision_plain(*p);
    if (!*u->base)
        QG_TRY(
            qg_model_open_cached(u->base, &u->head.source, u->content, &reference, u->head.cache));
    return qg_model_mix(u->mixed, *u->base, u->model);
}

static qg_code execute_unit(qg_work *w, qg_work_unit *u)
{
    const char *name = qg_wire_get_text(u->in, w->arena);
    if (!name)
        return QG_ENOMEM;
    const qg_work_kind *kind = qg_work_kind_find(name);
    if (!kind)
        return QG_FAIL(QG_EBUG, "this rank does not know the work '%s'", name);
    w->gang = u->gang;
    if (kind->trains) { /* it needs the memory */
        unload(w);
        return kind->execute(u);
    }
    QG_TRY(get_head(&u->head, u->in, w->arena));
    QG_TRY(load(w, &u->head));
    u->model = w->model;
    u->content = w->content;
    u->base = &w->base;
    u->mixed = &w->mixed;
    u->explained = &w->explained;
    u->options = &w->options;
    return kind->execute(u);
}

static qg_code execute_once(qg_work *w, const void *input, size_t size, qg_str *result,
                            const qg_gang *gang)
{
    qg_reader in = {.data = input, .size = size};
    qg_work_unit u = {.arena = w->arena, .in = &in, .out = result, .gang = gang};
    qg_mark m = qg_arena_mark(w->arena);
    qg_code rc = execute_unit(w, &u);
    qg_arena_release(w->arena, m);
    return rc == QG_OK ? qg_str_status(result) : rc;
}

/* Whether nobody has written to the weights of the models in hand. */
static qg_code check_unchanged(const qg_work *w)
{
    if (w->base)
        QG_TRY(qg_model_check_unchanged(w->base));
    return w->model ? qg_model_check_unchanged(w->model) : QG_OK;
}

/* Whatever came out, it is of this model only if nobody has written to the weights meanwhile. Where
 * somebody has, the model is opened (or packed) anew, and the unit computed once more. */
static qg_code execute(void *ctx, const void *input, size_t size, qg_str *result,
                       const qg_gang *gang)
{
    qg_work *w = ctx;
    for (int i = 0;; i++) {
        qg_code rc = execute_once(w, input, size, result, gang);
        qg_error why = *qg_error_last();
        if (rc == QG_ELOST || check_unchanged(w) == QG_OK)
            return rc == QG_OK ? QG_OK : qg_error_restore(&why);
        unload(w);
        if (i == 1)
            return QG_ESOURCE;
        qg_warn("%s: changed while a unit was computed from it; it is opened again",
                qg_error_last()->path);
        qg_error_clear();
        qg_str_clear(result);
    }
}

qg_farm_worker qg_work_callbacks(qg_work *w)
{
    return (qg_farm_worker){.ctx = w, .execute = execute};
}
