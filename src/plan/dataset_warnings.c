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

/* Quotes around every text are those of a table that is read without them. */
static qg_code warn_about_quotes(qg_plan *p, qg_arena *a, const qg_dataset *d,
                                 const qg_dataset_spec *spec)
{
    const qg_format *format = spec->format ? qg_format_find(spec->format) : NULL;
    if (spec->from || !format || !strstr(format->options, "quoting") || d->quoted < 2 ||
        d->quoted < d->records - d->skipped - d->empty - d->undecided)
        return QG_OK;
    return qg_plan_warn(
        p, a,
        qg_arena_printf(a,
                        "dataset %s: every text begins and ends with a quote, which "
                        "is part of it; \"quoting\": \"double\" takes them off",
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

static qg_code warn_about_leak(qg_plan *p, qg_arena *a, const qg_near_index *of_x,
                               const qg_near_index *of_y)
{
    const qg_dataset *x = of_x->data, *y = of_y->data;
    qg_near_rows near;
    int64_t n = qg_dataset_shared(x, y);
    if (n > 0)
        QG_TRY(qg_plan_warn(p, a,
                            qg_arena_printf(a, "leak: rows of dataset %s that %s has too: %lld",
                                            y->name, x->name, (long long)n)));
    QG_TRY(qg_dataset_near_rows(&near, a, of_x, of_y));
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

static qg_code compare_all(qg_plan *p, qg_arena *a, qg_arena *scratch)
{
    int n = p->job->n_datasets;
    qg_near_index *index;
    QG_NEW(index, scratch, n);
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            if (file_of(p->job, i) == file_of(p->job, j))
                continue;
            if (!index[i].data)
                QG_TRY(qg_near_index_make(&index[i], scratch, &p->datasets[i].data));
            if (!index[j].data)
                QG_TRY(qg_near_index_make(&index[j], scratch, &p->datasets[j].data));
            QG_TRY(warn_about_leak(p, a, &index[i], &index[j]));
        }
    return QG_OK;
}

static qg_code warn_about_leaks(qg_plan *p, qg_arena *a)
{
    qg_arena *scratch = qg_arena_create(0);
    if (!scratch)
        return QG_FAIL(QG_ENOMEM, "no memory to compare data sets");
    qg_code rc = compare_all(p, a, scratch);
    qg_arena_destroy(scratch);
    return rc;
}

qg_code qg_plan_warn_of_datasets(qg_plan *p, qg_arena *a)
{
    for (int i = 0; i < p->job->n_datasets; i++) {
        QG_TRY(warn_about_dataset(p, a, &p->datasets[i].data));
        QG_TRY(warn_about_quotes(p, a, &p->datasets[i].data, &p->job->datasets[i]));
        QG_TRY(warn_about_labels(p, a, &p->datasets[i].data, &p->job->datasets[i]));
    }
    return warn_about_leaks(p, a);
}
