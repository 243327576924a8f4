/*
 * judged.c - reading the numbers by which variants are judged.
 *
 * Each is a mean over the seeds of a variant, and NaN, with the cell that lacks it, when one seed
 * has none: what is not known is never taken for good.
 */
#include "judged.h"

#include "qgrid/pair_scores.h"

#include <math.h>
#include <string.h>

#define GROUP "/recommendation"

typedef struct reader {
    qg_reading *r;
    qg_judged_set *out;
    const char **cell, **variant, **reference_cell, **reference; /* [members] */
    int64_t members;
    const char **method; /* [n_methods] */
    int n_methods;
    bool by_seeds; /* the job wants rho judged by what seeds have in common */
    qg_candidate threshold;
} reader;

/* Adds a number of one seed; the first that is not known tells which cell has it. */
static qg_code add(reader *d, qg_judged *v, qg_criterion c, double number, const char *cell)
{
    v->x.value[c] += number;
    if (!isnan(number) || v->why[c] || isnan(d->threshold.value[c]))
        return QG_OK;
    const qg_read_cell *of = qg_reading_cell(d->r, cell);
    const char *state = !of                            ? "which the file has not"
                        : of->state == QG_STATE_DONE   ? "which has no such number"
                        : of->state == QG_STATE_FAILED ? "which failed"
                        : of->state == QG_STATE_OPEN   ? "which is not finished"
                                                       : "which is skipped";
    v->why[c] = qg_arena_printf(d->r->arena, "no %s: it is a number of %s, %s",
                                qg_criterion_names[c], cell, state);
    return v->why[c] ? QG_OK : QG_ENOMEM;
}

/* A scalar of a group of a cell; NaN where the cell is not finished. */
static qg_code scalar(double *out, reader *d, const qg_read_cell *c, const char *pattern,
                      const char *name)
{
    char *group;
    *out = (double)NAN;
    if (!c || c->state != QG_STATE_DONE)
        return QG_OK;
    QG_TRY(qg_reading_path(&group, d->r, pattern, c));
    *out = qg_reading_f64(d->r, group, name);
    return QG_OK;
}

#define METRICS "/metrics/{model}/{dataset}/{precision}"

/* One number of a matrix of a cell; NaN where the cell is not finished. */
static qg_code number_of(double *out, reader *d, const qg_read_cell *c, const char *pattern,
                         const char *const scale[3], const char *const at[3])
{
    qg_matrix m;
    char *path;
    *out = (double)NAN;
    if (!c || c->state != QG_STATE_DONE)
        return QG_OK;
    QG_TRY(qg_reading_path(&path, d->r, pattern, c));
    QG_TRY(qg_matrix_read(&m, d->r, path, scale[0], scale[1], scale[2]));
    *out = qg_matrix_at(&m, at[0], at[1], at[2]);
    return QG_OK;
}
#define SIDES(...) ((const char *const[3]){__VA_ARGS__})

static const qg_read_cell *cell_of(reader *d, const char *first, const char *second)
{
    const char *name = qg_arena_printf(d->r->arena, "%s/%s", first, second);
    return name ? qg_reading_cell(d->r, name) : NULL;
}

static const char *name_of(reader *d, const char *first, const char *second)
{
    const char *name = qg_arena_printf(d->r->arena, "%s/%s", first, second);
    return name ? name : "";
}

/* ------------------------------------------------------------------------------------ one seed */

static qg_code add_quality(reader *d, qg_judged *v, const qg_read_cell *c,
                           const qg_read_cell *reference)
{
    double accuracy, f1, of_reference, agreement, ece;
    const char *from = c->name;
    QG_TRY(scalar(&accuracy, d, c, METRICS, "accuracy"));
    QG_TRY(scalar(&f1, d, c, METRICS, "macro_f1"));
    QG_TRY(scalar(&ece, d, c, METRICS, "ece"));
    QG_TRY(scalar(&of_reference, d, reference, METRICS, "macro_f1"));
    if (strcmp(c->experiment, reference->experiment) == 0) {
        QG_TRY(scalar(&agreement, d, c, METRICS, "agreement_with_fp32"));
    } else {
        from = name_of(d, c->experiment, "reference");
        QG_TRY(number_of(&agreement, d, cell_of(d, c->experiment, "reference"),
                         "/comparisons/{model}/{dataset}/reference/agreement",
                         SIDES(NULL, "precision", NULL), SIDES(NULL, c->precision, NULL)));
    }
    if (v->is_reference)
        agreement = 1;
    v->accuracy += accuracy;
    v->macro_f1 += f1;
    QG_TRY(add(d, v, QG_CRITERION_macro_f1_drop, of_reference - f1,
               isnan(f1) ? c->name : reference->name));
    QG_TRY(add(d, v, QG_CRITERION_agreement, agreement, from));
    return add(d, v, QG_CRITERION_ece, ece, c->name);
}

static qg_code add_cost(reader *d, qg_judged *v, const qg_read_cell *c)
{
    char *group;
    double ms;
    const char *batch =
        qg_arena_printf(d->r->arena, "batch_size %lld", (long long)d->out->batch_size);
    if (!batch)
        return QG_ENOMEM;
    QG_TRY(number_of(&ms, d, cell_of(d, c->name, "latency"),
                     "/timing/latency/{model}/{dataset}/{precision}/summary",
                     SIDES(NULL, "batch_size", "statistic"), SIDES(NULL, batch, "median")));
    QG_TRY(add(d, v, QG_CRITERION_latency_ms, ms, name_of(d, c->name, "latency")));
    QG_TRY(qg_reading_path(&group, d->r, "/models/{model}/{precision}", c));
    return add(d, v, QG_CRITERION_size_mb, qg_table_count(d->r, group, "size_bytes") / 1e6,
               c->name);
}

/* Mean rho of a method with the reference: of the other precisions of the reference's model with
 * its fp32. */
static qg_code rho_of(double *out, const char **from, reader *d, const qg_read_cell *c,
                      const qg_read_cell *reference, const qg_read_cell *explained)
{
    *from = explained->name;
    if (strcmp(c->experiment, reference->experiment) == 0)
        return number_of(
            out, d, explained, "/comparisons/{model}/{dataset}/{precision}/{method}/summary",
            SIDES("subset", "measure", "summary_statistic"), SIDES("all", "spearman", "mean"));
    *from = name_of(d, c->experiment, "reference");
    return number_of(out, d, cell_of(d, c->experiment, "reference"),
                     "/comparisons/{model}/{dataset}/reference/explanations/drift",
                     SIDES("method", "precision", "summary_statistic"),
                     SIDES(explained->method, c->precision, "mean"));
}

/* Means over the methods; of those that a model cannot have, a cell is skipped. by_method
 * [n_methods] gets their sums over seeds. */
static qg_code add_explanations(reader *d, qg_judged *v, double *by_method, const qg_read_cell *c,
                                const qg_read_cell *reference)
{
    double rho = 0, faithful = 0;
    const char *rho_from = c->name, *faithful_from = c->name;
    const char *k = qg_arena_printf(d->r->arena, "k %lld", (long long)d->out->k);
    int n = 0;
    if (!k)
        return QG_ENOMEM;
    for (int i = 0; i < d->n_methods; i++) {
        const qg_read_cell *e = cell_of(d, c->name, d->method[i]);
        double one = 1, top;
        const char *from;
        if (!e || e->state == QG_STATE_SKIPPED) {
            by_method[i] = (double)NAN;
            continue;
        }
        from = e->name;
        if (!v->is_reference)
            QG_TRY(rho_of(&one, &from, d, c, reference, e));
        QG_TRY(number_of(&top, d, e,
                         "/faithfulness/{model}/{dataset}/{precision}/{method}/summary_at_k",
                         SIDES("faithful_measure_at_k", "k", "summary_statistic"),
                         SIDES("comprehensiveness", k, "mean")));
        rho_from = isnan(one) && !isnan(rho) ? from : rho_from;
        faithful_from = isnan(top) && !isnan(faithful) ? e->name : faithful_from;
        by_method[i] += one;
        rho += one;
        faithful += top;
        n++;
    }
    QG_TRY(add(d, v, QG_CRITERION_rho, n ? rho / n : (double)NAN, rho_from));
    return add(d, v, QG_CRITERION_comprehensiveness, n ? faithful / n : (double)NAN, faithful_from);
}

/* --------------------------------------------------------------------------------- one variant */

/* The sum over the members of a variant becomes a mean. */
static qg_code read_variant(reader *d, qg_judged *v, double rho_threshold)
{
    double *by_method;
    QG_NEW(by_method, d->r->arena, d->n_methods + 1);
    for (int64_t i = 0; i < d->members; i++) {
        if (strcmp(d->variant[i], v->name) != 0)
            continue;
        const qg_read_cell *c = qg_reading_cell(d->r, d->cell[i]);
        const qg_read_cell *reference = qg_reading_cell(d->r, d->reference_cell[i]);
        if (!c || !reference)
            return QG_FAIL_AT(QG_ESTORE, d->r->path, 0, 0, GROUP, "names %s, which is no cell",
                              c ? d->reference_cell[i] : d->cell[i]);
        v->seeds++;
        QG_TRY(add_quality(d, v, c, reference));
        QG_TRY(add_cost(d, v, c));
        QG_TRY(add_explanations(d, v, by_method, c, reference));
    }
    v->accuracy /= v->seeds;
    v->macro_f1 /= v->seeds;
    v->least_rho = (double)NAN;
    for (int c = 0; c < QG_CRITERIA; c++)
        v->x.value[c] /= v->seeds;
    for (int i = 0; i < d->n_methods; i++) {
        by_method[i] /= v->seeds;
        if (!(by_method[i] >= v->least_rho)) /* the first, or a smaller one */
            v->least_rho = isnan(by_method[i]) ? v->least_rho : by_method[i];
        v->below += by_method[i] < rho_threshold;
    }
    return QG_OK;
}

/* ---------------------------------------------------------------------------------- one group */

/* What two seeds of a reference have in common, mean over the methods; NaN: it has no two seeds, or
 * these numbers are not there yet: then *open is the cell that has them. */
static qg_code between_seeds(double *out, const qg_read_cell **open, reader *d,
                             const char *reference)
{
    size_t len = strcspn(reference, "/");
    double sum = 0;
    int n = 0;
    *out = (double)NAN;
    *open = NULL;
    for (int i = 0; i < d->r->n; i++) {
        const qg_read_cell *c = &d->r->cell[i];
        if (strcmp(c->kind, "explained_seeds") != 0 || strlen(c->experiment) != len ||
            memcmp(c->experiment, reference, len) != 0)
            continue;
        *open = c->state == QG_STATE_OPEN || c->state == QG_STATE_FAILED ? c : NULL;
        for (int k = 0; k < d->n_methods; k++) {
            double one;
            QG_TRY(number_of(&one, d, c, "/seeds/{model}/{dataset}/explanations/between_seeds",
                             SIDES(NULL, "method", "summary_statistic"),
                             SIDES(NULL, d->method[k], "mean")));
            n += !isnan(one);
            sum += isnan(one) ? 0 : one;
        }
    }
    if (n > 0)
        *out = sum / n;
    return QG_OK;
}

/* What rho is judged by is not known: then it is of no variant of the group. */
static qg_code forget_rho(reader *d, const qg_judged_group *g, const qg_read_cell *open)
{
    for (qg_judged *v = d->out->v + g->first; v < d->out->v + g->first + g->n; v++) {
        v->x.value[QG_CRITERION_rho] = (double)NAN;
        v->why[QG_CRITERION_rho] =
            qg_arena_printf(d->r->arena, "what seeds have in common is not known: %s is %s",
                            open->name, qg_read_cell_state(open));
        if (!v->why[QG_CRITERION_rho])
            return QG_ENOMEM;
    }
    return QG_OK;
}

/* A reference that answers no better than the most frequent class serves nobody. */
static qg_code find_useless(reader *d, qg_judged_group *g)
{
    const qg_read_cell *c = NULL;
    qg_matrix m;
    char *path;
    double n = 0, most = 0, accuracy, low, high;
    for (int64_t i = 0; i < d->members && !c; i++)
        if (strcmp(d->reference[i], g->reference) == 0)
            c = qg_reading_cell(d->r, d->reference_cell[i]);
    if (!c || c->state != QG_STATE_DONE)
        return QG_OK;
    QG_TRY(qg_reading_path(&path, d->r, METRICS "/per_class", c));
    QG_TRY(qg_matrix_read(&m, d->r, path, NULL, "true_class", "class_metric"));
    QG_TRY(scalar(&accuracy, d, c, METRICS, "accuracy"));
    for (int64_t i = 0; m.x && i < m.rows; i++) {
        double support = qg_matrix_at(&m, NULL, m.row[i], "support");
        n += support;
        most = support > most ? support : most;
    }
    if (!(n > 0) || isnan(accuracy))
        return QG_OK;
    qg_share_interval(&low, &high, llround(accuracy * n), llround(n));
    if (low > most / n)
        return QG_OK;
    g->useless = qg_arena_printf(d->r->arena,
                                 "accuracy %.4f (95 %%: %.4f to %.4f) is no better than always "
                                 "answering the most frequent class, %.4f",
                                 accuracy, low, high, most / n);
    return g->useless ? QG_OK : QG_ENOMEM;
}

static bool has_variant(const qg_judged_set *s, const char *name)
{
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->v[i].name, name) == 0)
            return true;
    return false;
}

static qg_code read_group(reader *d, const char *reference)
{
    qg_judged_set *s = d->out;
    qg_judged_group *g = &s->group[s->n_groups++];
    double *rho = &g->threshold.value[QG_CRITERION_rho], seeds;
    const qg_read_cell *open;
    *g = (qg_judged_group){.reference = reference, .first = s->n, .threshold = d->threshold};
    QG_TRY(between_seeds(&seeds, &open, d, reference));
    g->by_seeds = d->by_seeds && !isnan(*rho) && !isnan(seeds);
    *rho = g->by_seeds ? seeds : *rho;
    for (int64_t i = 0; i < d->members; i++) {
        if (strcmp(d->reference[i], reference) != 0 || has_variant(s, d->variant[i]))
            continue;
        qg_judged *v = &s->v[s->n++];
        *v = (qg_judged){.name = d->variant[i], .reference = reference};
        v->is_reference = strcmp(v->name, reference) == 0;
        QG_TRY(read_variant(d, v, *rho));
        g->n++;
    }
    if (open && d->by_seeds && !isnan(*rho))
        QG_TRY(forget_rho(d, g, open));
    return find_useless(d, g);
}

/* ------------------------------------------------------------------------------------ all of it */

static qg_code names(const char ***out, reader *d, const char *field)
{
    int64_t n;
    QG_TRY(qg_names_read(out, &n, d->r, field));
    if (d->members >= 0 && n != d->members)
        return QG_FAIL_AT(QG_ESTORE, d->r->path, 0, 0, field,
                          "has %lld names, there are %lld members", (long long)n,
                          (long long)d->members);
    d->members = n;
    return QG_OK;
}

/* Cuts the list of methods at its spaces. */
static qg_code read_methods(reader *d)
{
    char *text;
    QG_TRY(qg_store_attr_text(&text, d->r->store, d->r->arena, GROUP, "methods"));
    QG_NEW(d->method, d->r->arena, text ? strlen(text) / 2 + 1 : 1);
    while (text && *text) {
        d->method[d->n_methods++] = text;
        text += strcspn(text, " ");
        if (*text)
            *text++ = 0;
    }
    return QG_OK;
}

static qg_code read_choice(reader *d)
{
    qg_matrix threshold;
    char *against;
    QG_TRY(qg_matrix_read(&threshold, d->r, GROUP "/threshold", NULL, "criterion", NULL));
    for (int c = 0; c < QG_CRITERIA; c++)
        d->threshold.value[c] = qg_matrix_at(&threshold, NULL, qg_criterion_names[c], NULL);
    QG_TRY(qg_store_attr_text(&against, d->r->store, d->r->arena, GROUP, "against"));
    d->by_seeds = against && strcmp(against, "seeds") == 0;
    d->out->k = qg_reading_i64(d->r, GROUP, "k");
    d->out->batch_size = qg_reading_i64(d->r, GROUP, "batch_size");
    return read_methods(d);
}

qg_code qg_judged_read(qg_judged_set *out, qg_reading *r)
{
    reader d = {.r = r, .out = out, .members = -1};
    *out = (qg_judged_set){0};
    if (!qg_store_has(r->store, GROUP))
        return QG_OK;
    QG_TRY(read_choice(&d));
    QG_TRY(names(&d.cell, &d, GROUP "/cell"));
    QG_TRY(names(&d.variant, &d, GROUP "/variant"));
    QG_TRY(names(&d.reference_cell, &d, GROUP "/reference_cell"));
    QG_TRY(names(&d.reference, &d, GROUP "/reference"));
    QG_NEW(out->v, r->arena, d.members + 1);
    QG_NEW(out->group, r->arena, d.members + 1);
    for (int64_t i = 0; i < d.members; i++) {
        bool known = false;
        for (int k = 0; k < out->n_groups; k++)
            known |= strcmp(out->group[k].reference, d.reference[i]) == 0;
        if (!known)
            QG_TRY(read_group(&d, d.reference[i]));
    }
    return QG_OK;
}
