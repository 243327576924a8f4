/*
 * bad_rows.c - a bounded list of bad rows, and counts by reason; a data set's bad rows as mistakes
 * of a job.
 */
#include "io/bad_rows.h"

#include "qgrid/str.h"

#include <string.h>

/* Of the rows of one file that a list of mistakes shows: all, and for one reason. */
enum { MOST_TOLD = 10, MOST_ALIKE = 3 };

/* Moves a reason up to where its count belongs; of equal counts the first one found stays first. */
static qg_code count_reason(qg_bad_rows *b, qg_arena *a, const char *why)
{
    int i = 0;
    while (i < b->n_reasons && strcmp(b->reason[i].why, why) != 0)
        i++;
    if (i == QG_MOST_REASONS)
        return QG_OK;
    if (i == b->n_reasons) {
        const char *kept = qg_arena_strdup(a, why);
        if (!kept)
            return QG_ENOMEM;
        b->reason[b->n_reasons++] = (qg_skip_reason){kept, 0};
    }
    b->reason[i].rows++;
    for (; i > 0 && b->reason[i - 1].rows < b->reason[i].rows; i--) {
        qg_skip_reason r = b->reason[i];
        b->reason[i] = b->reason[i - 1];
        b->reason[i - 1] = r;
    }
    return QG_OK;
}

qg_code qg_bad_rows_take(qg_bad_rows *b, qg_arena *a)
{
    qg_error e = *qg_error_last();
    if (!b->row) {
        QG_NEW(b->row, a, QG_SKIPPED_MAX);
        QG_NEW(b->reason, a, QG_MOST_REASONS);
    }
    if (b->listed < QG_SKIPPED_MAX)
        b->row[b->listed++] = e;
    QG_TRY(count_reason(b, a, e.msg));
    b->n++;
    qg_error_clear();
    return QG_OK;
}

void qg_bad_row_add(const char *more)
{
    qg_error e = *qg_error_last();
    size_t n = strlen(e.msg);
    if (n + strlen(more) < sizeof e.msg)
        snprintf(e.msg + n, sizeof e.msg - n, "%s", more);
    (void)qg_error_restore(&e);
}

/* How many rows of a data set's list have the reason of row i, among the first i. To one of them a
 * proposal is added. */
static int alike_before(const qg_dataset *d, int i)
{
    int n = 0;
    const char *why = d->skipped_rows[i].msg;
    for (int k = 0; k < i; k++)
        n += strncmp(d->skipped_rows[k].msg, why, strlen(why)) == 0;
    return n;
}

/* "987 more bad rows; of all, 990 x label 'x' is not one of: ...; 3 x ..." */
static qg_code tell_others(const qg_dataset *d, const char *path, int64_t others)
{
    qg_str s = {0};
    qg_str_addf(&s, "%lld more bad row%s; of all %lld: ", (long long)others, others == 1 ? "" : "s",
                (long long)d->skipped);
    for (int k = 0; k < d->n_reasons && k < 3; k++)
        qg_str_addf(&s, "%s%lld x %.90s", k ? "; " : "", (long long)d->reason[k].rows,
                    d->reason[k].why);
    qg_code rc = s.failed ? QG_ENOMEM
                          : QG_FAIL_AT(QG_EFORMAT, path, 0, 0, NULL, "%s%s", s.data,
                                       d->n_reasons > 3 ? "; ..." : "");
    qg_str_fini(&s);
    return rc;
}

qg_code qg_dataset_problems(qg_problems *problems, const qg_dataset *d, const qg_dataset_spec *spec,
                            const qg_json_doc *doc, const qg_json *v, qg_code rc)
{
    int told = 0;
    if (rc != QG_EFORMAT || spec->on_error || d->skipped == 0)
        return qg_problems_take_at(problems, doc, v, rc);
    for (int i = 0; i < d->skipped_listed && told < MOST_TOLD; i++) {
        if (alike_before(d, i) >= MOST_ALIKE)
            continue;
        (void)qg_problems_take_at(problems, doc, v, qg_error_restore(&d->skipped_rows[i]));
        told++;
    }
    if (told < d->skipped)
        (void)qg_problems_take_at(problems, doc, v, tell_others(d, spec->path, d->skipped - told));
    return problems->failed ? QG_ENOMEM : rc;
}
