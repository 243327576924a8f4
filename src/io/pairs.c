/*
 * pairs.c - pairs of rows, their phenomena, and where their cues stand.
 */
#include "io/pairs.h"

#include <string.h>

qg_code qg_pair_record_copy(const qg_pair_record **out, qg_arena *a, const qg_pair_record *of)
{
    qg_pair_record *x;
    const char **cue;
    *out = NULL;
    if (!of)
        return QG_OK;
    QG_NEW(x, a, 1);
    QG_NEW(cue, a, of->n_cues);
    *x = *of;
    x->cue = cue;
    if (!(x->phenomenon = qg_arena_strdup(a, of->phenomenon)))
        return QG_ENOMEM;
    for (int i = 0; i < of->n_cues; i++)
        if (!(cue[i] = qg_arena_strdup(a, of->cue[i])))
            return QG_ENOMEM;
    *out = x;
    return QG_OK;
}

/* The number of a phenomenon, a new one behind the others. */
static qg_code number_of(int32_t *out, const char **name, int *n, const char *path,
                         const qg_row *row)
{
    int i = 0;
    while (i < *n && strcmp(name[i], row->pair->phenomenon) != 0)
        i++;
    if (i == QG_MOST_PHENOMENA)
        return QG_FAIL_AT(QG_EFORMAT, path, row->line, 0, "phenomenon",
                          "'%s' is one phenomenon more than the %d that a data set may have",
                          row->pair->phenomenon, QG_MOST_PHENOMENA);
    name[i] = row->pair->phenomenon;
    *n += i == *n;
    *out = i;
    return QG_OK;
}

static qg_code name_phenomena(qg_minimal_pairs *x, qg_arena *a, const char *path, const qg_row *row,
                              int64_t n)
{
    const char **name;
    int32_t *of_row;
    QG_NEW(name, a, QG_MOST_PHENOMENA);
    QG_NEW(of_row, a, n);
    for (int64_t i = 0; i < n; i++)
        QG_TRY(number_of(&of_row[i], name, &x->n_phenomena, path, &row[i]));
    x->phenomenon = name;
    x->of_row = of_row;
    return QG_OK;
}

static qg_code join_rows(qg_minimal_pairs *x, qg_arena *a, const qg_row *row, int64_t n)
{
    int64_t *first, *second;
    int32_t *of_pair;
    uint8_t *changes;
    QG_NEW(first, a, n / 2);
    QG_NEW(second, a, n / 2);
    QG_NEW(of_pair, a, n / 2);
    QG_NEW(changes, a, n / 2);
    for (int64_t i = 1; i < n; i += 2) {
        QG_ASSERT(row[i].pair->second && !row[i - 1].pair->second);
        first[x->n] = i - 1;
        second[x->n] = i;
        of_pair[x->n] = x->of_row[i];
        changes[x->n++] = row[i - 1].label != row[i].label;
    }
    x->first = first;
    x->second = second;
    x->of_pair = of_pair;
    x->changes = changes;
    return QG_OK;
}

/* Each text is read for the cues of its pair; those that it has count. */
static qg_code find_cues(qg_minimal_pairs *x, qg_arena *a, const qg_row *row, int64_t n)
{
    int64_t *splits, most = 0, found = 0;
    qg_cue_place *cue;
    for (int64_t i = 0; i < n; i++)
        most += row[i].pair->n_cues;
    QG_NEW(splits, a, n + 1);
    QG_NEW(cue, a, most);
    for (int64_t i = 0; i < n; i++) {
        const qg_pair_record *p = row[i].pair;
        qg_cue_place place[QG_MOST_CUES];
        qg_mark m = qg_arena_mark(a);
        QG_TRY(qg_cue_find(place, a, row[i].text, row[i].len, p->cue, p->n_cues));
        qg_arena_release(a, m);
        for (int k = 0; k < p->n_cues; k++)
            if (place[k].first >= 0)
                cue[found++] = place[k];
        splits[i + 1] = found;
    }
    x->cue_splits = splits;
    x->cue = cue;
    return QG_OK;
}

qg_code qg_pairs_make(const qg_minimal_pairs **out, qg_arena *a, const char *path,
                      const qg_row *row, int64_t n)
{
    qg_minimal_pairs *x;
    *out = NULL;
    if (n == 0 || !row[0].pair)
        return QG_OK;
    QG_NEW(x, a, 1);
    QG_TRY(name_phenomena(x, a, path, row, n));
    QG_TRY(join_rows(x, a, row, n));
    QG_TRY(find_cues(x, a, row, n));
    *out = x;
    return QG_OK;
}
