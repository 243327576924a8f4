/*
 * recommendation.c - which variant may be deployed: every variant with its numbers, and who is
 * recommended for what.
 */
#include "judged.h"

#include <math.h>
#include <string.h>

/* Judgements of a group, and in words. */
typedef struct verdict {
    qg_arena *arena;
    const qg_judged_set *s;
    const qg_judged_group *g;
    const qg_judged **candidate; /* [n]: the reference is none */
    int n;
    qg_judgement *judgement; /* [QG_RECOMMEND_LANES, n] */
    int *order;              /* [n] of a lane */
} verdict;

static qg_code judge(verdict *out, qg_arena *a, const qg_judged_set *s, const qg_judged_group *g)
{
    qg_candidate *x;
    *out = (verdict){.arena = a, .s = s, .g = g};
    QG_NEW(x, a, g->n + 1);
    QG_NEW(out->candidate, a, g->n + 1);
    QG_NEW(out->judgement, a, QG_RECOMMEND_LANES * (g->n + 1));
    QG_NEW(out->order, a, g->n + 1);
    for (int i = g->first; i < g->first + g->n; i++) {
        if (s->v[i].is_reference)
            continue;
        x[out->n] = s->v[i].x;
        out->candidate[out->n++] = &s->v[i];
    }
    qg_recommend(out->judgement, x, out->n, &g->threshold);
    return QG_OK;
}

/* The reference of a group, if its own experiment is judged, too; else NULL. */
static const qg_judged *reference_of(const verdict *w)
{
    for (int i = w->g->first; i < w->g->first + w->g->n; i++)
        if (w->s->v[i].is_reference)
            return &w->s->v[i];
    return NULL;
}

/* ---------------------------------------------------------------------------------------- words */

/* What a candidate does not meet, or what is not known of it. */
static void add_reasons(qg_str *out, const verdict *w, const qg_judged *v, const qg_judgement *j)
{
    const char *gap = "";
    for (int c = 0; c < QG_CRITERIA; c++) {
        double limit = w->g->threshold.value[c];
        bool least = qg_criterion_met((qg_criterion)c, 1, 0);
        if (j->fails >> c & 1)
            qg_str_addf(out, "%s%s %.4g is %s %s%.4g", gap, qg_criterion_names[c], v->x.value[c],
                        least ? "below" : "above",
                        w->g->by_seeds && c == QG_CRITERION_rho ? "that of two seeds, " : "",
                        limit);
        else if (j->lacks >> c & 1)
            qg_str_addf(out, "%s%s", gap, v->why[c] ? v->why[c] : qg_criterion_names[c]);
        if ((j->fails | j->lacks) >> c & 1)
            gap = "; ";
    }
}

/* What speaks for one: how well it explains, what it loses, takes and costs. */
static void add_praise(qg_str *out, const verdict *w, const qg_judged *v)
{
    const qg_judged *reference = reference_of(w);
    const double *x = v->x.value, drop = x[QG_CRITERION_macro_f1_drop];
    qg_str_addf(out, "macro-F1 %.4f, ", v->macro_f1);
    if (drop != 0)
        qg_str_addf(out, "%.4f %s ", fabs(drop), drop > 0 ? "below" : "above");
    qg_str_addf(out, "that of %s", v->reference);
    if (!isnan(w->g->threshold.value[QG_CRITERION_rho]))
        qg_str_addf(out, "; rho with its explanations %.3f, where %.3f%s is asked for",
                    x[QG_CRITERION_rho], w->g->threshold.value[QG_CRITERION_rho],
                    w->g->by_seeds ? ", that of two seeds," : "");
    if (!isnan(x[QG_CRITERION_size_mb]))
        qg_str_addf(out, "; %.4g MB", x[QG_CRITERION_size_mb]);
    if (reference && reference->x.value[QG_CRITERION_size_mb] > 0)
        qg_str_addf(out, " (%.3g of the reference's)",
                    x[QG_CRITERION_size_mb] / reference->x.value[QG_CRITERION_size_mb]);
    if (!isnan(x[QG_CRITERION_latency_ms]))
        qg_str_addf(out, "; %.3g ms", x[QG_CRITERION_latency_ms]);
    if (reference && reference->x.value[QG_CRITERION_latency_ms] > 0)
        qg_str_addf(out, " (%.3g times as fast)",
                    reference->x.value[QG_CRITERION_latency_ms] / x[QG_CRITERION_latency_ms]);
}

static qg_code keep(const char **out, qg_arena *a, qg_str *s)
{
    qg_code rc = qg_str_status(s);
    *out = rc == QG_OK ? qg_arena_strdup(a, s->data ? s->data : "") : NULL;
    qg_str_fini(s);
    return *out ? QG_OK : QG_ENOMEM;
}

/* ----------------------------------------------------------------------------------- who is it */

/* The row of a lane: the best one, or why there is none. */
static qg_code add_lane(qg_table *t, verdict *w, int lane)
{
    const qg_judgement *j = w->judgement + lane * w->n;
    qg_str s = {0};
    qg_value *v;
    QG_TRY(qg_table_add_row(&v, t));
    v[0].text = w->g->reference;
    v[1].text = qg_lane_names[lane];
    v[2].text = "none";
    qg_recommend_order(w->order, j, w->n);
    const qg_judged *first = w->n > 0 ? w->candidate[w->order[0]] : NULL;
    if (first && j[w->order[0]].place) {
        v[2].text = first->name;
        add_praise(&s, w, first);
    } else if (first) {
        qg_str_addf(&s, "keep %s; closest is %s: ", w->g->reference, first->name);
        add_reasons(&s, w, first, &j[w->order[0]]);
    } else {
        qg_str_add(&s, "there is no variant beside the reference");
    }
    return keep(&v[3].text, t->arena, &s);
}

qg_code qg_table_verdict(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"reference", NULL, QG_TEXT, 0},
        {"looking for", NULL, QG_TEXT, 0},
        {"take", NULL, QG_TEXT, 0},
        {"because", NULL, QG_TEXT, 0},
    };
    qg_judged_set s;
    qg_value *v;
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    QG_TRY(qg_judged_read(&s, r));
    for (int i = 0; i < s.n_groups; i++) {
        const qg_judged_group *g = &s.group[i];
        verdict w;
        if (g->useless) {
            QG_TRY(qg_table_add_row(&v, t));
            v[0].text = g->reference;
            v[1].text = "anything";
            v[2].text = "none";
            v[3].text = g->useless;
            continue;
        }
        QG_TRY(judge(&w, r->arena, &s, g));
        for (int lane = 0; lane < QG_RECOMMEND_LANES; lane++)
            if (qg_lane_asked(&g->threshold, (qg_lane)lane))
                QG_TRY(add_lane(t, &w, lane));
    }
    return QG_OK;
}

/* ----------------------------------------------------------------------------------- all of them
 */

/* Columns of the variants' table. */
enum {
    VARIANT,
    SEEDS,
    ACCURACY,
    MACRO_F1,
    DROP,
    AGREEMENT,
    ECE,
    RHO,
    LEAST_RHO,
    BELOW,
    COMPREHENSIVENESS,
    SIZE,
    SIZE_RATIO,
    LATENCY,
    SPEED_UP,
    PLACE,
    FRONT = PLACE + QG_RECOMMEND_LANES,
    REASONS
};

static void fill_numbers(qg_value *v, const qg_judged *x, const qg_judged *reference)
{
    const double *of = x->x.value;
    double none = (double)NAN;
    v[VARIANT].text = x->name;
    v[SEEDS].number = x->seeds;
    v[ACCURACY].number = x->accuracy;
    v[MACRO_F1].number = x->macro_f1;
    v[DROP].number = of[QG_CRITERION_macro_f1_drop];
    v[AGREEMENT].number = of[QG_CRITERION_agreement];
    v[ECE].number = of[QG_CRITERION_ece];
    v[RHO].number = of[QG_CRITERION_rho];
    v[LEAST_RHO].number = x->least_rho;
    v[BELOW].number = isnan(of[QG_CRITERION_rho]) ? none : x->below;
    v[COMPREHENSIVENESS].number = of[QG_CRITERION_comprehensiveness];
    v[SIZE].number = of[QG_CRITERION_size_mb];
    v[LATENCY].number = of[QG_CRITERION_latency_ms];
    if (reference) {
        v[SIZE_RATIO].number = v[SIZE].number / reference->x.value[QG_CRITERION_size_mb];
        v[SPEED_UP].number = reference->x.value[QG_CRITERION_latency_ms] / v[LATENCY].number;
    }
}

/* Places in the lanes and, of those that have none anywhere, why. */
static qg_code fill_judgement(qg_value *v, const verdict *w, int k)
{
    qg_judgement all = {0};
    bool placed = false;
    for (int lane = 0; lane < QG_RECOMMEND_LANES; lane++) {
        const qg_judgement *j = &w->judgement[lane * w->n + k];
        v[PLACE + lane].number = j->place && !w->g->useless ? j->place : (double)NAN;
        placed |= j->place > 0;
        all.fails |= j->fails;
        all.lacks |= j->lacks;
    }
    qg_str s = {0};
    if (w->g->useless)
        qg_str_addf(&s, "%s", w->g->useless);
    else
        add_reasons(&s, w, w->candidate[k], &all);
    return keep(&v[REASONS].text, w->arena, &s);
}

static qg_code add_group(qg_table *t, qg_reading *r, const qg_judged_set *s,
                         const qg_judged_group *g)
{
    verdict w;
    qg_candidate *x;
    bool *front;
    int candidate = 0;
    QG_TRY(judge(&w, r->arena, s, g));
    QG_NEW(x, r->arena, g->n);
    QG_NEW(front, r->arena, g->n);
    for (int i = 0; i < g->n; i++)
        x[i] = s->v[g->first + i].x;
    qg_pareto_front(front, x, g->n, &g->threshold);
    for (int i = 0; i < g->n; i++) {
        const qg_judged *one = &s->v[g->first + i];
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        fill_numbers(v, one, reference_of(&w));
        v[FRONT].text = front[i] ? "yes" : "no";
        v[REASONS].text = "the reference";
        if (!one->is_reference)
            QG_TRY(fill_judgement(v, &w, candidate++));
    }
    return QG_OK;
}

qg_code qg_table_recommendation(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        [VARIANT] = {"variant", NULL, QG_TEXT, 0},
        [SEEDS] = {"seeds", NULL, QG_FIXED, 0},
        [ACCURACY] = {"accuracy", NULL, QG_FIXED, 4},
        [MACRO_F1] = {"macro-F1", NULL, QG_FIXED, 4},
        [DROP] = {"drop", NULL, QG_FIXED, 4},
        [AGREEMENT] = {"agreement", NULL, QG_FIXED, 4},
        [ECE] = {"ECE", NULL, QG_FIXED, 4},
        [RHO] = {"rho", NULL, QG_FIXED, 3},
        [LEAST_RHO] = {"least rho", NULL, QG_FIXED, 3},
        [BELOW] = {"methods below", NULL, QG_FIXED, 0},
        [COMPREHENSIVENESS] = {"comprehensiveness", NULL, QG_FIXED, 3},
        [SIZE] = {"size", "MB", QG_SIGNIFICANT, 4},
        [SIZE_RATIO] = {"size ratio", NULL, QG_FIXED, 3},
        [LATENCY] = {"latency", "ms", QG_SIGNIFICANT, 3},
        [SPEED_UP] = {"speed-up", NULL, QG_FIXED, 2},
        [PLACE + QG_LANE_EXPLANATIONS] = {"place, explanations", NULL, QG_FIXED, 0},
        [PLACE + QG_LANE_LATENCY] = {"place, latency", NULL, QG_FIXED, 0},
        [PLACE + QG_LANE_SIZE] = {"place, size", NULL, QG_FIXED, 0},
        [PLACE + QG_LANE_BALANCED] = {"place, balanced", NULL, QG_FIXED, 0},
        [FRONT] = {"Pareto", NULL, QG_TEXT, 0},
        [REASONS] = {"not recommended because", NULL, QG_TEXT, 0},
    };
    qg_judged_set s;
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    QG_TRY(qg_judged_read(&s, r));
    for (int i = 0; i < s.n_groups; i++)
        QG_TRY(add_group(t, r, &s, &s.group[i]));
    return QG_OK;
}
