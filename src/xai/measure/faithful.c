/*
 * faithful.c - measures of faithfulness for explained texts: every perturbed text of every measure
 * is asked for first and scored in one round, then the numbers are read.
 *
 * Units are words. What is drawn depends on the text's key alone: every method, precision and seed
 * is measured on the same perturbations.
 */
#include "qgrid/faithfulness_of.h"

#include "soft.h"

#include "xai/perturb/draw.h"
#include "xai/methods/method.h"
#include "qgrid/faithfulness.h"
#include "qgrid/metrics.h"

#include <math.h>
#include <string.h>

#define X(name, doc) #name,
const char *const qg_faithful_names[] = {QG_FAITHFUL_LIST(X) NULL};
const char *const qg_faithful_at_k_names[] = {QG_FAITHFUL_AT_K_LIST(X) NULL};
#undef X

/* One text while it is measured: W words that have tokens. */
typedef struct measured {
    const qg_sample *sample;
    int W, steps; /* of the curves */
    int32_t target;
    int32_t *word;           /* [W] index in the text */
    double *score;           /* [W] */
    uint8_t *present;        /* [W] scratch */
    int64_t full;            /* slot of the whole text */
    int64_t *without, *only; /* [W + 1] slots: without its top k words, of these alone */
    int64_t *without_one;    /* [W] slots */
    uint8_t *mask;           /* [infidelity + 1, W] 1 = present; row 0 is not used */
    int64_t *drawn;          /* [infidelity + 1] slots */
    int nearby;              /* texts with one word masked */
    int32_t *masked;         /* [nearby] the word */
} measured;

static qg_code begin(measured *m, const qg_explainer *e, const qg_sample *s, int32_t target,
                     const qg_encoding *code, const double *word_score)
{
    int W = s->units;
    *m = (measured){.sample = s, .W = W, .target = target};
    QG_NEW(m->word, e->arena, W);
    QG_NEW(m->score, e->arena, W);
    QG_NEW(m->present, e->arena, W);
    QG_NEW(m->without, e->arena, W + 1);
    QG_NEW(m->only, e->arena, W + 1);
    QG_NEW(m->without_one, e->arena, W);
    for (int i = 0; i < s->n; i++)
        if (s->unit[i] >= 0)
            m->word[s->unit[i]] = code->word[i];
    for (int u = 0; u < W; u++)
        m->score[u] = word_score[m->word[u]];
    return QG_OK;
}

/* Words gone (come) at point i of the curves: equal shares of the text, rounded. */
static int curve_words(const measured *m, int i)
{
    return (2 * i * m->W + m->steps) / (2 * m->steps);
}

/* -------------------------------------------------------------------------------------- asking */

static qg_code ask_top(measured *m, qg_perturber *p, const int32_t *order, int k,
                       qg_masking masking)
{
    qg_present_by_order(m->present, order, m->W, k, false);
    QG_TRY(qg_perturb_add(&m->without[k], p, m->sample, m->present, masking));
    qg_present_by_order(m->present, order, m->W, k, true);
    return qg_perturb_add(&m->only[k], p, m->sample, m->present, masking);
}

static qg_code ask_by_order(measured *m, const qg_explainer *e, const qg_faithful_options *o)
{
    int32_t *order;
    QG_NEW(order, e->arena, m->W);
    qg_score_order(order, m->score, m->W, o->by_magnitude);
    QG_TRY(qg_perturb_add(&m->full, e->perturber, m->sample, NULL, o->masking));
    for (int i = 0; i < o->n_k; i++)
        QG_TRY(ask_top(m, e->perturber, order, qg_top_count(o->k[i], m->W), o->masking));
    for (int i = 0; i <= m->steps && m->steps > 0; i++)
        QG_TRY(ask_top(m, e->perturber, order, curve_words(m, i), o->masking));
    for (int k = 0; k <= m->W && o->normalised; k++)
        QG_TRY(ask_top(m, e->perturber, order, k, o->masking));
    return QG_OK;
}

static qg_code ask_each(measured *m, const qg_explainer *e, const qg_faithful_options *o)
{
    memset(m->present, 1, (size_t)m->W);
    for (int u = 0; u < m->W && o->leave_one_out; u++) {
        m->present[u] = 0;
        QG_TRY(qg_perturb_add(&m->without_one[u], e->perturber, m->sample, m->present, o->masking));
        m->present[u] = 1;
    }
    return QG_OK;
}

static qg_code ask_drawn(measured *m, const qg_explainer *e, const qg_faithful_options *o)
{
    int rows = (int)o->infidelity + 1;
    qg_rng r = qg_rng_make(0, "xai/infidelity", m->sample->key);
    QG_NEW(m->mask, e->arena, (size_t)rows * (size_t)m->W);
    QG_NEW(m->drawn, e->arena, rows);
    QG_TRY(qg_draw_lime(m->mask, rows, m->W, &r, e->arena));
    for (int row = 1; row < rows; row++)
        QG_TRY(qg_perturb_add(&m->drawn[row], e->perturber, m->sample,
                              m->mask + (size_t)row * (size_t)m->W, o->masking));
    return QG_OK;
}

/* ------------------------------------------------------------------------------------- reading */

static double p_of(const measured *m, const qg_explainer *e, int64_t slot)
{
    return qg_perturb_value(e->perturber, slot, m->target, QG_EXPLAIN_PROBABILITY);
}

static void read_tops(qg_faithful *out, const measured *m, const qg_explainer *e,
                      const qg_faithful_options *o)
{
    double full = p_of(m, e, m->full), without[QG_MAX_TOPS], only[QG_MAX_TOPS];
    for (int i = 0; i < o->n_k; i++) {
        int k = qg_top_count(o->k[i], m->W);
        without[i] = p_of(m, e, m->without[k]);
        only[i] = p_of(m, e, m->only[k]);
        qg_faithfulness f = qg_faithfulness_of(full, without[i], only[i]);
        out->at_k[QG_FAITHFUL_AT_K_comprehensiveness][i] = f.comprehensiveness;
        out->at_k[QG_FAITHFUL_AT_K_sufficiency][i] = f.sufficiency;
        out->at_k[QG_FAITHFUL_AT_K_confidence][i] = f.confidence;
        out->at_k[QG_FAITHFUL_AT_K_log_odds][i] = f.log_odds;
    }
    out->scalar[QG_FAITHFUL_aopc_comprehensiveness] = qg_aopc(full, without, o->n_k);
    out->scalar[QG_FAITHFUL_aopc_sufficiency] = qg_aopc(full, only, o->n_k);
}

/* An order's sufficiency over lengths 0 .. W - 1 is the comprehensiveness of the reverse order over
 * 1 .. W: the same bounds hold for both. */
static void read_all_lengths(qg_faithful *out, const measured *m, const qg_explainer *e)
{
    double full = p_of(m, e, m->full), comprehensiveness = 0, sufficiency = 0;
    for (int k = 1; k <= m->W; k++) {
        comprehensiveness += full - p_of(m, e, m->without[k]);
        sufficiency += full - p_of(m, e, m->only[m->W - k]);
    }
    out->scalar[QG_FAITHFUL_full_aopc_comprehensiveness] = comprehensiveness / m->W;
    out->scalar[QG_FAITHFUL_full_aopc_sufficiency] = sufficiency / m->W;
}

void qg_faithful_normalise(qg_faithful *f, const qg_aopc_bounds *bounds)
{
    double *v = f->scalar;
    v[QG_FAITHFUL_normalised_comprehensiveness] = qg_aopc_normalised(
        v[QG_FAITHFUL_full_aopc_comprehensiveness], bounds->lower, bounds->upper);
    v[QG_FAITHFUL_normalised_sufficiency] =
        qg_aopc_normalised(v[QG_FAITHFUL_full_aopc_sufficiency], bounds->lower, bounds->upper);
}

static qg_code read_each(qg_faithful *out, const measured *m, const qg_explainer *e,
                         bool by_magnitude)
{
    double *drop, *score, full = p_of(m, e, m->full);
    QG_NEW(drop, e->arena, m->W);
    QG_NEW(score, e->arena, m->W);
    for (int u = 0; u < m->W; u++) {
        double d = full - p_of(m, e, m->without_one[u]);
        drop[u] = by_magnitude ? fabs(d) : d;
        score[u] = by_magnitude ? fabs(m->score[u]) : m->score[u];
    }
    out->scalar[QG_FAITHFUL_tau_loo] = qg_kendall_tau_b(score, drop, m->W);
    return QG_OK;
}

static qg_code read_curves(qg_faithful *out, const measured *m, const qg_explainer *e)
{
    double *deletion, *insertion;
    QG_NEW(deletion, e->arena, m->steps + 1);
    QG_NEW(insertion, e->arena, m->steps + 1);
    for (int i = 0; i <= m->steps; i++) {
        deletion[i] = p_of(m, e, m->without[curve_words(m, i)]);
        insertion[i] = p_of(m, e, m->only[curve_words(m, i)]);
    }
    out->scalar[QG_FAITHFUL_deletion_auc] = qg_curve_area(deletion, m->steps + 1);
    out->scalar[QG_FAITHFUL_insertion_auc] = qg_curve_area(insertion, m->steps + 1);
    return QG_OK;
}

static qg_code read_drawn(qg_faithful *out, const measured *m, const qg_explainer *e, int count)
{
    double *expected, *drop, full = p_of(m, e, m->full);
    QG_NEW(expected, e->arena, count);
    QG_NEW(drop, e->arena, count);
    for (int i = 0; i < count; i++) {
        const uint8_t *present = m->mask + (size_t)(i + 1) * (size_t)m->W;
        for (int u = 0; u < m->W; u++)
            expected[i] += present[u] ? 0 : m->score[u];
        drop[i] = full - p_of(m, e, m->drawn[i + 1]);
    }
    out->scalar[QG_FAITHFUL_infidelity] = qg_infidelity(expected, drop, count, false);
    out->scalar[QG_FAITHFUL_infidelity_scaled] = qg_infidelity(expected, drop, count, true);
    return QG_OK;
}

/* ------------------------------------------------------------------------------- masked vectors */

static qg_code measure_soft(qg_faithful *out, const measured *m, const qg_explainer *e, int n,
                            const qg_faithful_options *o)
{
    qg_soft_text *text;
    qg_soft *soft;
    int *of, count = 0;
    QG_NEW(text, e->arena, n);
    QG_NEW(soft, e->arena, n);
    QG_NEW(of, e->arena, n);
    for (int t = 0; t < n; t++) {
        qg_soft_text *x = &text[count];
        *x = (qg_soft_text){.sample = m[t].sample, .target = m[t].target};
        QG_NEW(x->importance, e->arena, m[t].W);
        if (qg_soft_importance(x->importance, m[t].score, m[t].W, o->by_magnitude))
            of[count++] = t;
    }
    QG_TRY(qg_soft_measure(soft, e->model, text, count, (int)o->soft, e->arena));
    for (int i = 0; i < count; i++) {
        out[of[i]].scalar[QG_FAITHFUL_soft_sufficiency] = soft[i].sufficiency;
        out[of[i]].scalar[QG_FAITHFUL_soft_comprehensiveness] = soft[i].comprehensiveness;
    }
    return QG_OK;
}

/* -------------------------------------------------------------------------------- texts nearby */

static qg_code draw_nearby(measured *m, const qg_explainer *e, int64_t most)
{
    qg_rng r = qg_rng_make(0, "xai/sensitivity", m->sample->key);
    m->nearby = most < m->W ? (int)most : m->W;
    QG_NEW(m->masked, e->arena, m->W);
    for (int u = 0; u < m->W; u++)
        m->masked[u] = u;
    qg_draw_subset(m->present, 1, m->nearby, m->masked, m->W, &r);
    return QG_OK;
}

/* The text with [MASK] for each token of a word: the same key, so the same draws of the method.
 * What is masked equals no other word. */
static qg_code mask_word(qg_explain_text *out, const measured *m, const qg_explainer *e,
                         const qg_explain_text *text, int32_t word)
{
    qg_encoding *code;
    const qg_encoding *whole = text->code;
    QG_ASSERT(whole->word_form && whole->run_form);
    QG_NEW(code, e->arena, 1);
    *code = *whole;
    QG_NEW(code->ids, e->arena, code->n);
    QG_NEW(code->word_form, e->arena, code->n);
    QG_NEW(code->run_form, e->arena, code->n);
    for (int i = 0; i < code->n; i++) {
        bool masked = m->sample->unit[i] == word;
        code->ids[i] = masked ? e->specials.mask : whole->ids[i];
        code->word_form[i] = masked ? INT32_MAX : whole->word_form[i];
        code->run_form[i] = masked ? INT32_MAX : whole->run_form[i];
    }
    *out = (qg_explain_text){text->key, code, text->target};
    return QG_OK;
}

/* What a word's own masking does to its score is not looked at. */
static qg_code read_nearby(qg_faithful *out, const measured *m, const qg_explainer *e,
                           const qg_explanation *nearby)
{
    double *score;
    QG_NEW(score, e->arena, (size_t)m->nearby * (size_t)m->W);
    for (int i = 0; i < m->nearby; i++)
        for (int u = 0; u < m->W; u++)
            score[i * m->W + u] =
                u == m->masked[i] ? m->score[u] : nearby[i].word_score[m->word[u]];
    out->scalar[QG_FAITHFUL_sensitivity_max] = qg_sensitivity_max(m->score, score, m->nearby, m->W);
    return QG_OK;
}

static qg_code measure_sensitivity(qg_faithful *out, measured *m, const qg_explainer *e,
                                   const qg_explain_text *text, int n, int64_t most,
                                   const qg_method_spec *spec, uint64_t seed)
{
    qg_explain_text *nearby;
    qg_explanation *explanation;
    int count = 0, at = 0;
    for (int t = 0; t < n; t++) {
        if (m[t].W < 2) /* no other word */
            continue;
        QG_TRY(draw_nearby(&m[t], e, most));
        count += m[t].nearby;
    }
    QG_NEW(nearby, e->arena, count);
    QG_NEW(explanation, e->arena, count);
    for (int t = 0; t < n; t++)
        for (int i = 0; i < m[t].nearby; i++)
            QG_TRY(mask_word(&nearby[at++], &m[t], e, &text[t], m[t].masked[i]));
    QG_TRY(qg_explain(explanation, e, nearby, count, spec, seed));
    for (int t = 0; t < n; explanation += m[t++].nearby)
        if (m[t].nearby > 0)
            QG_TRY(read_nearby(&out[t], &m[t], e, explanation));
    return QG_OK;
}

/* --------------------------------------------------------------------------------------- texts */

double qg_faithful_cost(const qg_faithful_options *o, int words)
{
    double curves = o->curve_steps < words ? (double)o->curve_steps : words;
    if (o->n_k == 0)
        return 0;
    return 2.0 * o->n_k + 2 * curves + (double)o->infidelity + (o->leave_one_out ? words : 0) +
           (o->normalised ? 2.0 * words : 0) + (o->soft > 0 ? 2.0 * (double)o->soft + 2 : 0);
}

static void undefined(qg_faithful *out)
{
    for (int i = 0; i < QG_FAITHFULS; i++)
        out->scalar[i] = (double)NAN;
    for (int i = 0; i < QG_FAITHFULS_AT_K; i++)
        for (int k = 0; k < QG_MAX_TOPS; k++)
            out->at_k[i][k] = (double)NAN;
}

/* All that is asked for, in one round. */
static qg_code ask(measured *m, const qg_explainer *e, const qg_explain_text *text,
                   const qg_explanation *explanation, int n, const qg_faithful_options *o)
{
    qg_sample *sample;
    int32_t *target;
    QG_TRY(qg_samples_of_texts(&sample, &target, e, text, n, QG_FEATURE_WORD));
    for (int t = 0; t < n; t++) {
        QG_TRY(begin(&m[t], e, &sample[t], target[t], text[t].code, explanation[t].word_score));
        if (m[t].W == 0)
            continue;
        m[t].steps = (int)(o->curve_steps < m[t].W ? o->curve_steps : m[t].W);
        QG_TRY(ask_by_order(&m[t], e, o));
        QG_TRY(ask_each(&m[t], e, o));
        QG_TRY(ask_drawn(&m[t], e, o));
    }
    return qg_perturb_run(e->perturber);
}

static qg_code read(qg_faithful *out, const measured *m, const qg_explainer *e,
                    const qg_faithful_options *o)
{
    read_tops(out, m, e, o);
    if (o->normalised)
        read_all_lengths(out, m, e);
    if (o->leave_one_out)
        QG_TRY(read_each(out, m, e, o->by_magnitude));
    if (m->steps > 0)
        QG_TRY(read_curves(out, m, e));
    return read_drawn(out, m, e, (int)o->infidelity);
}

qg_code qg_faithful_measure(qg_faithful *out, const qg_explainer *e, const qg_explain_text *text,
                            const qg_explanation *explanation, int n, const qg_faithful_options *o,
                            const qg_method_spec *spec, uint64_t seed)
{
    measured *m;
    QG_ASSERT(o->n_k >= 0 && o->n_k <= QG_MAX_TOPS && o->infidelity < INT32_MAX);
    for (int t = 0; t < n; t++)
        undefined(&out[t]);
    if (o->n_k == 0)
        return QG_OK;
    QG_NEW(m, e->arena, n);
    QG_TRY(ask(m, e, text, explanation, n, o));
    for (int t = 0; t < n; t++)
        if (m[t].W > 0)
            QG_TRY(read(&out[t], &m[t], e, o));
    if (o->soft > 0 && e->model->gradient)
        QG_TRY(measure_soft(out, m, e, n, o));
    return o->sensitivity > 0 ? measure_sensitivity(out, m, e, text, n, o->sensitivity, spec, seed)
                              : QG_OK;
}
