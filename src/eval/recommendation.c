/*
 * recommendation.c - candidates judged by thresholds: lanes, places, Pareto front.
 */
#include "qgrid/recommendation.h"

#include <math.h>
#include <stddef.h>

const char *const qg_criterion_names[] = {
#define X(name, ...) #name,
    QG_CRITERION_LIST(X)
#undef X
        NULL};
const char *const qg_lane_names[] = {"explanations", "latency", "size", "balanced", NULL};

#define BIT(name) (1U << QG_CRITERION_##name)
enum { BASE = BIT(macro_f1_drop) | BIT(agreement) | BIT(ece) };

/* What each lane asks for. */
static const unsigned asks_for[QG_RECOMMEND_LANES] = {
    [QG_LANE_EXPLANATIONS] = BASE | BIT(rho) | BIT(comprehensiveness),
    [QG_LANE_LATENCY] = BASE | BIT(latency_ms),
    [QG_LANE_SIZE] = BASE | BIT(size_mb),
    [QG_LANE_BALANCED] = (1U << QG_CRITERIA) - 1,
};

/* Criteria of which more is better. */
enum { AT_LEAST = BIT(agreement) | BIT(rho) | BIT(comprehensiveness) };

bool qg_lane_asked(const qg_candidate *threshold, qg_lane lane)
{
    const double *t = threshold->value;
    switch (lane) {
    case QG_LANE_EXPLANATIONS:
        return !isnan(t[QG_CRITERION_rho]);
    case QG_LANE_LATENCY:
        return !isnan(t[QG_CRITERION_latency_ms]);
    case QG_LANE_SIZE:
        return !isnan(t[QG_CRITERION_size_mb]);
    default: /* more than one of the others, else it were the same */
        return qg_lane_asked(threshold, QG_LANE_EXPLANATIONS) +
                   qg_lane_asked(threshold, QG_LANE_LATENCY) +
                   qg_lane_asked(threshold, QG_LANE_SIZE) >
               1;
    }
}

bool qg_criterion_met(qg_criterion c, double value, double threshold)
{
    return (AT_LEAST >> c & 1) ? value >= threshold : value <= threshold;
}

/* What a candidate fails and lacks in a lane, and its score. */
static void judge(qg_judgement *out, const qg_candidate *x, const qg_candidate *threshold,
                  qg_lane lane)
{
    const double *v = x->value, drop = v[QG_CRITERION_macro_f1_drop];
    *out = (qg_judgement){.score = (double)NAN};
    if (!qg_lane_asked(threshold, lane))
        return;
    for (int c = 0; c < QG_CRITERIA; c++) {
        if (!(asks_for[lane] >> c & 1) || isnan(threshold->value[c]))
            continue;
        if (isnan(v[c]))
            out->lacks |= 1U << c;
        else if (!qg_criterion_met((qg_criterion)c, v[c], threshold->value[c]))
            out->fails |= 1U << c;
    }
    if (lane == QG_LANE_EXPLANATIONS) /* NaN where either is not known */
        out->score = v[QG_CRITERION_rho] - (drop < 0 ? 0 : drop);
    else if (lane == QG_LANE_LATENCY)
        out->score = -v[QG_CRITERION_latency_ms];
    else if (lane == QG_LANE_SIZE)
        out->score = -v[QG_CRITERION_size_mb];
}

/* Whether a candidate takes part in the places of a lane. */
static bool qualifies(const qg_judgement *j)
{
    return !j->fails && !j->lacks && !isnan(j->score);
}

/* Places among those that qualify: one more than there are better ones before or behind. */
static void give_places(qg_judgement *j, int n)
{
    for (int i = 0; i < n; i++) {
        j[i].place = qualifies(&j[i]);
        for (int k = 0; k < n && j[i].place; k++)
            if (k != i && qualifies(&j[k]))
                j[i].place += j[k].score > j[i].score || (k < i && !(j[k].score < j[i].score));
    }
}

/* Minus the sum of a candidate's places in the other lanes; NaN where it has not all of them. */
static double borda(const qg_judgement *all, int i, int n, const qg_candidate *threshold)
{
    double sum = 0;
    for (int lane = 0; lane < QG_LANE_BALANCED; lane++) {
        if (!qg_lane_asked(threshold, (qg_lane)lane))
            continue;
        if (!all[lane * n + i].place)
            return (double)NAN;
        sum += all[lane * n + i].place;
    }
    return -sum;
}

void qg_recommend(qg_judgement *out, const qg_candidate *candidate, int n,
                  const qg_candidate *threshold)
{
    for (int lane = 0; lane < QG_RECOMMEND_LANES; lane++) {
        qg_judgement *j = out + lane * n;
        bool asked = qg_lane_asked(threshold, (qg_lane)lane);
        for (int i = 0; i < n; i++) {
            judge(&j[i], &candidate[i], threshold, (qg_lane)lane);
            if (asked && lane == QG_LANE_BALANCED)
                j[i].score = borda(out, i, n, threshold);
        }
        give_places(j, n);
    }
}

/* 0: has a place, 1: fails and has a score, 2: something is not known. */
static int class_of(const qg_judgement *j)
{
    return j->place ? 0 : isnan(j->score) || j->lacks ? 2 : 1;
}

/* Whether a stands before b, which comes later in the order of the candidates. */
static bool before(const qg_judgement *a, const qg_judgement *b)
{
    if (class_of(a) != class_of(b))
        return class_of(a) < class_of(b);
    return isnan(b->score) || isnan(a->score) || a->score >= b->score;
}

void qg_recommend_order(int *order, const qg_judgement *judgement, int n)
{
    for (int i = 0; i < n; i++) {
        int k = i;
        for (; k > 0 && !before(&judgement[order[k - 1]], &judgement[i]); k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
}

/* Criteria of the front; the drop of macro-F1 stands for its quality. */
static const qg_criterion front_of[] = {QG_CRITERION_macro_f1_drop, QG_CRITERION_size_mb,
                                        QG_CRITERION_latency_ms, QG_CRITERION_rho};
enum { FRONT = sizeof front_of / sizeof front_of[0] };

static bool all_known(const qg_candidate *x, const qg_candidate *threshold)
{
    for (int i = 0; i < FRONT; i++)
        if (isnan(x->value[front_of[i]]) && !isnan(threshold->value[front_of[i]]))
            return false;
    return true;
}

/* Whether a is nowhere worse than b and somewhere better. */
static bool beats(const qg_candidate *a, const qg_candidate *b, const qg_candidate *threshold)
{
    bool better = false;
    for (int i = 0; i < FRONT; i++) {
        qg_criterion c = front_of[i];
        if (isnan(threshold->value[c]))
            continue;
        if (!qg_criterion_met(c, a->value[c], b->value[c]))
            return false;
        better |= !qg_criterion_met(c, b->value[c], a->value[c]);
    }
    return better;
}

void qg_pareto_front(bool *front, const qg_candidate *candidate, int n,
                     const qg_candidate *threshold)
{
    for (int i = 0; i < n; i++) {
        front[i] = all_known(&candidate[i], threshold);
        for (int k = 0; k < n && front[i]; k++)
            if (all_known(&candidate[k], threshold))
                front[i] = !beats(&candidate[k], &candidate[i], threshold);
    }
}
