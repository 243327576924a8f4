/*
 * dataset_derived.c - a dataset made of another one: its texts perturbed.
 */
#include "io/dataset_rows.h"

#include <string.h>

/* Rules as they are applied to a text that has been through them: character references would be
 * read twice. */
static qg_normalization once_more(const qg_normalization *rules)
{
    qg_normalization out = {0};
    for (int i = 0; i < rules->n; i++)
        if (rules->rule[i] != QG_TEXT_HTML)
            out.rule[out.n++] = rules->rule[i];
    return out;
}

static int count_words(const char *text, size_t len, qg_arena *a)
{
    static const qg_noise nothing = {0};
    qg_noisy words;
    return qg_noise_apply(&words, a, &nothing, text, len) == QG_OK ? words.n_words : -1;
}

/* The perturbed text of a row. Rules may join words or part them: from which word one is, is not
 * known any more where their number changes. */
static qg_code perturb(qg_noisy *out, qg_arena *a, const qg_dataset_spec *spec,
                       const qg_normalization *rules, const char *text, size_t len)
{
    qg_noisy x;
    QG_TRY(qg_noise_apply(&x, a, &spec->noise, text, len));
    *out = x;
    if (rules->n == 0 || (x.len == len && memcmp(x.text, text, len) == 0))
        return QG_OK;
    char *ruled = qg_normalize_text(a, rules, x.text, x.len, &out->len);
    if (!ruled)
        return QG_ENOMEM;
    out->text = ruled;
    if (out->len == 0)
        return qg_noise_apply(out, a, &(qg_noise){0}, text, len);
    out->n_words = count_words(ruled, out->len, a);
    if (out->n_words == x.n_words)
        return QG_OK;
    if (out->n_words < 0)
        return QG_ENOMEM;
    int32_t *from;
    QG_NEW(from, a, out->n_words + 1);
    memset(from, -1, ((size_t)out->n_words + 1) * sizeof *from);
    out->from = from;
    return QG_OK;
}

static qg_code choose(uint8_t **keep, int64_t *n, qg_arena *a, const qg_dataset_spec *spec,
                      const qg_dataset *source, const char *const *labels)
{
    qg_row *row;
    *keep = NULL;
    *n = source->n;
    if (!spec->sample)
        return QG_OK;
    QG_NEW(row, a, source->n);
    for (int64_t i = 0; i < source->n; i++)
        row[i] = (qg_row){.record = source->record[i], .label = source->label[i]};
    return qg_rows_sample(keep, n, a, spec, labels, row, source->n);
}

/* Rows of the source that are kept: place by place into the arrays of the new one. */
typedef struct rows {
    const char **text, **sample_id;
    size_t *text_len;
    int32_t *label, *group;
    int64_t *line, *record;
    qg_noisy *noisy;
} rows;

static qg_code make_rows(rows *r, qg_arena *a, int64_t n)
{
    QG_NEW(r->text, a, n);
    QG_NEW(r->sample_id, a, n);
    QG_NEW(r->text_len, a, n);
    QG_NEW(r->label, a, n);
    QG_NEW(r->group, a, n);
    QG_NEW(r->line, a, n);
    QG_NEW(r->record, a, n);
    QG_NEW(r->noisy, a, n);
    return QG_OK;
}

static void take(qg_dataset *out, const rows *r, int64_t n)
{
    out->n = n;
    out->text = r->text;
    out->text_len = r->text_len;
    out->label = r->label;
    out->sample_id = r->sample_id;
    out->line = r->line;
    out->record = r->record;
    out->noisy = r->noisy;
    out->group = out->n_groups > 0 ? r->group : NULL;
}

/* Duplicates and conflicts of the new texts. */
static qg_code compare(qg_dataset *out, qg_arena *a)
{
    qg_row *row;
    qg_mark start = qg_arena_mark(a);
    QG_NEW(row, a, out->n);
    for (int64_t i = 0; i < out->n; i++)
        row[i] = (qg_row){.text = out->text[i], .len = out->text_len[i], .label = out->label[i]};
    QG_TRY(qg_rows_compare(out, a, row, out->n));
    qg_arena_release(a, start);
    return QG_OK;
}

qg_code qg_dataset_derive(qg_dataset *out, qg_arena *a, const qg_dataset_spec *spec,
                          const qg_dataset *source, const char *const *labels)
{
    const qg_normalization rules = once_more(&spec->rules);
    uint8_t *keep;
    int64_t n, at = 0;
    rows r;
    *out = (qg_dataset){.name = spec->name};
    memcpy(out->sha256, source->sha256, sizeof out->sha256);
    QG_TRY(choose(&keep, &n, a, spec, source, labels));
    QG_TRY(make_rows(&r, a, n));
    for (int64_t i = 0; i < source->n; i++) {
        if (keep && !keep[i])
            continue;
        QG_TRY(perturb(&r.noisy[at], a, spec, &rules, source->text[i], source->text_len[i]));
        r.text[at] = r.noisy[at].text;
        r.text_len[at] = r.noisy[at].len;
        r.sample_id[at] = source->sample_id[i];
        r.label[at] = source->label[i];
        r.group[at] = source->group ? source->group[i] : -1;
        r.line[at] = source->line[i];
        r.record[at++] = source->record[i];
    }
    out->records = source->n;
    out->n_groups = source->n_groups;
    out->group_name = source->group_name;
    take(out, &r, n);
    return compare(out, a);
}
