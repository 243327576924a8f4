/*
 * dataset_warnings.c - what is odd in the data sets of a plan, and in two of them together.
 */
#include "inputs.h"

#include <string.h>

/* A column of labels under another name makes a file look unlabelled. */
static qg_code warn_about_labels(qg_plan *p, qg_arena *a, const qg_dataset *d,
                                 const qg_dataset_spec *spec)
{
    const qg_format *format = spec->format ? qg_format_find(spec->format) : NULL;
    for (int64_t i = 0; i < d->n; i++)
        if (d->label[i] >= 0)
            return QG_OK;
    if (spec->from || !format || !strstr(format->options, "label_column"))
        return QG_OK;
    return qg_plan_warn(
        p, a,
        qg_arena_printf(a,
                        "dataset %s has no labels: nothing in it is called 'label'; "
                        "\"label_column\" says what is",
                        d->name));
}

static qg_code warn_about_dataset(qg_plan *p, qg_arena *a, const qg_dataset *d)
{
    if (d->skipped)
        QG_TRY(
            qg_plan_warn(p, a,
                         qg_arena_printf(a, "dataset %s: bad rows were skipped: %lld%s%s", d->name,
                                         (long long)d->skipped, d->label_hint ? "; " : "",
                                         d->label_hint ? d->label_hint : "")));
    if (d->empty)
        QG_TRY(qg_plan_warn(p, a,
                            qg_arena_printf(a, "dataset %s: rows without text were dropped: %lld",
                                            d->name, (long long)d->empty)));
    if (d->undecided)
        QG_TRY(qg_plan_warn(
            p, a,
            qg_arena_printf(a,
                            "dataset %s: rows whose label columns have no majority were left out: "
                            "%lld",
                            d->name, (long long)d->undecided)));
    if (d->conflicting)
        QG_TRY(qg_plan_warn(p, a,
                            qg_arena_printf(a, "dataset %s: texts with conflicting labels: %lld",
                                            d->name, (long long)d->conflicting)));
    return QG_OK;
}

static qg_code warn_about_leak(qg_plan *p, qg_arena *a, const qg_dataset *x, const qg_dataset *y)
{
    qg_near_rows near;
    int64_t n = qg_dataset_shared(x, y);
    if (n > 0)
        QG_TRY(qg_plan_warn(p, a,
                            qg_arena_printf(a, "leak: rows of dataset %s that %s has too: %lld",
                                            y->name, x->name, (long long)n)));
    QG_TRY(qg_dataset_near_rows(&near, a, x, y));
    if (near.n == 0)
        return QG_OK;
    return qg_plan_warn(
        p, a,
        qg_arena_printf(a,
                        "near-duplicates: rows of dataset %s that are nearly rows of %s: %lld, the "
                        "nearest line %lld and line %lld there (similarity %.2f)",
                        y->name, x->name, (long long)near.n, (long long)near.line,
                        (long long)near.other_line, near.similarity));
}

/* The data set from whose file a data set comes. */
static int file_of(const qg_job *job, int dataset)
{
    while (job->dataset_source[dataset] >= 0)
        dataset = job->dataset_source[dataset];
    return dataset;
}

static qg_code warn_about_leaks(qg_plan *p, qg_arena *a)
{
    for (int i = 0; i < p->job->n_datasets; i++)
        for (int j = i + 1; j < p->job->n_datasets; j++)
            if (file_of(p->job, i) != file_of(p->job, j))
                QG_TRY(warn_about_leak(p, a, &p->datasets[i].data, &p->datasets[j].data));
    return QG_OK;
}

qg_code qg_plan_warn_of_datasets(qg_plan *p, qg_arena *a)
{
    for (int i = 0; i < p->job->n_datasets; i++) {
        QG_TRY(warn_about_dataset(p, a, &p->datasets[i].data));
        QG_TRY(warn_about_labels(p, a, &p->datasets[i].data, &p->job->datasets[i]));
    }
    return warn_about_leaks(p, a);
}
