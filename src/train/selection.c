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

static const char *const names[] = {
#define X(name, doc) #name,
    QG_METRIC_LIST(X)
#undef X
};
enum { METRICS = sizeof names / sizeof names[0] };
_Static_assert(METRICS == sizeof(qg_scores) / sizeof(double), "one double a metric");

/* 1: larger is better, -1: smaller is better, 0: neither. */
static int direction(const char *name)
{
    static const char *const falling[] = {"nll", "brier", "ece", "mce", "overconfidence"};
    for (size_t i = 0; i < sizeof falling / sizeof falling[0]; i++)
        if (strcmp(name, falling[i]) == 0)
            return -1;
    return strcmp(name, "mean_confidence") != 0;
}

qg_code qg_selection_start(qg_selection *out, const char *metric, int patience)
{
    const char *known[METRICS + 1] = {NULL};
    char list[300];
    int n = 0;
    for (int i = 0; i < METRICS; i++) {
        if (direction(names[i]) == 0)
            continue;
        known[n++] = names[i];
        if (strcmp(names[i], metric) == 0) {
            *out = (qg_selection){.metric = i, .patience = patience, .best_epoch = -1, .best = NAN};
            return QG_OK;
        }
    }
    return QG_FAIL(QG_EJOB, "no epoch can be chosen by '%s', known are: %s", metric,
                   qg_join_names(list, sizeof list, known));
}

bool qg_selection_take(qg_selection *s, int epoch, const qg_scores *scores)
{
    double value;
    memcpy(&value, (const char *)scores + (size_t)s->metric * sizeof value, sizeof value);
    double gain = direction(names[s->metric]) * (value - s->best);
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
