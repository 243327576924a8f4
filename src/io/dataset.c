/*
 * dataset.c - loads a dataset: file -> records -> labels and normalised texts -> sample.
 */
#include "io/charset.h"
#include "io/dataset_labels.h"
#include "io/dataset_rows.h"
#include "io/pairs.h"
#include "qgrid/file.h"

#include <string.h>

/* Reading goes on behind a label that stops it, to see which values there are. */
typedef struct loader {
    qg_dataset *out;
    qg_arena *arena;
    const qg_dataset_spec *spec;
    qg_label_map map;
    qg_error *bad;          /* [out->skipped_listed] */
    qg_skip_reason *reason; /* [out->n_reasons] */
    qg_row *row;
    int64_t n, cap;
    qg_unknown_labels unknown;
    qg_error stopped; /* code QG_OK: it has not */
} loader;

/* Moves a reason up to where its count belongs; of equal counts the first one found stays first. */
static qg_code count_reason(loader *l, const char *why)
{
    int i = 0;
    while (i < l->out->n_reasons && strcmp(l->reason[i].why, why) != 0)
        i++;
    if (i == QG_MOST_REASONS)
        return QG_OK;
    if (i == l->out->n_reasons) {
        const char *kept = qg_arena_strdup(l->arena, why);
        if (!kept)
            return QG_ENOMEM;
        l->reason[l->out->n_reasons++] = (qg_skip_reason){kept, 0};
    }
    l->reason[i].rows++;
    for (; i > 0 && l->reason[i - 1].rows < l->reason[i].rows; i--) {
        qg_skip_reason r = l->reason[i];
        l->reason[i] = l->reason[i - 1];
        l->reason[i - 1] = r;
    }
    return QG_OK;
}

/* The error record holds a bad row: stop at it, or count and list it. */
static qg_code skip_row(loader *l)
{
    qg_error e = *qg_error_last();
    if (!l->spec->on_error)
        return e.code;
    if (!l->bad) {
        QG_NEW(l->bad, l->arena, QG_SKIPPED_MAX);
        QG_NEW(l->reason, l->arena, QG_MOST_REASONS);
    }
    if (l->out->skipped_listed < QG_SKIPPED_MAX)
        l->bad[l->out->skipped_listed++] = e;
    QG_TRY(count_reason(l, e.msg));
    l->out->skipped++;
    qg_error_clear();
    return QG_OK;
}

static qg_code on_bad(void *ctx)
{
    loader *l = ctx;
    l->out->records++;
    return l->stopped.code ? QG_OK : skip_row(l);
}

static qg_code on_label(loader *l, const qg_record *r)
{
    if (!qg_unknown_labels_add(&l->unknown, l->arena, r->label, r->label_len))
        return QG_ENOMEM;
    if (l->stopped.code)
        return QG_OK;
    (void)qg_error_place(l->spec->path, r->label_line, r->label_column, r->label_field);
    if (l->spec->on_error)
        return skip_row(l);
    l->stopped = *qg_error_last();
    return QG_OK;
}

/* Ends with the label that stopped the reading; what all such labels may mean is said, too. */
static qg_code finish_labels(loader *l)
{
    const char *hint = qg_label_hint(l->arena, &l->unknown, l->map.labels);
    if (!hint)
        return QG_ENOMEM;
    l->out->label_hint = *hint ? hint : NULL;
    if (!l->stopped.code)
        return QG_OK;
    size_t n = strlen(l->stopped.msg);
    if (*hint && n + strlen(hint) + 3 < sizeof l->stopped.msg)
        snprintf(l->stopped.msg + n, sizeof l->stopped.msg - n, "; %s", hint);
    return qg_error_restore(&l->stopped);
}

static qg_code push_row(loader *l, const qg_row *row)
{
    if (l->n == l->cap) {
        int64_t cap = l->cap ? 2 * l->cap : 1024;
        qg_row *grown = qg_arena_grow(l->arena, l->row, (size_t)l->n, (size_t)cap, sizeof *grown);
        if (!grown)
            return QG_ENOMEM;
        l->row = grown;
        l->cap = cap;
    }
    l->row[l->n++] = *row;
    return QG_OK;
}

/* The label by the majority of a record's label columns. */
static qg_code on_votes(int32_t *label, loader *l, const qg_record *r)
{
    int column;
    qg_record one = *r;
    qg_code rc = qg_label_vote(label, &column, &l->map, l->spec, r);
    if (rc != QG_EFORMAT)
        return rc;
    *label = QG_NO_VOTE;
    one.label = r->vote[column];
    one.label_len = r->vote_len[column];
    one.label_line = r->line;
    one.label_field = l->spec->vote[column];
    return on_label(l, &one);
}

static qg_code on_record(void *ctx, const qg_record *r)
{
    loader *l = ctx;
    qg_row row = {.label = -1, .line = r->line, .record = l->out->records++};
    if (r->label && l->map.labels &&
        qg_label_map_find(&row.label, &l->map, r->label, r->label_len) != QG_OK)
        return on_label(l, r);
    int64_t skipped = l->out->skipped;
    if (r->vote && l->map.labels)
        QG_TRY(on_votes(&row.label, l, r));
    if (l->stopped.code || l->out->skipped > skipped)
        return QG_OK;
    if (row.label == QG_NO_VOTE) {
        l->out->undecided++;
        return QG_OK;
    }
    row.text = qg_normalize_text(l->arena, &l->spec->rules, r->text, r->text_len, &row.len);
    if (!row.text)
        return QG_ENOMEM;
    if (row.len == 0) {
        l->out->empty++;
        return QG_OK;
    }
    if (r->id && !(row.id = qg_arena_strndup(l->arena, r->id, r->id_len)))
        return QG_ENOMEM;
    if (r->group_len > 0 && !(row.group = qg_arena_strndup(l->arena, r->group, r->group_len)))
        return QG_ENOMEM;
    QG_TRY(qg_pair_record_copy(&row.pair, l->arena, r->pair));
    return push_row(l, &row);
}

static bool begins(const char *data, size_t size, const char *bytes, size_t n)
{
    return size >= n && memcmp(data, bytes, n) == 0;
}

static qg_code read_records(loader *l, const qg_format *format, const qg_map *file)
{
    const char *data = file->data;
    size_t size = file->size;
    qg_record_sink sink = {.each = on_record, .bad = on_bad, .ctx = l};
    if (size == 0)
        return QG_FAIL_AT(QG_EFORMAT, l->spec->path, 0, 0, NULL, "the file is empty");
    if (l->spec->encoding != QG_UTF_8)
        QG_TRY(qg_charset_to_utf8(&data, &size, l->arena, l->spec->path, l->spec->encoding));
    else if (begins(data, size, "\xff\xfe", 2) || begins(data, size, "\xfe\xff", 2))
        return QG_FAIL_AT(QG_EFORMAT, l->spec->path, 1, 1, NULL,
                          "the file is UTF-16, which \"encoding\": \"utf-16\" reads");
    if (begins(data, size, "\xef\xbb\xbf", 3)) {
        data += 3;
        size -= 3;
    }
    return format->read(l->spec, data, size, &sink);
}

static qg_code read_file(loader *l, const qg_format *format)
{
    qg_map file;
    QG_TRY(qg_file_map(&file, l->spec->path));
    qg_sha256_bytes(l->out->sha256, file.data, file.size);
    qg_code rc = read_records(l, format, &file);
    qg_file_unmap(&file);
    return rc;
}

/* From the rows kept to the arrays of the dataset; keep == NULL: all of them. */
static qg_code fill(loader *l, const uint8_t *keep, int64_t n)
{
    const char **text, **sample_id;
    size_t *text_len;
    int32_t *label;
    int64_t *line, *record, at = 0;
    QG_NEW(text, l->arena, n);
    QG_NEW(sample_id, l->arena, n);
    QG_NEW(text_len, l->arena, n);
    QG_NEW(label, l->arena, n);
    QG_NEW(line, l->arena, n);
    QG_NEW(record, l->arena, n);
    for (int64_t i = 0; i < l->n; i++) {
        const qg_row *r = &l->row[i];
        if (keep && !keep[i])
            continue;
        text[at] = r->text;
        text_len[at] = r->len;
        label[at] = r->label;
        line[at] = r->line;
        record[at] = r->record;
        sample_id[at] = r->id ? r->id : qg_arena_printf(l->arena, "%lld", (long long)r->record);
        if (!sample_id[at])
            return QG_ENOMEM;
        at++;
    }
    QG_ASSERT(at == n);
    l->out->n = n;
    l->out->text = text;
    l->out->text_len = text_len;
    l->out->label = label;
    l->out->sample_id = sample_id;
    l->out->line = line;
    l->out->record = record;
    return QG_OK;
}

static qg_code find_format(const qg_format **out, const qg_dataset_spec *spec)
{
    *out = spec->format ? qg_format_find(spec->format) : qg_format_of_path(spec->path);
    if (!*out)
        return QG_FAIL_AT(QG_EJOB, spec->path, 0, 0, NULL, "no format is known for this file");
    return QG_OK;
}

/* The most frequent reason is the likely one. */
static qg_code no_rows(const loader *l)
{
    const qg_dataset *d = l->out;
    const qg_error *first = d->skipped_listed > 0 ? &l->bad[0] : NULL;
    if (first)
        return QG_FAIL_AT(QG_EFORMAT, l->spec->path, first->line, first->column, NULL,
                          "no usable row: %lld records, %lld skipped, %lld empty texts; of the "
                          "reasons, %lld x %.130s%s%.160s",
                          (long long)d->records, (long long)d->skipped, (long long)d->empty,
                          (long long)l->reason[0].rows, l->reason[0].why, d->label_hint ? "; " : "",
                          d->label_hint ? d->label_hint : "");
    return QG_FAIL_AT(QG_EFORMAT, l->spec->path, 0, 0, NULL,
                      "no usable row: %lld records, %lld skipped, %lld empty texts, %lld without a "
                      "majority of their label columns",
                      (long long)d->records, (long long)d->skipped, (long long)d->empty,
                      (long long)d->undecided);
}

qg_code qg_dataset_load(qg_dataset *out, qg_arena *a, const qg_dataset_spec *spec,
                        const char *const *labels)
{
    const qg_format *format;
    uint8_t *keep = NULL;
    loader l = {.out = out, .arena = a, .spec = spec};
    *out = (qg_dataset){.name = spec->name};
    QG_TRY(find_format(&format, spec));
    if (spec->split && !spec->part)
        return QG_FAIL_AT(QG_EJOB, spec->path, 0, 0, "split", "\"part\" is missing: which of them");
    if (labels)
        QG_TRY(qg_label_map_make(&l.map, a, spec, format, labels));
    QG_TRY(read_file(&l, format));
    if (l.map.labels)
        QG_TRY(finish_labels(&l));
    if (l.n == 0)
        return no_rows(&l);
    const qg_known_file *known = qg_known_file_find(out->sha256);
    out->known_as = known ? known->name : NULL;
    out->skipped_rows = l.bad;
    out->reason = l.reason;
    for (int64_t i = 0; spec->split && i < l.n; i++)
        if (l.row[i].pair)
            return QG_FAIL_AT(QG_EJOB, spec->path, 0, 0, "split",
                              "a split would tear minimal pairs apart: leave it out");
    if (spec->split)
        QG_TRY(qg_rows_split(l.row, &l.n, a, spec));
    QG_TRY(qg_rows_compare(out, a, l.row, l.n));
    int64_t n = l.n;
    QG_TRY(qg_pairs_make(&out->pairs, a, spec->path, l.row, l.n));
    bool sampled =
        spec->sampling.count > 0 || spec->sampling.per_class > 0 || spec->sampling.fraction > 0;
    if (out->pairs && sampled)
        return QG_FAIL_AT(QG_EJOB, spec->path, 0, 0, "sample",
                          "a sample would tear minimal pairs apart: leave it out");
    if (!labels && spec->sampling.per_class > 0)
        return QG_FAIL_AT(QG_EJOB, spec->path, 0, 0, "sample",
                          "per_class needs labels, which are not read here");
    if (sampled)
        QG_TRY(qg_rows_sample(&keep, &n, a, spec, labels, l.row, l.n));
    QG_TRY(qg_rows_group(out, a, spec, l.row, l.n, keep, n));
    return fill(&l, keep, n);
}
