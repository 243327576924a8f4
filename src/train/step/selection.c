/*
 * selection.c - the best epoch by a validation metric, and early stopping (Prechelt, "Early
 * stopping
 * - but when?", 1998).
 */
#include "qgrid/optimizer.h"

#include "qgrid/metrics.h"
#include "qgrid/str.h"

#include <math.h>
#include <string.h>

/* 1: larger is better, -1: smaller is better, 0: neither. */
static int direction(const char *name)
{
    static const char *const falling[] = {"nll", "brier",          "ece",
                                          "mce", "overconfidence", "ece_quantile"};
    for (size_t i = 0; i < sizeof falling / sizeof falling[0]; i++)
        if (strcmp(name, falling[i]) == 0)
            return -1;
    return strcmp(name, "mean_confidence") != 0 && strcmp(name, "confidence_gap") != 0;
}

qg_code qg_selection_start(qg_selection *out, const char *metric, int patience)
{
    const char *known[QG_METRICS + 1] = {NULL};
    char list[300];
    int n = 0;
    for (int i = 0; i < QG_METRICS; i++) {
        if (direction(qg_metric_names[i]) == 0)
            continue;
        known[n++] = qg_metric_names[i];
        if (strcmp(qg_metric_names[i], metric) == 0) {
            *out = (qg_selection){.metric = i, .patience = patience, .best_epoch = -1, .best = NAN};
            return QG_OK;
        }
    }
    return QG_FAIL(QG_EJOB, "no epoch can be chosen by '%s', known are: %s", metric,
                   qg_join_names(list, sizeof list, known));
}

bool qg_selection_take(qg_selection *s, int epoch, const qg_scores *scores)
{
    double value = qg_metric_of(scores, s->metric);
    double gain = direction(qg_metric_names[s->metric]) * (value - s->best);
    if (isfinite(value) && (s->best_epoch < 0 || gain > 0)) {
        s->best = value;
        s->best_epoch = epoch;
        s->waited = 0;
        return true;
    }
    s->waited++;
    return false;
}

bool qg_selection_stops(const qg_selection *s)
{
    return s->patience > 0 && s->waited >= s->patience;
}
