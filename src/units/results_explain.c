/*
 * results_explain.c - units of explanation: what goes out, what comes back, checksums.
 */
#include "results_explain.h"

#include "qgrid/tokenizer.h"
#include "work.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------------------ explained texts */

static qg_code read_predicted(int32_t **out, qg_results *r, int experiment, int precision)
{
    const qg_plan *p = r->plan;
    const qg_cell *c = &p->cells[qg_predict_cell(p, experiment, precision)];
    int64_t n = p->datasets[p->tokens[experiment]->dataset].data.n;
    QG_NEW(*out, r->scratch, n);
    QG_TRY(qg_results_read(r, qg_cell_group(p, c, QG_GROUP_PREDICTIONS), "predicted", QG_STORE_I32,
                           NULL, NULL, *out));
    for (int64_t i = 0; i < n; i++)
        if ((*out)[i] < 0 || (*out)[i] >= p->job->K)
            return QG_FAIL(QG_ESTORE, "%s: prediction %lld is class %d", c->name, (long long)i,
                           (*out)[i]);
    return QG_OK;
}

qg_code qg_results_explained(qg_explained *out, qg_results *r, int experiment)
{
    const qg_plan *p = r->plan;
    const qg_plan_tokens *t = p->tokens[experiment];
    int32_t *reference;
    int64_t n = p->explained[experiment].slots;
    *out = (qg_explained){.slots = n};
    QG_TRY(read_predicted(&reference, r, experiment, qg_plan_reference(p->job)));
    QG_NEW(out->row, r->scratch, n);
    QG_NEW(out->reference, r->scratch, n);
    QG_NEW(out->words, r->scratch, n);
    QG_NEW(out->tokens, r->scratch, n);
    qg_plan_explained_rows(out->row, p, experiment, reference);
    for (int64_t i = 0; i < n; i++) {
        int64_t row = out->row[i];
        out->reference[i] = row < 0 ? -1 : reference[row];
        out->words[i] = row < 0 ? -1 : (int32_t)qg_plan_words(t, row);
        out->tokens[i] = row < 0 ? -1 : (int32_t)(t->splits[row + 1] - t->splits[row]);
    }
    return QG_OK;
}

qg_code qg_results_put_explained(qg_results *r, int experiment)
{
    qg_explained x;
    const qg_experiment *e = &r->plan->job->experiments[experiment];
    qg_group_ref g = {QG_GROUP_EXPLAINED, e->model, e->dataset, -1, -1};
    QG_TRY(qg_results_explained(&x, r, experiment));
    QG_TRY(qg_results_write(r, g, "row", QG_STORE_I64, NULL, NULL, x.row));
    QG_TRY(qg_results_write(r, g, "reference", QG_STORE_I32, NULL, NULL, x.reference));
    QG_TRY(qg_results_write(r, g, "words", QG_STORE_I32, NULL, NULL, x.words));
    return qg_results_write(r, g, "tokens", QG_STORE_I32, NULL, NULL, x.tokens);
}

static qg_code targets(int32_t *target, qg_results *r, const qg_cell *c, const qg_explained *x)
{
    int wanted = r->plan->job->explain.target;
    int32_t *predicted = NULL;
    if (wanted == QG_TARGET_PREDICTED)
        QG_TRY(read_predicted(&predicted, r, c->experiment, c->precision));
    for (int64_t i = 0; i < x->slots; i++)
        target[i] = x->row[i] < 0 ? -1
                    : predicted   ? predicted[x->row[i]]
                    : wanted >= 0 ? wanted
                                  : x->reference[i];
    return QG_OK;
}

/* ------------------------------------------------------------------------------------ assignment
 */

static void put_text(qg_str *out, const qg_plan *p, int experiment, const qg_explained *x,
                     int64_t slot, int32_t target)
{
    const qg_plan_tokens *t = p->tokens[experiment];
    int64_t row = x->row[slot], at = t->splits[row];
    qg_work_text w = {qg_explain_key(t->ids + at, x->tokens[slot]), x->tokens[slot], x->words[slot],
                      target};
    qg_wire_put(out, &w, sizeof w);
    qg_wire_put(out, t->ids + at, (size_t)w.n * sizeof *t->ids);
    qg_wire_put(out, t->word + at, (size_t)w.n * sizeof *t->word);
}

qg_code qg_results_explain_input(qg_str *out, qg_results *r, int unit)
{
    const qg_plan *p = r->plan;
    const qg_unit *u = &p->units[unit];
    const qg_cell *c = &p->cells[p->tasks[u->task].cell];
    const qg_explain_options *o = &p->job->explain;
    qg_work_explain how = {.method = o->methods[c->method].canonical,
                           .seed = o->seed,
                           .repeat = qg_plan_repeats(p, c),
                           .specials = qg_tokenizer_specials(p->models[c->model].tokenizer),
                           .faithful = o->faithful};
    qg_explained x;
    int32_t *target;
    int64_t n = 0;
    QG_TRY(qg_results_explained(&x, r, c->experiment));
    QG_NEW(target, r->scratch, x.slots);
    QG_TRY(targets(target, r, c, &x));
    qg_work_put_explain(out, &how);
    for (int64_t i = u->first; i < u->first + u->count; i++)
        n += x.row[i] >= 0;
    qg_wire_put_i64(out, n);
    for (int64_t i = u->first; i < u->first + u->count; i++)
        if (x.row[i] >= 0)
            put_text(out, p, c->experiment, &x, i, target[i]);
    return QG_OK;
}

/* ----------------------------------------------------------------------------------------- slots
 */

/* What a unit of explanation consists of. */
typedef struct slots {
    int64_t first, n, W, T, top; /* top: 0 if nothing was measured */
    bool repeat;
    double *word, *token, *again, *value, *base, *delta, *fit;
    int32_t *target, *predicted;
    int64_t *evaluations;
    double *scalar[QG_FAITHFULS], *at_k[QG_FAITHFULS_AT_K];
} slots;

typedef struct column {
    const char *kind, *name; /* KIND/model/dataset/precision/method/NAME */
    qg_store_type type;
    int64_t width; /* of a slot */
    void *data;    /* [n, width] */
} column;

enum { MOST_COLUMNS = 10 + QG_FAITHFULS + QG_FAITHFULS_AT_K };

/* The columns that are there, in a fixed order; returns how many. */
static int columns(column *c, const slots *x)
{
    const column plain[] = {
        {"attributions", "word_scores", QG_STORE_F64, x->W, x->word},
        {"attributions", "token_scores", QG_STORE_F64, x->T, x->token},
        {"attributions", "target", QG_STORE_I32, 1, x->target},
        {"attributions", "predicted", QG_STORE_I32, 1, x->predicted},
        {"attributions", "value", QG_STORE_F64, 1, x->value},
        {"attributions", "base_value", QG_STORE_F64, 1, x->base},
        {"attributions", "delta", QG_STORE_F64, 1, x->delta},
        {"attributions", "fit", QG_STORE_F64, 1, x->fit},
        {"attributions", "evaluations", QG_STORE_I64, 1, x->evaluations},
    };
    int n = sizeof plain / sizeof plain[0];
    memcpy(c, plain, sizeof plain);
    if (x->repeat)
        c[n++] = (column){"attributions", "repeat/word_scores", QG_STORE_F64, x->W, x->again};
    for (int i = 0; i < QG_FAITHFULS && x->top > 0; i++)
        c[n++] = (column){"faithfulness", qg_faithful_names[i], QG_STORE_F64, 1, x->scalar[i]};
    for (int i = 0; i < QG_FAITHFULS_AT_K && x->top > 0; i++)
        c[n++] =
            (column){"faithfulness", qg_faithful_at_k_names[i], QG_STORE_F64, x->top, x->at_k[i]};
    return n;
}

/* Everything undefined; sizes are set. */
static qg_code make_slots(slots *x, qg_arena *a)
{
    int64_t n = x->n;
    double **single[] = {&x->value, &x->base, &x->delta, &x->fit};
    QG_TRY(qg_undefined_numbers(&x->word, a, n * x->W));
    QG_TRY(qg_undefined_numbers(&x->token, a, n * x->T));
    QG_TRY(qg_undefined_numbers(&x->again, a, x->repeat ? n * x->W : 0));
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++)
        QG_TRY(qg_undefined_numbers(single[i], a, n));
    for (int i = 0; i < QG_FAITHFULS; i++)
        QG_TRY(qg_undefined_numbers(&x->scalar[i], a, n));
    for (int i = 0; i < QG_FAITHFULS_AT_K; i++)
        QG_TRY(qg_undefined_numbers(&x->at_k[i], a, n * x->top));
    QG_NEW(x->target, a, n);
    QG_NEW(x->predicted, a, n);
    QG_NEW(x->evaluations, a, n);
    for (int64_t i = 0; i < n; i++) {
        x->target[i] = x->predicted[i] = -1;
        x->evaluations[i] = -1;
    }
    return QG_OK;
}

static size_t bytes_of(const column *c, int64_t n)
{
    return (size_t)(n * c->width) * (c->type == QG_STORE_I32 ? 4 : 8);
}

static uint64_t sum_slots(const slots *x)
{
    qg_sha256 h;
    column c[MOST_COLUMNS];
    int n = columns(c, x);
    qg_sha256_init(&h);
    for (int i = 0; i < n; i++)
        qg_sha256_add(&h, c[i].data, bytes_of(&c[i], x->n));
    return qg_checksum_final(&h);
}

/* Reads or writes the slots of one explanation. */
static qg_code transfer(const slots *x, qg_store *s, const char *of, bool write)
{
    char path[1200];
    column c[MOST_COLUMNS];
    int n = columns(c, x);
    for (int i = 0; i < n; i++) {
        int64_t start[] = {x->first, 0}, count[] = {x->n, c[i].width};
        snprintf(path, sizeof path, "/%s/%s/%s", c[i].kind, of, c[i].name);
        QG_TRY(write ? qg_store_write(s, path, c[i].type, start, count, c[i].data)
                     : qg_store_read(s, path, c[i].type, start, count, c[i].data));
    }
    return QG_OK;
}

/* Length of the second dimension of a dataset; 0 where there is none. */
static qg_code width_of(int64_t *out, const slots *x, qg_store *s, const char *kind, const char *of,
                        const char *name)
{
    char path[1200];
    qg_store_info info;
    *out = 0;
    snprintf(path, sizeof path, "/%s/%s/%s", kind, of, name);
    if (!qg_store_has(s, path))
        return QG_OK;
    QG_TRY(qg_store_describe(&info, s, path));
    if (info.type != QG_STORE_F64 || info.ndim != 2 || x->n > info.shape[0] - x->first)
        return QG_FAIL(QG_ESTORE, "%s is not a table of numbers with %lld rows from %lld on", path,
                       (long long)x->n, (long long)x->first);
    *out = info.shape[1];
    return QG_OK;
}

qg_code qg_explanation_checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *of,
                                int64_t first, int64_t count)
{
    slots x = {.first = first, .n = count};
    int64_t again;
    if (first < 0 || count < 0)
        return QG_FAIL(QG_ESTORE, "/units is damaged: %s", of);
    QG_TRY(width_of(&x.W, &x, s, "attributions", of, "word_scores"));
    QG_TRY(width_of(&x.T, &x, s, "attributions", of, "token_scores"));
    QG_TRY(width_of(&x.top, &x, s, "faithfulness", of, "comprehensiveness"));
    QG_TRY(width_of(&again, &x, s, "attributions", of, "repeat/word_scores"));
    if (x.W == 0)
        return QG_FAIL(QG_ESTORE, "/attributions/%s has no scores of words", of);
    x.repeat = again > 0;
    QG_TRY(make_slots(&x, a));
    QG_TRY(transfer(&x, s, of, false));
    *out = sum_slots(&x);
    return QG_OK;
}

/* -------------------------------------------------------------------------------------- results */

/* Undefined is one bit pattern, whichever processor found it out. */
static void get_numbers(double *out, qg_reader *in, int64_t n)
{
    qg_wire_get(in, out, (size_t)n * sizeof *out);
    for (int64_t i = 0; i < n; i++)
        out[i] = isnan(out[i]) ? (double)NAN : out[i];
}

static void get_faithful(slots *x, qg_reader *in, int64_t i)
{
    qg_faithful f;
    get_numbers((double *)&f, in, sizeof f / sizeof(double));
    for (int m = 0; m < QG_FAITHFULS; m++)
        x->scalar[m][i] = f.scalar[m];
    for (int m = 0; m < QG_FAITHFULS_AT_K; m++)
        memcpy(x->at_k[m] + i * x->top, f.at_k[m], (size_t)x->top * sizeof f.at_k[m][0]);
}

static void get_slot(slots *x, qg_reader *in, int64_t i, int64_t words, int64_t tokens)
{
    qg_work_explained w;
    double number[4];
    qg_wire_get(in, &w.predicted, sizeof w.predicted);
    qg_wire_get(in, &w.evaluations, sizeof w.evaluations);
    get_numbers(number, in, 4);
    x->predicted[i] = (int32_t)w.predicted;
    x->evaluations[i] = w.evaluations;
    x->value[i] = number[0];
    x->base[i] = number[1];
    x->delta[i] = number[2];
    x->fit[i] = number[3];
    get_numbers(x->token + i * x->T, in, tokens);
    get_numbers(x->word + i * x->W, in, words);
    if (x->repeat)
        get_numbers(x->again + i * x->W, in, words);
    if (x->top > 0)
        get_faithful(x, in, i);
}

static qg_code put_gradients(qg_results *r, const qg_cell *c, qg_reader *in)
{
    char fixed[QG_NAME_SIZE] = {0};
    const char *text = qg_wire_get_text(in, r->scratch);
    if (!text)
        return QG_ENOMEM;
    snprintf(fixed, sizeof fixed, "%s", text);
    return qg_results_write(r, qg_cell_group(r->plan, c, QG_GROUP_ATTRIBUTIONS), "gradients",
                            QG_STORE_STRING, NULL, NULL, fixed);
}

qg_code qg_results_put_explain(qg_results *r, int unit, qg_reader *in, uint64_t *sum)
{
    const qg_plan *p = r->plan;
    const qg_unit *u = &p->units[unit];
    const qg_cell *c = &p->cells[p->tasks[u->task].cell];
    const qg_plan_explained *e = &p->explained[c->experiment];
    slots x = {.first = u->first,
               .n = u->count,
               .W = e->words,
               .T = e->tokens,
               .top = p->job->explain.faithful.n_k,
               .repeat = qg_plan_repeats(p, c)};
    qg_explained rows;
    int32_t *target;
    char path[1024];
    QG_TRY(qg_results_explained(&rows, r, c->experiment));
    QG_NEW(target, r->scratch, rows.slots);
    QG_TRY(targets(target, r, c, &rows));
    QG_TRY(make_slots(&x, r->scratch));
    QG_TRY(put_gradients(r, c, in));
    for (int64_t i = 0; i < x.n; i++) {
        int64_t slot = x.first + i;
        x.target[i] = target[slot];
        if (rows.row[slot] >= 0)
            get_slot(&x, in, i, rows.words[slot], rows.tokens[slot]);
    }
    QG_TRY(qg_wire_end(in));
    qg_group_path(path, sizeof path, p->job, qg_cell_group(p, c, QG_GROUP_ATTRIBUTIONS), NULL);
    QG_TRY(transfer(&x, r->store, path + strlen("/attributions/"), true));
    *sum = sum_slots(&x);
    return QG_OK;
}
