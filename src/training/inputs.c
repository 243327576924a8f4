/*
 * inputs.c - model, texts and class weights of a training.
 */
#include "qgrid/training.h"

#include "data.h"
#include "mlm.h"
#include "qat.h"
#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/tokenizer.h"

#include <math.h>
#include <string.h>

static qg_code load_model(qg_training_inputs *in, qg_tokenizer **tokenizer, qg_arena *a,
                          const qg_training_config *c)
{
    qg_model_source src = {.dir = c->from,
                           .random_head = c->head != NULL,
                           .random_weights = c->weights != NULL,
                           .head_seed = c->seed,
                           .class_order = c->from_order,
                           .n_order = c->from_order ? c->K : 0};
    bool mlm = c->objective == QG_OBJECTIVE_MLM;
    qg_config config;
    qg_dropout_rates *own = &in->params.dropout;
    if (!qg_dir_exists(c->from))
        return QG_FAIL_AT(QG_EIO, c->from, 0, 0, NULL, "there is no such model folder");
    QG_TRY(qg_config_load(&config, a, c->from));
    if (!mlm && !src.random_head && !src.random_weights && !src.class_order)
        QG_TRY(qg_labels_fit(c->labels, c->K, c->from, &config));
    QG_TRY(qg_tokenizer_load(tokenizer, a, c->from));
    QG_TRY(
        mlm ? qg_params_load_mlm(&in->params, &in->values, a, &src)
            : qg_params_load(&in->params, &in->values, a, &src, c->labels, qg_training_learned(c)));
    if (mlm)
        QG_TRY(qg_training_masking(&in->masking, *tokenizer, &in->params.config, c));
    own->hidden = isnan(c->dropout.hidden) ? own->hidden : c->dropout.hidden;
    own->attention = isnan(c->dropout.attention) ? own->attention : c->dropout.attention;
    own->classifier = isnan(c->dropout.classifier) ? own->classifier : c->dropout.classifier;
    return qg_model_hash(in->model_hash, &src);
}

void qg_training_count_classes(int64_t *texts, const qg_dataset *d)
{
    for (int64_t i = 0; i < d->n; i++)
        texts[d->label[i]]++;
}

/* A batch of nothing but texts without weight would have no mean. */
static qg_code check_weight(const qg_training_config *c, int k, int64_t texts)
{
    if (texts == 0 && c->balanced)
        return QG_FAIL_AT(QG_EJOB, c->dataset[0].path, 0, 0, NULL,
                          "no text of the training data has the label '%s', which balanced class "
                          "weights need",
                          c->labels[k]);
    if (texts > 0 && c->class_weights && !(c->class_weights[k] > 0))
        return QG_FAIL_AT(QG_EJOB, c->dataset[0].path, 0, 0, NULL,
                          "%lld texts have the label '%s', whose weight is 0; leave them out",
                          (long long)texts, c->labels[k]);
    return QG_OK;
}

qg_code qg_training_check_classes(char **warning, qg_arena *a, const int64_t *texts,
                                  const qg_training_config *c)
{
    qg_str absent = {0};
    *warning = NULL;
    for (int k = 0; k < c->K; k++) {
        QG_TRY(check_weight(c, k, texts[k]));
        if (texts[k] == 0)
            qg_str_addf(&absent, "%s'%s'", absent.len ? ", " : "", c->labels[k]);
    }
    qg_code rc = qg_str_status(&absent);
    if (rc == QG_OK && absent.len > 0) {
        *warning = qg_arena_printf(a,
                                   "%s: no text of the training data has the label %s: the model "
                                   "never learns to choose it",
                                   c->dataset[0].path, absent.data);
        rc = *warning ? QG_OK : QG_ENOMEM;
    }
    qg_str_fini(&absent);
    return rc;
}

static qg_code weigh_classes(const double **out, qg_arena *a, const qg_dataset *d,
                             const qg_training_config *c)
{
    double *weights;
    int64_t *texts; /* of each class */
    char *warning;
    QG_NEW(texts, a, c->K);
    *out = c->class_weights;
    qg_training_count_classes(texts, d);
    QG_TRY(qg_training_check_classes(&warning, a, texts, c));
    if (warning)
        qg_warn("%s", warning);
    if (!c->balanced)
        return QG_OK;
    QG_NEW(weights, a, c->K);
    for (int k = 0; k < c->K; k++)
        weights[k] = (double)d->n / ((double)c->K * (double)texts[k]);
    *out = weights;
    return QG_OK;
}

typedef struct token_list {
    int32_t *ids;
    int64_t n, cap;
    int64_t unknown;
} token_list;

static qg_code append(token_list *t, qg_arena *a, const qg_encoding *e, int32_t unk)
{
    if (!t->ids || t->n + e->n > t->cap) {
        int64_t cap = 2 * (t->n + e->n) + 4096;
        t->ids = qg_arena_grow(a, t->ids, (size_t)t->n, (size_t)cap, sizeof *t->ids);
        if (!t->ids)
            return QG_ENOMEM;
        t->cap = cap;
    }
    memcpy(t->ids + t->n, e->ids, (size_t)e->n * sizeof *t->ids);
    t->n += e->n;
    for (int i = 0; i < e->n; i++)
        t->unknown += e->ids[i] == unk;
    return QG_OK;
}

/* Encodes all texts. `scratch` is released after each. */
static qg_code tokenize(qg_train_set *out, int *longest, qg_arena *a, qg_arena *scratch,
                        const qg_dataset *d, const qg_tokenizer *tok, int limit)
{
    token_list t = {0};
    int64_t *splits;
    QG_NEW(splits, a, d->n + 1);
    for (int64_t r = 0; r < d->n; r++) {
        qg_encoding e;
        qg_mark m = qg_arena_mark(scratch);
        QG_TRY(qg_tokenizer_encode(&e, tok, scratch, d->text[r], d->text_len[r], limit));
        QG_TRY(append(&t, a, &e, qg_tokenizer_specials(tok).unk));
        *longest = e.n > *longest ? e.n : *longest;
        splits[r + 1] = t.n;
        qg_arena_release(scratch, m);
    }
    int64_t real = t.n - 2 * d->n;
    if (real > 0 && t.unknown * 20 > real)
        qg_warn("%s: %.1f %% of the tokens are unknown to the vocabulary; is do_lower_case right?",
                d->name, 100.0 * (double)t.unknown / (double)real);
    *out = (qg_train_set){.n = d->n, .ids = t.ids, .splits = splits, .label = d->label};
    return QG_OK;
}

static qg_code tokenize_both(qg_training_inputs *in, qg_arena *a, qg_arena *scratch,
                             const qg_tokenizer *tok, const qg_training_config *c)
{
    int own = qg_tokenizer_max_length(tok), positions = in->params.config.positions;
    int limit = c->max_length < positions ? (int)c->max_length : positions;
    limit = own > 0 && own < limit ? own : limit;
    QG_TRY(tokenize(&in->train_set, &in->longest, a, scratch, &in->train, tok, limit));
    return tokenize(&in->validation_set, &in->longest, a, scratch, &in->validation, tok, limit);
}

static qg_code warn_about_leaks(const qg_training_inputs *in, qg_arena *a)
{
    qg_near_rows near;
    int64_t n = qg_dataset_shared(&in->train, &in->validation);
    if (n > 0)
        qg_warn("leak: %lld of %lld validation texts are in the training data, too", (long long)n,
                (long long)in->validation.n);
    qg_near_index train, validation;
    qg_mark mark = qg_arena_mark(a);
    QG_TRY(qg_near_index_make(&train, a, &in->train));
    QG_TRY(qg_near_index_make(&validation, a, &in->validation));
    QG_TRY(qg_dataset_near_rows(&near, a, &train, &validation));
    qg_arena_release(a, mark);
    if (near.n > 0)
        qg_warn("near-duplicates: %lld validation texts are nearly in the training data, the "
                "nearest line %lld and line %lld there (similarity %.2f)",
                (long long)near.n, (long long)near.line, (long long)near.other_line,
                near.similarity);
    return n < 0 ? QG_ENOMEM : QG_OK;
}

qg_code qg_training_inputs_load(qg_training_inputs *out, qg_arena *a, const qg_training_config *c,
                                qg_problems *problems)
{
    qg_tokenizer *tok = NULL;
    const qg_json *from = qg_json_get(c->doc.root, "from");
    int before = problems->n;
    *out = (qg_training_inputs){.longest = 0};
    (void)qg_problems_take_at(problems, &c->doc, from, load_model(out, &tok, a, c));
    if (problems->n == before)
        (void)qg_problems_take_at(problems, &c->doc, c->distill_node,
                                  qg_training_load_teacher(out, a, c, qg_tokenizer_sha256(tok)));
    qg_code rc = qg_training_load_texts(&out->train, &out->file, a, c);
    if (rc == QG_OK && c->objective == QG_OBJECTIVE_CLASSIFICATION)
        rc = weigh_classes(&out->class_weights, a, &out->train, c);
    (void)qg_problems_take_at(problems, &c->doc, c->dataset_node, rc);
    (void)qg_problems_take_at(problems, &c->doc, c->validation_node,
                              qg_training_load_file(&out->validation, a, &c->validation, c));
    if (problems->n > before)
        return problems->item[before].code;
    QG_TRY(warn_about_leaks(out, a));
    qg_arena *scratch = qg_arena_create(0);
    if (!scratch)
        return QG_FAIL(QG_ENOMEM, "no memory");
    rc = tokenize_both(out, a, scratch, tok, c);
    qg_arena_destroy(scratch);
    return rc;
}
