/*
 * training_score.c - logits of the validation texts, and their metrics.
 */
#include "training_score.h"

#include "training_mlm.h"

#include "qgrid/file.h"
#include "qgrid/predictor.h"
#include "qgrid/stop.h"

typedef struct scorer {
    qg_arena *scratch;
    qg_trainer *trainer;
    const qg_train_set *set;
    qg_model *packed; /* NULL: the trainer's parameters */
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
    qg_batch batch = {n, s->set->ids + from[0], splits};
    qg_code rc = qg_model_forward(logits, s->packed, &batch, NULL);
    qg_arena_release(s->scratch, mark);
    return rc;
}

/* All texts, in passes that fit the memory of a leaf. */
static qg_code forward_all(float *logits, bool *complete, const scorer *s)
{
    int n;
    for (int64_t first = 0; first < s->set->n; first += n) {
        float *out = logits + first * s->K;
        n = qg_trainer_fits(s->trainer, s->set, first);
        QG_TRY(s->packed ? forward_packed(out, s, first, n)
                         : qg_trainer_forward(out, s->trainer, s->set, first, n));
        *complete = qg_stop_wanted() == 0;
        if (!*complete)
            return QG_OK;
    }
    return QG_OK;
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
    return qg_score(out, per_class, confusion, s->set->label, predicted, prob, n, s->K);
}

static qg_code score(qg_scores *out, bool *complete, const scorer *s)
{
    float *logits;
    qg_mark mark = qg_arena_mark(s->scratch);
    QG_NEW(logits, s->scratch, s->set->n * s->K);
    QG_TRY(forward_all(logits, complete, s));
    if (*complete)
        QG_TRY(metrics(out, s, logits));
    qg_arena_release(s->scratch, mark);
    return QG_OK;
}

/* The parameters as a folder, packed. */
static qg_code pack(qg_model **out, const qg_training_config *c, const qg_training_inputs *in,
                    const qg_training_folder *f)
{
    qg_model_source src = {.dir = f->epoch};
    QG_TRY(qg_params_save(f->epoch, &in->params, in->values));
    QG_TRY(qg_remove(f->packed));
    QG_TRY(qg_model_pack(&src, &c->qat, f->packed));
    return qg_model_open(out, f->packed);
}

qg_code qg_training_score(qg_scores *out, bool *complete, qg_arena *scratch, qg_trainer *trainer,
                          const qg_training_config *c, const qg_training_inputs *in,
                          const qg_training_folder *f)
{
    if (c->objective == QG_OBJECTIVE_MLM)
        return qg_training_mlm_score(out, complete, trainer, &in->validation_set);
    scorer s = {.scratch = scratch, .trainer = trainer, .set = &in->validation_set, .K = c->K};
    if (c->has_qat)
        QG_TRY(pack(&s.packed, c, in, f));
    qg_code rc = score(out, complete, &s);
    qg_model_close(s.packed);
    return rc;
}
