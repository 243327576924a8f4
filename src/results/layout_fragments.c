/*
 * layout_fragments.c - into how many tokens words are cut, text by text and over all texts.
 */
#include "layout_data.h"

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

/* Mean, sd with ddof 1, least, largest of what is defined. */
static void sum_up(double out[QG_SEED_STATISTICS], const double *v, int64_t rows)
{
    double n = 0, sum = 0, squares = 0, least = INFINITY, most = -INFINITY;
    for (int64_t r = 0; r < rows; r++)
        if (!isnan(v[r * QG_FRAGMENTATIONS])) {
            n++;
            sum += v[r * QG_FRAGMENTATIONS];
            least = fmin(least, v[r * QG_FRAGMENTATIONS]);
            most = fmax(most, v[r * QG_FRAGMENTATIONS]);
        }
    for (int64_t r = 0; r < rows; r++)
        if (!isnan(v[r * QG_FRAGMENTATIONS])) {
            double off = v[r * QG_FRAGMENTATIONS] - sum / n;
            squares += off * off;
        }
    out[0] = n > 0 ? sum / n : (double)NAN;
    out[1] = n > 1 ? sqrt(squares / (n - 1)) : (double)NAN;
    out[2] = n > 0 ? least : (double)NAN;
    out[3] = n > 0 ? most : (double)NAN;
}

qg_code qg_fill_fragmentation_summary(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    int64_t rows;
    double *v = measure_all(&rows, a, p, ref), *out;
    if (!v)
        return QG_ENOMEM;
    QG_NEW(out, a, QG_FRAGMENTATIONS * QG_SEED_STATISTICS);
    for (int i = 0; i < QG_FRAGMENTATIONS; i++)
        sum_up(out + i * QG_SEED_STATISTICS, v + i, rows);
    f->initial = out;
    return QG_OK;
}
