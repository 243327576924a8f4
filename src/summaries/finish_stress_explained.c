/*
 * finish_stress_explained.c - how far the explanation of a perturbed text is from that of the same
 * text as it is: over the words that the perturbation left whole, wherever they stand now.
 */
#include "finish.h"

#include "qgrid/drift.h"
#include "qgrid/explained.h"

#include <math.h>

/* The explanations of one level: words' scores [slots, W]. */
typedef struct side {
    qg_explained of;
    int64_t W;
    double *score;
    int32_t *target;
} side;

static qg_code read_side(side *out, qg_results *r, const qg_cell *c)
{
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_ATTRIBUTIONS);
    QG_TRY(qg_results_explained(&out->of, r, c->experiment));
    out->W = r->plan->explained[c->experiment].words;
    QG_NEW(out->score, r->scratch, out->of.slots * out->W);
    QG_NEW(out->target, r->scratch, out->of.slots);
    QG_TRY(qg_results_read(r, g, "word_scores", QG_STORE_F64, NULL, NULL, out->score));
    return qg_results_read(r, g, "target", QG_STORE_I32, NULL, NULL, out->target);
}

/* Drift of the text in slot i; stays NaN where none of its words is whole. */
static qg_code compare(double *out, const side *plain, const side *now, int64_t i,
                       const qg_noisy *text, qg_arena *scratch)
{
    int n = plain->of.words[i], common = 0;
    double *moved;
    QG_TRY(qg_undefined_numbers(&moved, scratch, n));
    for (int w = 0; w < text->n_words && w < now->of.words[i]; w++)
        if (text->from[w] >= 0 && text->from[w] < n) {
            moved[text->from[w]] = now->score[i * now->W + w];
            common++;
        }
    return common > 0 ? qg_drift_of(out, plain->score + i * plain->W, moved, n, scratch) : QG_OK;
}

/* Drift [slots, QG_DRIFTS] of one level from level 0; *texts are compared. */
static qg_code drift_of(double **out, int64_t *texts, qg_results *r, const qg_cell *plain,
                        const qg_cell *of)
{
    const qg_plan *p = r->plan;
    const qg_dataset *d = &p->datasets[p->job->experiments[of->experiment].dataset].data;
    int64_t slots = p->explained[of->experiment].slots;
    side a, b;
    *texts = -1;
    QG_TRY(qg_undefined_numbers(out, r->scratch, slots * QG_DRIFTS));
    if (!qg_finish_is_done(r, plain) || !qg_finish_is_done(r, of))
        return QG_OK;
    *texts = 0;
    QG_TRY(read_side(&a, r, plain));
    QG_TRY(read_side(&b, r, of));
    for (int64_t i = 0; i < slots; i++) {
        double *own = *out + i * QG_DRIFTS;
        if (a.of.row[i] < 0 || a.target[i] != b.target[i])
            continue;
        QG_ASSERT(a.of.row[i] == b.of.row[i]);
        QG_TRY(compare(own, &a, &b, i, &d->noisy[b.of.row[i]], r->scratch));
        *texts += !isnan(own[QG_DRIFT_magnitude_shift]) || !isnan(own[QG_DRIFT_spearman]);
    }
    return QG_OK;
}

/* Of one precision: summaries [measures][methods, levels, QG_SUMMARIES]. */
static qg_code write_precision(qg_results *r, const qg_cell *c, int precision)
{
    const qg_plan *p = r->plan;
    int M = p->job->explain.n_methods, L = p->job->stress.n_levels;
    const int *experiment = p->job->experiments[c->experiment].stress + c->method * L;
    qg_group_ref g = qg_cell_group(p, c, QG_GROUP_STRESS_EXPLAINED);
    double *summary[QG_DRIFTS];
    int64_t *texts;
    g.precision = precision;
    QG_NEW(texts, r->scratch, M * L);
    for (int k = 0; k < QG_DRIFTS; k++)
        QG_TRY(qg_undefined_numbers(&summary[k], r->scratch, M * L * QG_SUMMARIES));
    for (int i = 0; i < M * L; i++) {
        double *drift;
        int64_t slots = p->explained[experiment[i % L]].slots;
        qg_mark mark = qg_arena_mark(r->scratch);
        QG_TRY(drift_of(&drift, &texts[i], r,
                        qg_plan_explain_cell(p, experiment[0], precision, i / L),
                        qg_plan_explain_cell(p, experiment[i % L], precision, i / L)));
        for (int k = 0; k < QG_DRIFTS && texts[i] >= 0; k++)
            QG_TRY(qg_summarize(summary[k] + i * QG_SUMMARIES, drift + k, slots, QG_DRIFTS,
                                &r->resampler, r->scratch));
        qg_arena_release(r->scratch, mark);
    }
    QG_TRY(qg_results_write(r, g, "texts", QG_STORE_I64, NULL, NULL, texts));
    for (int k = 0; k < QG_DRIFTS; k++)
        QG_TRY(qg_results_write(r, g, qg_drift_names[k], QG_STORE_F64, NULL, NULL, summary[k]));
    return QG_OK;
}

qg_code qg_finish_stress_explained(qg_results *r, const qg_cell *c)
{
    for (int i = 0; i < r->plan->job->n_precisions; i++) {
        qg_mark mark = qg_arena_mark(r->scratch);
        QG_TRY(write_precision(r, c, i));
        qg_arena_release(r->scratch, mark);
    }
    return QG_OK;
}
