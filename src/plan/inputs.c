/*
 * inputs.c - models' configurations and tokenizers, data sets, tokens.
 */
#include "inputs.h"

#include "qgrid/str.h"

#include <string.h>

/* The classes of a model in the order of the job's labels. */
static qg_code order_classes(qg_plan_model *m, qg_arena *a, const qg_job *job, const qg_json *v)
{
    if (qg_is_packed(m->source.dir))
        return QG_JSON_FAIL(&job->doc, v, QG_EJOB,
                            "%.120s is packed, its classes keep their order; name the checkpoint "
                            "that it was made from",
                            m->source.dir);
    QG_TRY(qg_labels_order(&m->source, a, &job->doc, v, job->labels, job->K, &m->config));
    return qg_source_config(&m->config, a, &m->source);
}

/* The job's word counts, but a class that has the name of another label is likely a mistake. */
static const char *contradiction(const qg_plan_model *m, const qg_job *job)
{
    for (int k = 0; m->source.class_order && k < job->K; k++)
        for (int other = 0; other < job->K; other++)
            if (other != k && strcmp(m->config.labels[k], job->labels[other]) == 0)
                return m->config.labels[k];
    return NULL;
}

static qg_code load_model(qg_plan_model *m, qg_arena *a, const qg_job *job, const qg_job_model *jm)
{
    m->source = jm->source;
    if (!qg_dir_exists(jm->source.dir))
        return QG_FAIL_AT(QG_EIO, jm->source.dir, 0, 0, NULL, "there is no such model folder");
    QG_TRY(qg_config_load(&m->config, a, jm->source.dir));
    if (jm->labels && job->labels)
        QG_TRY(order_classes(m, a, job, jm->labels));
    else if (!jm->source.random_head && job->labels)
        QG_TRY(qg_labels_fit(job->labels, job->K, jm->source.dir, &m->config));
    QG_TRY(qg_model_hash(m->hash, &m->source));
    return qg_tokenizer_load(&m->tokenizer, a, jm->source.dir);
}

/* Pairs, phenomena and cues decide what is made of the predictions. */
static void add_pairs(qg_sha256 *h, const qg_minimal_pairs *x, int64_t rows)
{
    qg_sha256_add_text(h, "pairs");
    for (int i = 0; i < x->n_phenomena; i++)
        qg_sha256_add_text(h, x->phenomenon[i]);
    qg_sha256_add(h, x->of_row, (size_t)rows * sizeof *x->of_row);
    qg_sha256_add(h, x->first, (size_t)x->n * sizeof *x->first);
    qg_sha256_add(h, x->cue_splits, (size_t)(rows + 1) * sizeof *x->cue_splits);
    qg_sha256_add(h, x->cue, (size_t)x->cue_splits[rows] * sizeof *x->cue);
}

static void hash_dataset(qg_plan_dataset *d)
{
    qg_sha256 h;
    qg_sha256_init(&h);
    for (int64_t i = 0; i < d->data.n; i++) {
        qg_sha256_add_text(&h, d->data.text[i]);
        qg_sha256_add(&h, &d->data.label[i], sizeof d->data.label[i]);
    }
    if (d->data.pairs)
        add_pairs(&h, d->data.pairs, d->data.n);
    qg_sha256_final(&h, d->hash);
}

qg_code qg_plan_dataset_load(qg_plan_dataset *d, qg_arena *a, const qg_dataset_spec *spec,
                             const char *const *labels)
{
    d->path = spec->path;
    QG_TRY(qg_dataset_load(&d->data, a, spec, labels));
    hash_dataset(d);
    return QG_OK;
}

/* From its file, or from a data set before it; nothing where that one could not be loaded. */
static qg_code load_dataset(qg_plan *p, qg_arena *a, int i)
{
    const qg_job *job = p->job;
    qg_plan_dataset *d = &p->datasets[i];
    int source = job->dataset_source[i];
    if (source < 0)
        return qg_plan_dataset_load(d, a, &job->datasets[i], job->labels);
    if (p->datasets[source].data.n == 0)
        return QG_OK;
    d->path = job->datasets[i].path;
    QG_TRY(
        qg_dataset_derive(&d->data, a, &job->datasets[i], &p->datasets[source].data, job->labels));
    hash_dataset(d);
    return QG_OK;
}

int qg_plan_max_length(const qg_plan_model *m, int64_t most)
{
    int own = qg_tokenizer_max_length(m->tokenizer);
    int64_t n = most < m->config.positions ? most : m->config.positions;
    return (int)(own > 0 && n > own ? own : n);
}

enum { TOKEN_ARRAYS = 6 }; /* ids, start, end, word; forms of words, of runs */

typedef struct token_arrays {
    int64_t cap;
    int n; /* arrays that are wanted */
    int32_t *array[TOKEN_ARRAYS];
} token_arrays;

static qg_code reserve(token_arrays *t, qg_arena *a, int64_t used, int64_t more)
{
    if (t->cap && used + more <= t->cap)
        return QG_OK;
    int64_t cap = t->cap ? 2 * t->cap : 4096;
    while (cap < used + more)
        cap *= 2;
    for (int i = 0; i < t->n; i++) {
        t->array[i] = qg_arena_grow(a, t->array[i], (size_t)used, (size_t)cap, sizeof(int32_t));
        if (!t->array[i])
            return QG_ENOMEM;
    }
    t->cap = cap;
    return QG_OK;
}

static int count_unknown(const qg_encoding *e, const qg_tokenizer *tok)
{
    int n = 0;
    int32_t unk = qg_tokenizer_specials(tok).unk;
    for (int i = 0; i < e->n; i++)
        n += e->ids[i] == unk;
    return n;
}

/* Encodes all rows, with forms if they are explained. `scratch` is released after each text. */
static qg_code tokenize(qg_plan_tokens *out, qg_arena *a, qg_arena *scratch, const qg_dataset *d,
                        const qg_tokenizer *tok, bool explained)
{
    token_arrays t = {.n = explained ? TOKEN_ARRAYS : TOKEN_ARRAYS - 2};
    int64_t *splits;
    QG_NEW(splits, a, d->n + 1);
    for (int64_t r = 0; r < d->n; r++) {
        qg_encoding e;
        qg_mark m = qg_arena_mark(scratch);
        QG_TRY(qg_tokenizer_encode(&e, tok, scratch, d->text[r], d->text_len[r], out->max_length));
        if (explained)
            QG_TRY(qg_encoding_forms(&e, scratch, d->text[r], d->text_len[r]));
        QG_TRY(reserve(&t, a, out->T, e.n));
        const int32_t *from[TOKEN_ARRAYS] = {e.ids,  e.start,     e.end,
                                             e.word, e.word_form, e.run_form};
        for (int i = 0; i < t.n; i++)
            memcpy(t.array[i] + out->T, from[i], (size_t)e.n * sizeof(int32_t));
        out->T += e.n;
        splits[r + 1] = out->T;
        out->truncated += e.truncated;
        out->unknown += count_unknown(&e, tok);
        qg_arena_release(scratch, m);
    }
    out->splits = splits;
    out->ids = t.array[0];
    out->start = t.array[1];
    out->end = t.array[2];
    out->word = t.array[3];
    out->word_form = t.array[4];
    out->run_form = t.array[5];
    return QG_OK;
}

/* Words are the same under every tokenizer: one with a limit of 3 tokens finds them all. */
static qg_code find_words(qg_plan_dataset *d, qg_arena *a, qg_arena *scratch,
                          const qg_tokenizer *tok)
{
    int64_t *splits, cap = 0, n = 0;
    int32_t *start = NULL, *end = NULL;
    QG_NEW(splits, a, d->data.n + 1);
    for (int64_t r = 0; r < d->data.n; r++) {
        qg_encoding e;
        qg_mark m = qg_arena_mark(scratch);
        QG_TRY(qg_tokenizer_encode(&e, tok, scratch, d->data.text[r], d->data.text_len[r], 3));
        if (!start || n + e.n_words > cap) {
            int64_t want = 2 * (n + e.n_words) + 1024;
            start = qg_arena_grow(a, start, (size_t)n, (size_t)want, sizeof *start);
            end = qg_arena_grow(a, end, (size_t)n, (size_t)want, sizeof *end);
            if (!start || !end)
                return QG_ENOMEM;
            cap = want;
        }
        memcpy(start + n, e.word_start, (size_t)e.n_words * sizeof *start);
        memcpy(end + n, e.word_end, (size_t)e.n_words * sizeof *end);
        n += e.n_words;
        splits[r + 1] = n;
        qg_arena_release(scratch, m);
    }
    d->n_words = n;
    d->word_splits = splits;
    d->word_start = start;
    d->word_end = end;
    return QG_OK;
}

qg_code qg_plan_warn(qg_plan *p, qg_arena *a, const char *text)
{
    if (!text)
        return QG_ENOMEM;
    size_t n = (size_t)p->n_warnings;
    if ((n & (n - 1)) == 0)
        p->warnings = qg_arena_grow(a, p->warnings, n, n ? 2 * n : 8, sizeof *p->warnings);
    if (!p->warnings)
        return QG_ENOMEM;
    p->warnings[p->n_warnings++] = text;
    return QG_OK;
}

/* Trained models get a config of our own. */
static qg_code warn_about_model(qg_plan *p, qg_arena *a, int i)
{
    char names[200];
    const qg_plan_model *m = &p->models[i];
    if (m->training || m->source.random_weights)
        return QG_OK;
    const char *doubts = qg_config_doubts(a, &m->config, m->source.dir);
    if (!doubts || (*doubts && qg_plan_warn(p, a, doubts) != QG_OK))
        return QG_ENOMEM;
    const char *other = contradiction(m, p->job);
    if (other)
        QG_TRY(
            qg_plan_warn(p, a,
                         qg_arena_printf(a,
                                         "%s: config.json calls a class %s that \"labels\" of the "
                                         "model makes another one; \"labels\" counts",
                                         m->source.dir, other)));
    if (m->source.random_head || m->source.class_order || !qg_labels_are_numbers(&m->config))
        return QG_OK;
    return qg_plan_warn(p, a,
                        qg_arena_printf(a,
                                        "%s: config.json does not name the classes: they are taken "
                                        "to be the job's labels in this order: %s; \"labels\" of "
                                        "the model says another one",
                                        m->source.dir,
                                        qg_join_names(names, sizeof names, p->job->labels)));
}

/* Unknown tokens of lower-cased texts. */
static qg_code unknown_in_lower_case(int64_t *unknown, qg_arena *scratch, const qg_dataset *d,
                                     const qg_tokenizer *tok, int limit)
{
    static const qg_normalization lower = {1, {QG_TEXT_LOWER}};
    *unknown = 0;
    for (int64_t r = 0; r < d->n; r++) {
        qg_encoding e;
        size_t len;
        qg_mark m = qg_arena_mark(scratch);
        const char *text = qg_normalize_text(scratch, &lower, d->text[r], d->text_len[r], &len);
        if (!text)
            return QG_ENOMEM;
        QG_TRY(qg_tokenizer_encode(&e, tok, scratch, text, len, limit));
        *unknown += count_unknown(&e, tok);
        qg_arena_release(scratch, m);
    }
    return QG_OK;
}

/* Predictions over texts that are mostly [UNK] say nothing of the model. */
static qg_code warn_about_unknown(qg_plan *p, qg_arena *a, qg_arena *scratch, int e)
{
    const qg_experiment *x = &p->job->experiments[e];
    const qg_plan_tokens *t = p->tokens[e];
    const qg_dataset *d = &p->datasets[x->dataset].data;
    int64_t real = t->T - 2 * d->n, lower;
    if (real <= 0 || (double)t->unknown <= QG_MOST_UNKNOWN * (double)real)
        return QG_OK;
    QG_TRY(unknown_in_lower_case(&lower, scratch, d, p->models[x->model].tokenizer, t->max_length));
    p->unreadable++;
    double share = 100.0 * (double)t->unknown / (double)real;
    if (2 * lower < t->unknown)
        return qg_plan_warn(
            p, a,
            qg_arena_printf(a,
                            "experiment %s: %.1f %% of the tokens are unknown to the vocabulary, "
                            "which has lower case only: \"normalize\": \"lower\" of dataset %s "
                            "makes that %.1f %%",
                            x->name, share, d->name, 100.0 * (double)lower / (double)real));
    return qg_plan_warn(p, a,
                        qg_arena_printf(a,
                                        "experiment %s: %.1f %% of the tokens are unknown to the "
                                        "vocabulary; is it the one of this model and language?",
                                        x->name, share));
}

static qg_code experiment_tokens(qg_plan *p, qg_arena *a, qg_arena *scratch, int e)
{
    const qg_experiment *x = &p->job->experiments[e];
    const qg_tokenizer *tok = p->models[x->model].tokenizer;
    const char *sha = qg_tokenizer_sha256(tok);
    int limit = qg_plan_max_length(&p->models[x->model], p->job->max_length);
    for (int i = 0; i < e; i++) {
        qg_plan_tokens *t = p->tokens[i];
        if (t && t->dataset == x->dataset && t->max_length == limit &&
            strcmp(t->tokenizer, sha) == 0) {
            p->tokens[e] = t;
            return QG_OK;
        }
    }
    qg_plan_tokens *t;
    QG_NEW(t, a, 1);
    t->dataset = x->dataset;
    t->tokenizer = sha;
    t->max_length = limit;
    qg_plan_dataset *d = &p->datasets[x->dataset];
    QG_TRY(tokenize(t, a, scratch, &d->data, tok, p->job->explain.n_methods > 0));
    if (!d->word_splits)
        QG_TRY(find_words(d, a, scratch, tok));
    p->tokens[e] = t;
    return warn_about_unknown(p, a, scratch, e);
}

/* Whether something is wrong with a value, or inside it. */
static bool is_wrong(const qg_problems *problems, const qg_json *v)
{
    char pointer[96];
    size_t n = strlen(qg_json_pointer(pointer, sizeof pointer, v));
    for (int i = 0; i < problems->n; i++) {
        const char *field = problems->item[i].field;
        if (strncmp(field, pointer, n) == 0 && (field[n] == 0 || field[n] == '/'))
            return true;
    }
    return false;
}

qg_code qg_plan_try_inputs(qg_plan *p, qg_arena *a, const qg_job *job, qg_problems *problems)
{
    qg_job known = *job;
    const qg_json *labels = qg_json_get(job->doc.root, "labels");
    *p = (qg_plan){.job = job};
    if (!labels || is_wrong(problems, labels))
        known.labels = NULL;
    QG_NEW(p->models, a, job->n_models);
    QG_NEW(p->datasets, a, job->n_datasets);
    for (int i = 0; i < job->n_datasets; i++) {
        const qg_dataset_spec *d = &job->datasets[i];
        if (job->dataset_source[i] >= 0 || /* it has no file of its own */
            is_wrong(problems, job->dataset_nodes[i]) ||
            (!known.labels && d->sampling.per_class > 0))
            continue;
        (void)qg_dataset_problems(problems, &p->datasets[i].data, d, &job->doc,
                                  job->dataset_nodes[i],
                                  qg_plan_dataset_load(&p->datasets[i], a, d, known.labels));
    }
    for (int i = 0; i < job->n_models; i++) {
        const qg_job_model *m = &job->models[i];
        if (!m->training && m->source.dir && !is_wrong(problems, m->node))
            (void)qg_problems_take_at(problems, &job->doc, m->node,
                                      load_model(&p->models[i], a, &known, m));
    }
    return problems->failed ? QG_ENOMEM : QG_OK;
}

qg_code qg_plan_inputs(qg_plan *p, qg_arena *a, qg_problems *problems)
{
    const qg_job *job = p->job;
    int before = problems->n;
    QG_NEW(p->models, a, job->n_models);
    QG_NEW(p->datasets, a, job->n_datasets);
    QG_NEW(p->tokens, a, job->n_experiments);
    for (int i = 0; i < job->n_datasets; i++)
        (void)qg_dataset_problems(problems, &p->datasets[i].data, &job->datasets[i], &job->doc,
                                  job->dataset_nodes[i], load_dataset(p, a, i));
    for (int i = 0; i < job->n_models; i++) {
        if (job->models[i].training)
            QG_TRY(qg_plan_training_make(p, a, i, problems));
        else
            (void)qg_problems_take_at(problems, &job->doc, job->models[i].node,
                                      load_model(&p->models[i], a, job, &job->models[i]));
    }
    if (problems->n > before)
        return problems->item[before].code;
    for (int i = 0; i < job->n_models; i++)
        QG_TRY(warn_about_model(p, a, i));
    QG_TRY(qg_plan_warn_of_datasets(p, a));
    qg_arena *scratch = qg_arena_create(0);
    if (!scratch)
        return QG_FAIL(QG_ENOMEM, "no memory");
    qg_code rc = QG_OK;
    for (int e = 0; e < job->n_experiments && rc == QG_OK; e++)
        rc = experiment_tokens(p, a, scratch, e);
    qg_arena_destroy(scratch);
    return rc;
}
