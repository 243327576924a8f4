/*
 * dataset.c - loads a dataset: file -> records -> labels and normalised texts -> sample.
 */
#include "io/bad_rows.h"
#include "io/charset.h"
#include "io/dataset_labels.h"
#include "io/dataset_rows.h"
#include "io/pairs.h"
#include "qgrid/file.h"

#include <string.h>

/* Reading goes on behind a row that stops it, to see what else is wrong. */
typedef struct loader {
    qg_dataset *out;
    qg_arena *arena;
    const qg_dataset_spec *spec;
    qg_label_map map;
    qg_bad_rows bad;
    int first_label; /* of the rows listed there, the first whose label is the mistake; -1 */
    qg_row *row;
    int64_t n, cap;
    bool torn; /* the first text of a pair was left out */
    qg_unknown_labels unknown;
} loader;

/* The error record holds a bad row. */
static qg_code on_bad(void *ctx)
{
    loader *l = ctx;
    l->out->records++;
    return qg_bad_rows_take(&l->bad, l->arena);
}

/* The same about a record: the other text of a pair is left out with it. */
static qg_code leave_out(loader *l, const qg_record *r)
{
    if (r->pair)
        qg_bad_row_add("; the other text of its pair is left out with it");
    return qg_bad_rows_take(&l->bad, l->arena);
}

static qg_code on_label(loader *l, const qg_record *r)
{
    if (!qg_unknown_labels_add(&l->unknown, l->arena, r->label, r->label_len))
        return QG_ENOMEM;
    (void)qg_error_place(l->spec->path, r->label_line, r->label_column, r->label_field);
    if (l->first_label < 0)
        l->first_label = l->bad.listed;
    return leave_out(l, r);
}

/* What all labels may mean that are none; said with the first of them. */
static qg_code finish_labels(loader *l)
{
    const char *hint = qg_label_hint(l->arena, &l->unknown, l->map.labels);
    if (!hint)
        return QG_ENOMEM;
    l->out->label_hint = *hint ? hint : NULL;
    if (!*hint || l->first_label < 0 || l->first_label >= l->bad.listed)
        return QG_OK;
    qg_error *e = &l->bad.row[l->first_label];
    size_t n = strlen(e->msg);
    if (!l->spec->on_error && n + strlen(hint) + 3 < sizeof e->msg)
        snprintf(e->msg + n, sizeof e->msg - n, "; %s", hint);
    return QG_OK;
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

/* An empty text of a pair is a mistake, others are merely counted. */
static qg_code on_empty(loader *l, const qg_record *r)
{
    if (!r->pair) {
        l->out->empty++;
        return QG_OK;
    }
    (void)QG_FAIL_AT(QG_EFORMAT, l->spec->path, r->line, 1, "text", "there is nothing in it");
    return leave_out(l, r);
}

static bool is_quoted(const char *text, size_t len)
{
    return len >= 2 && text[0] == '"' && text[len - 1] == '"';
}

static qg_code take_record(loader *l, const qg_record *r)
{
    qg_row row = {.label = -1, .line = r->line, .record = l->out->records++};
    int64_t bad = l->bad.n;
    if (r->label && l->map.labels &&
        qg_label_map_find(&row.label, &l->map, r->label, r->label_len) != QG_OK)
        return on_label(l, r);
    if (r->vote && l->map.labels)
        QG_TRY(on_votes(&row.label, l, r));
    if (l->bad.n > bad)
        return QG_OK;
    if (row.label == QG_NO_VOTE) {
        l->out->undecided++;
        return QG_OK;
    }
    row.text = qg_normalize_text(l->arena, &l->spec->rules, r->text, r->text_len, &row.len);
    if (!row.text)
        return QG_ENOMEM;
    if (qg_text_is_empty(row.text, row.len))
        return on_empty(l, r);
    l->out->quoted += is_quoted(r->text, r->text_len);
    if (r->id && !(row.id = qg_arena_strndup(l->arena, r->id, r->id_len)))
        return QG_ENOMEM;
    if (r->group_len > 0 && !(row.group = qg_arena_strndup(l->arena, r->group, r->group_len)))
        return QG_ENOMEM;
    QG_TRY(qg_pair_record_copy(&row.pair, l->arena, r->pair));
    return push_row(l, &row);
}

/* A text of a minimal pair without the other would be a text of no pair. */
static qg_code on_record(void *ctx, const qg_record *r)
{
    loader *l = ctx;
    int64_t n = l->n;
    bool second = r->pair && r->pair->second;
    if (second && l->torn && l->spec->on_error) {
        l->out->records++;
        l->bad.n++;
        return QG_OK;
    }
    QG_TRY(take_record(l, r));
    bool lost = r->pair && l->n == n;
    if (second && lost && !l->torn) {
        l->n--;
        l->bad.n++;
    }
    l->torn = !second && lost;
    return QG_OK;
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
    const qg_error *first = d->skipped_listed > 0 ? &d->skipped_rows[0] : NULL;
    if (first)
        return QG_FAIL_AT(QG_EFORMAT, l->spec->path, first->line, first->column, NULL,
                          "no usable row: %lld records, %lld skipped, %lld empty texts; of the "
                          "reasons, %lld x %.130s%s%.160s",
                          (long long)d->records, (long long)d->skipped, (long long)d->empty,
                          (long long)d->reason[0].rows, d->reason[0].why, d->label_hint ? "; " : "",
                          d->label_hint ? d->label_hint : "");
    if (d->undecided > 0)
        return QG_FAIL_AT(QG_EFORMAT, l->spec->path, 0, 0, NULL,
                          "no usable row: %lld records, %lld empty texts, %lld without a majority "
                          "of their label columns",
                          (long long)d->records, (long long)d->empty, (long long)d->undecided);
    return QG_FAIL_AT(QG_EFORMAT, l->spec->path, 0, 0, NULL,
                      "no usable row: %lld records, %lld empty texts", (long long)d->records,
                      (long long)d->empty);
}

/* The rows of the file, good and bad ones. */
static qg_code read_rows(loader *l, const qg_format *format)
{
    qg_dataset *d = l->out;
    qg_code rc = read_file(l, format);
    if (rc == QG_OK && l->map.labels)
        rc = finish_labels(l);
    d->skipped = l->bad.n;
    d->skipped_rows = l->bad.row;
    d->skipped_listed = l->bad.listed;
    d->reason = l->bad.reason;
    d->n_reasons = l->bad.n_reasons;
    QG_TRY(rc);
    if (d->skipped > 0 && !l->spec->on_error)
        return qg_error_restore(&d->skipped_rows[0]);
    return l->n == 0 ? no_rows(l) : QG_OK;
}

qg_code qg_dataset_load(qg_dataset *out, qg_arena *a, const qg_dataset_spec *spec,
                        const char *const *labels)
{
    const qg_format *format;
    uint8_t *keep = NULL;
    loader l = {.out = out, .arena = a, .spec = spec, .first_label = -1};
    *out = (qg_dataset){.name = spec->name};
    QG_TRY(find_format(&format, spec));
    if (spec->split && !spec->part)
        return QG_FAIL_AT(QG_EJOB, spec->path, 0, 0, "split", "\"part\" is missing: which of them");
    if (labels)
        QG_TRY(qg_label_map_make(&l.map, a, spec, format, labels));
    QG_TRY(read_rows(&l, format));
    const qg_known_file *known = qg_known_file_find(out->sha256);
    out->known_as = known ? known->name : NULL;
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
