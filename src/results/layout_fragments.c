/*
 * layout_fragments.c - into how many tokens words are cut, text by text and over all texts.
 */
#include "layout_data.h"
#include "qgrid/statistics.h"

#include <math.h>

/* Of a text's n tokens; specials belong to no word, and cut words have no tokens. Without words
 * means are undefined. */
static void measure(double *out, const int32_t *word, int64_t n)
{
    double words = 0, tokens = 0, most = 0, split = 0;
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && word[end] == word[i]; end++)
            ;
        if (word[i] < 0)
            continue;
        double fragments = (double)(end - i);
        words++;
        tokens += fragments;
        most = fmax(most, fragments);
        split += fragments > 1;
    }
    out[QG_FRAGMENTATION_words] = words;
    out[QG_FRAGMENTATION_tokens] = tokens;
    out[QG_FRAGMENTATION_mean] = words > 0 ? tokens / words : (double)NAN;
    out[QG_FRAGMENTATION_most] = words > 0 ? most : (double)NAN;
    out[QG_FRAGMENTATION_split_share] = words > 0 ? split / words : (double)NAN;
}

/* [rows, QG_FRAGMENTATIONS]; NULL: out of memory. */
static double *measure_all(int64_t *rows, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    const qg_plan_tokens *t = p->tokens[qg_layout_experiment(p, ref)];
    *rows = p->datasets[t->dataset].data.n;
    double *v = qg_arena_alloc(a, (size_t)*rows * QG_FRAGMENTATIONS, sizeof *v);
    for (int64_t r = 0; v && r < *rows; r++)
        measure(v + r * QG_FRAGMENTATIONS, t->word + t->splits[r], t->splits[r + 1] - t->splits[r]);
    return v;
}

qg_code qg_fill_fragmentation(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    int64_t rows;
    f->initial = measure_all(&rows, a, p, ref);
    return f->initial ? QG_OK : QG_ENOMEM;
}

/* Of what is defined. */
static qg_code sum_up(double out[QG_SEED_STATISTICS], const double *v, int64_t rows, qg_arena *a)
{
    qg_spread s;
    double *known;
    int64_t n = 0;
    qg_mark mark = qg_arena_mark(a);
    QG_NEW(known, a, rows);
    for (int64_t r = 0; r < rows; r++)
        if (!isnan(v[r * QG_FRAGMENTATIONS]))
            known[n++] = v[r * QG_FRAGMENTATIONS];
    QG_TRY(qg_spread_of(&s, known, n, a));
    qg_arena_release(a, mark);
    out[0] = s.mean;
    out[1] = s.sd;
    out[2] = s.median;
    out[3] = s.min;
    out[4] = s.max;
    return QG_OK;
}

qg_code qg_fill_fragmentation_summary(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    int64_t rows;
    double *v = measure_all(&rows, a, p, ref), *out;
    if (!v)
        return QG_ENOMEM;
    QG_NEW(out, a, QG_FRAGMENTATIONS * QG_SEED_STATISTICS);
    for (int i = 0; i < QG_FRAGMENTATIONS; i++)
        QG_TRY(sum_up(out + i * QG_SEED_STATISTICS, v + i, rows, a));
    f->initial = out;
    return QG_OK;
}
