/*
 * explain_slots.c - explanations in the results file: a slot for each text, under /attributions and
 * /faithfulness.
 */
#include "explain_message.h"

#include <math.h>
#include <string.h>

/* Class [slots] that is explained of each text, -1 where there is none. */
static qg_code read_targets(int32_t *target, qg_results *r, const qg_cell *c, const qg_explained *x)
{
    int wanted = r->plan->job->explain.target;
    int32_t *predicted = NULL;
    if (wanted == QG_TARGET_PREDICTED)
        QG_TRY(qg_results_predicted(&predicted, r, c->experiment, c->precision));
    for (int64_t i = 0; i < x->slots; i++)
        target[i] = x->row[i] < 0 ? -1
                    : predicted   ? predicted[x->row[i]]
                    : wanted >= 0 ? wanted
                                  : x->reference[i];
    return QG_OK;
}

qg_code qg_explain_rows(qg_explained *rows, int32_t **target, qg_results *r, const qg_cell *c)
{
    QG_TRY(qg_results_explained(rows, r, c->experiment));
    QG_NEW(*target, r->scratch, rows->slots);
    return read_targets(*target, r, c, rows);
}

/* What a unit of explanation consists of. */
typedef struct slots {
    int64_t first, n, W, T;
    int64_t top, pairs; /* 0 if nothing was measured, if the method gives no pairs */
    int repeats;
    double *word, *token, *again[QG_REPEATS], *value, *base, *delta, *fit;
    int32_t *target, *predicted, *reached, *pair_first, *pair_second;
    double *pair_score;
    int64_t *evaluations, *steps;
    const qg_aopc_bounds *bounds; /* [n]; NULL: AOPC is not normalised */
    double *scalar[QG_FAITHFULS], *at_k[QG_FAITHFULS_AT_K];
} slots;

typedef struct column {
    const char *kind, *name; /* KIND/model/dataset/precision/method/NAME */
    qg_store_type type;
    int64_t width; /* of a slot */
    void *data;    /* [n, width] */
} column;

static const char *const again_names[QG_REPEATS] = {"repeat/word_scores_a", "repeat/word_scores_b"};

enum { MOST_COLUMNS = 14 + QG_REPEATS + QG_FAITHFULS + QG_FAITHFULS_AT_K };

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
        {"attributions", "steps", QG_STORE_I64, 1, x->steps},
        {"attributions", "tolerance_reached", QG_STORE_I32, 1, x->reached},
    };
    int n = sizeof plain / sizeof plain[0];
    memcpy(c, plain, sizeof plain);
    if (x->pairs > 0) {
        const char *of = "attributions";
        c[n++] = (column){of, "interactions/first", QG_STORE_I32, x->pairs, x->pair_first};
        c[n++] = (column){of, "interactions/second", QG_STORE_I32, x->pairs, x->pair_second};
        c[n++] = (column){of, "interactions/score", QG_STORE_F64, x->pairs, x->pair_score};
    }
    for (int i = 0; i < x->repeats; i++)
        c[n++] = (column){"attributions", again_names[i], QG_STORE_F64, x->W, x->again[i]};
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
    for (int i = 0; i < x->repeats; i++)
        QG_TRY(qg_undefined_numbers(&x->again[i], a, n * x->W));
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++)
        QG_TRY(qg_undefined_numbers(single[i], a, n));
    for (int i = 0; i < QG_FAITHFULS; i++)
        QG_TRY(qg_undefined_numbers(&x->scalar[i], a, n));
    for (int i = 0; i < QG_FAITHFULS_AT_K; i++)
        QG_TRY(qg_undefined_numbers(&x->at_k[i], a, n * x->top));
    QG_NEW(x->target, a, n);
    QG_NEW(x->predicted, a, n);
    QG_NEW(x->reached, a, n);
    QG_NEW(x->evaluations, a, n);
    QG_NEW(x->steps, a, n);
    QG_TRY(qg_undefined_numbers(&x->pair_score, a, n * x->pairs));
    QG_NEW(x->pair_first, a, n * x->pairs);
    QG_NEW(x->pair_second, a, n * x->pairs);
    for (int64_t i = 0; i < n * x->pairs; i++)
        x->pair_first[i] = x->pair_second[i] = -1;
    for (int64_t i = 0; i < n; i++) {
        x->target[i] = x->predicted[i] = x->reached[i] = -1;
        x->evaluations[i] = x->steps[i] = -1;
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

qg_code qg_explain_checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group,
                            int64_t first, int64_t count)
{
    const char *of = group + strlen("/attributions/");
    slots x = {.first = first, .n = count};
    int64_t again;
    if (first < 0 || count < 0)
        return QG_FAIL(QG_ESTORE, "/units is damaged: %s", of);
    QG_TRY(width_of(&x.W, &x, s, "attributions", of, "word_scores"));
    QG_TRY(width_of(&x.T, &x, s, "attributions", of, "token_scores"));
    QG_TRY(width_of(&x.top, &x, s, "faithfulness", of, "comprehensiveness"));
    QG_TRY(width_of(&x.pairs, &x, s, "attributions", of, "interactions/score"));
    QG_TRY(width_of(&again, &x, s, "attributions", of, again_names[0]));
    if (x.W == 0)
        return QG_FAIL(QG_ESTORE, "/attributions/%s has no scores of words", of);
    x.repeats = again > 0 ? QG_REPEATS : 0;
    QG_TRY(make_slots(&x, a));
    QG_TRY(transfer(&x, s, of, false));
    *out = sum_slots(&x);
    return QG_OK;
}

/* ----------------------------------------------------------------------------- what comes back */

void qg_explain_get_numbers(double *out, qg_reader *in, int64_t n)
{
    qg_wire_get(in, out, (size_t)n * sizeof *out);
    for (int64_t i = 0; i < n; i++)
        out[i] = isnan(out[i]) ? (double)NAN : out[i];
}

static void get_faithful(slots *x, qg_reader *in, int64_t i)
{
    qg_faithful f;
    qg_explain_get_numbers((double *)&f, in, sizeof f / sizeof(double));
    if (x->bounds)
        qg_faithful_normalise(&f, &x->bounds[i]);
    for (int m = 0; m < QG_FAITHFULS; m++)
        x->scalar[m][i] = f.scalar[m];
    for (int m = 0; m < QG_FAITHFULS_AT_K; m++)
        memcpy(x->at_k[m] + i * x->top, f.at_k[m], (size_t)x->top * sizeof f.at_k[m][0]);
}

static qg_code get_pairs(slots *x, qg_reader *in, int64_t i)
{
    int64_t n = qg_wire_get_i64(in);
    if (n < 0 || n > x->pairs)
        return QG_FAIL(QG_EBUG, "a worker found %lld pairs of words", (long long)n);
    for (int64_t k = i * x->pairs; k < i * x->pairs + n; k++) {
        qg_explain_pair w;
        qg_wire_get(in, &w, sizeof w);
        x->pair_first[k] = (int32_t)w.first;
        x->pair_second[k] = (int32_t)w.second;
        x->pair_score[k] = w.score;
    }
    return QG_OK;
}

static qg_code get_slot(slots *x, qg_reader *in, int64_t i, int64_t words, int64_t tokens)
{
    qg_explain_counts counts;
    qg_explain_numbers numbers;
    qg_wire_get(in, &counts, sizeof counts);
    qg_explain_get_numbers((double *)&numbers, in, sizeof numbers / sizeof(double));
    x->predicted[i] = (int32_t)counts.predicted;
    x->evaluations[i] = counts.evaluations;
    x->steps[i] = counts.steps;
    x->reached[i] = (int32_t)counts.reached;
    x->value[i] = numbers.value;
    x->base[i] = numbers.base;
    x->delta[i] = numbers.delta;
    x->fit[i] = numbers.fit;
    qg_explain_get_numbers(x->token + i * x->T, in, tokens);
    qg_explain_get_numbers(x->word + i * x->W, in, words);
    if (x->pairs > 0)
        QG_TRY(get_pairs(x, in, i));
    for (int k = 0; k < x->repeats; k++)
        qg_explain_get_numbers(x->again[k] + i * x->W, in, words);
    if (x->top > 0)
        get_faithful(x, in, i);
    return QG_OK;
}

/* The bounds of the slots, where the job has them. */
static qg_code read_bounds(slots *x, qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    int cell = qg_plan_bounds_cell(p, c->experiment, c->precision);
    double *lower, *upper;
    qg_aopc_bounds *bounds;
    if (cell < 0)
        return QG_OK;
    qg_group_ref g = qg_cell_group(p, &p->cells[cell], QG_GROUP_BOUNDS);
    QG_NEW(lower, r->scratch, x->n);
    QG_NEW(upper, r->scratch, x->n);
    QG_NEW(bounds, r->scratch, x->n);
    QG_TRY(qg_results_read(r, g, "aopc_lower", QG_STORE_F64, &x->first, &x->n, lower));
    QG_TRY(qg_results_read(r, g, "aopc_upper", QG_STORE_F64, &x->first, &x->n, upper));
    for (int64_t i = 0; i < x->n; i++)
        bounds[i] = (qg_aopc_bounds){lower[i], upper[i]};
    x->bounds = bounds;
    return QG_OK;
}

qg_code qg_explain_store(uint64_t *sum, qg_results *r, int unit, const qg_work_result *result)
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
               .pairs = qg_method_pairs(&p->job->explain.methods[c->method]),
               .repeats = qg_plan_repeats(p, c)};
    qg_reader in = {.data = result->data, .size = result->size};
    qg_group_ref g = qg_cell_group(p, c, QG_GROUP_ATTRIBUTIONS);
    qg_explained rows;
    int32_t *target;
    char path[1024];
    QG_TRY(qg_explain_rows(&rows, &target, r, c));
    QG_TRY(make_slots(&x, r->scratch));
    QG_TRY(read_bounds(&x, r, c));
    const char *gradients = qg_wire_get_text(&in, r->scratch);
    if (!gradients)
        return QG_ENOMEM;
    QG_TRY(qg_results_write_text(r, g, "gradients", gradients));
    for (int64_t i = 0; i < x.n; i++) {
        int64_t slot = x.first + i;
        x.target[i] = target[slot];
        if (rows.row[slot] >= 0)
            QG_TRY(get_slot(&x, &in, i, rows.words[slot], rows.tokens[slot]));
    }
    QG_TRY(qg_wire_end(&in));
    qg_group_path(path, sizeof path, p->job, g, NULL);
    QG_TRY(transfer(&x, r->store, path + strlen("/attributions/"), true));
    *sum = sum_slots(&x);
    return QG_OK;
}
