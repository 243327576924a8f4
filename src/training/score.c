/*
 * score.c - logits of the validation texts, and their metrics.
 */
#include "score.h"

#include "mlm.h"

#include "qgrid/file.h"
#include "qgrid/softmax.h"

typedef struct scorer {
    const qg_gang *gang;
    qg_training_folder *folder;
    qg_arena *scratch;
    qg_trainer *trainer;
    const qg_train_set *set;
    qg_model *packed;  /* NULL: the trainer's parameters */
    qg_mlm_score *mlm; /* [texts] of masked-language modelling: a pass's at its first text */
    int K;
} scorer;

static qg_code forward_packed(float *logits, const scorer *s, int64_t first, int n)
{
    int32_t *splits;
    qg_mark mark = qg_arena_mark(s->scratch);
    const int64_t *from = s->set->splits + first;
    QG_NEW(splits, s->scratch, n + 1);
    for (int i = 0; i <= n; i++)
        splits[i] = (int32_t)(from[i] - from[0]);
    qg_batch batch = {.B = n, .ids = s->set->ids + from[0], .splits = splits};
    qg_code rc = qg_model_forward(logits, s->packed, &batch, NULL);
    qg_arena_release(s->scratch, mark);
    return rc;
}

/* Where passes that fit the memory of a leaf start: first[0] .. first[*n] = all texts. */
static qg_code plan(int64_t *first, int64_t *n, const scorer *s)
{
    int fits;
    *n = 0;
    for (int64_t at = 0; at < s->set->n; at += fits) {
        first[(*n)++] = at;
        fits = qg_trainer_fits(s->trainer, s->set, at);
        QG_ASSERT(fits > 0);
    }
    first[*n] = s->set->n;
    return QG_OK;
}

static qg_code forward_pass(float *logits, const scorer *s, int64_t first, int n)
{
    if (s->mlm)
        return qg_trainer_mlm_score(&s->mlm[first], s->trainer, s->set, first, n);
    float *out = logits + first * s->K;
    return s->packed ? forward_packed(out, s, first, n)
                     : qg_trainer_forward(out, s->trainer, s->set, first, n);
}

/* Passes [from, to). */
static qg_code forward_passes(float *logits, bool *complete, const scorer *s, const int64_t *first,
                              int64_t from, int64_t to)
{
    for (int64_t p = from; p < to; p++) {
        *complete = !qg_gang_ending(s->gang);
        if (!*complete)
            return QG_OK;
        QG_TRY(forward_pass(logits, s, first[p], (int)(first[p + 1] - first[p])));
        qg_training_folder_renew(s->folder);
        QG_TRY(qg_gang_go_on(s->gang));
    }
    return QG_OK;
}

typedef struct division {
    float *logits;  /* [n, K] */
    int64_t *first; /* [passes + 1] */
    int64_t passes;
} division;

/* This member's share of the passes. */
static qg_code forward_share(division *d, bool *complete, const scorer *s)
{
    const qg_gang *g = s->gang;
    QG_NEW(d->logits, s->scratch, s->set->n * s->K);
    QG_NEW(d->first, s->scratch, s->set->n + 1);
    QG_TRY(plan(d->first, &d->passes, s));
    return forward_passes(d->logits, complete, s, d->first, d->passes * g->index / g->size,
                          d->passes * (g->index + 1) / g->size);
}

/* All texts. */
static qg_code forward_all(float **logits, bool *complete, const scorer *s)
{
    const qg_gang *g = s->gang;
    division d = {.passes = 0};
    size_t starts[QG_GANG_MOST + 1]; /* of the members, in texts */
    qg_code rc = forward_share(&d, complete, s);
    uint32_t ends = !*complete;
    QG_TRY(qg_gang_agree(g, rc, &ends));
    QG_ASSERT(d.first); /* rc was QG_OK */
    *complete = !ends;
    *logits = d.logits;
    if (ends)
        return QG_OK;
    for (int i = 0; i <= g->size; i++)
        starts[i] = (size_t)d.first[d.passes * i / g->size];
    return s->mlm
               ? qg_gang_gather(g, s->mlm, starts, sizeof *s->mlm, QG_BY_MEMBER)
               : qg_gang_gather(g, d.logits, starts, (size_t)s->K * sizeof *d.logits, QG_BY_MEMBER);
}

static qg_code metrics(qg_scores *out, const scorer *s, const float *logits)
{
    double *prob;
    int32_t *predicted;
    qg_class_scores *per_class;
    int64_t *confusion, n = s->set->n;
    QG_NEW(prob, s->scratch, n * s->K);
    QG_NEW(predicted, s->scratch, n);
    QG_NEW(per_class, s->scratch, s->K);
    QG_NEW(confusion, s->scratch, s->K * s->K);
    for (int64_t i = 0; i < n; i++) {
        qg_softmax(prob + i * s->K, logits + i * s->K, s->K);
        predicted[i] = qg_argmax_f32(logits + i * s->K, s->K);
    }
    const qg_predictions p = {s->set->label, predicted, prob, n, s->K};
    return qg_score(out, per_class, confusion, &p, QG_ABSENT_ZERO, s->scratch);
}

static qg_code score_mlm(qg_scores *out, bool *complete, scorer *s)
{
    float *none;
    qg_mark mark = qg_arena_mark(s->scratch);
    QG_NEW(s->mlm, s->scratch, s->set->n);
    QG_TRY(forward_all(&none, complete, s));
    if (*complete)
        qg_training_mlm_metrics(out, s->mlm, s->set->n);
    qg_arena_release(s->scratch, mark);
    return QG_OK;
}

static qg_code score(qg_scores *out, bool *complete, const scorer *s)
{
    float *logits;
    qg_mark mark = qg_arena_mark(s->scratch);
    QG_TRY(forward_all(&logits, complete, s));
    if (*complete)
        QG_TRY(qg_gang_agree(s->gang, metrics(out, s, logits), NULL));
    qg_arena_release(s->scratch, mark);
    return QG_OK;
}

/* The parameters as a folder, packed by the first member. */
static qg_code pack(const qg_training_config *c, const qg_training_inputs *in,
                    const qg_training_folder *f)
{
    qg_model_source src = {.dir = f->epoch};
    if (!f->first)
        return QG_OK;
    QG_TRY(qg_params_save(f->epoch, &in->params, in->values));
    QG_TRY(qg_remove(f->packed));
    return qg_model_pack(&src, &c->qat, f->packed);
}

/* As deployed, then the same parameters in f32. */
static qg_code score_qat(qg_training_epoch *out, bool *complete, scorer *s,
                         const qg_training_config *c, const qg_training_inputs *in)
{
    QG_TRY(qg_gang_agree(s->gang, pack(c, in, s->folder), NULL));
    QG_TRY(qg_gang_agree(s->gang, qg_model_open(&s->packed, s->folder->packed), NULL));
    qg_code rc = score(&out->scores, complete, s);
    qg_model_close(s->packed);
    s->packed = NULL;
    if (rc == QG_OK && *complete)
        rc = score(&out->fp32, complete, s);
    return rc;
}

qg_code qg_training_score(qg_training_epoch *out, bool *complete, qg_arena *scratch,
                          qg_trainer *trainer, const qg_training_config *c,
                          const qg_training_inputs *in, qg_training_folder *f, const qg_gang *gang)
{
    scorer s = {.gang = gang,
                .folder = f,
                .scratch = scratch,
                .trainer = trainer,
                .set = &in->validation_set,
                .K = c->K};
    if (c->objective == QG_OBJECTIVE_MLM)
        return score_mlm(&out->scores, complete, &s);
    return c->has_qat ? score_qat(out, complete, &s, c, in) : score(&out->scores, complete, &s);
}
