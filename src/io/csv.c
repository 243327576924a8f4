/*
 * csv.c - CSV with a header, read by libcsv in strict mode; format "csv".
 *
 * libcsv reports fields and records but not where they are. Hence it is fed in spans that end at
 * the next byte that can matter (delimiter, quote, CR, LF): when it reports a field, the field ends
 * at the last byte of the span, and the byte at which it refuses a span is the place of the
 * mistake. Lines end at LF, or at a CR that none follows, in quotes, too. Rules: RFC 4180; blank
 * lines are skipped, and rows of empty fields alone, as spreadsheets leave them.
 *
 * A quote that is never closed swallows lines up to the next quote, and what follows there does not
 * fit. So the place of that mistake is where the field begins, and reading goes on in the line
 * after it: one row is lost, not all up to there.
 */
#include "io/csv_table.h"
#include "io/formats.h"
#include "io/record.h"
#include "qgrid/str.h"

#include <csv.h>
#include <string.h>

enum { TEXT, LABEL, ID, GROUP, VOTES, WANTED = VOTES + QG_MOST_VOTES };

typedef struct place {
    size_t offset;
    int64_t line, column;
} place;

typedef struct reader {
    const qg_csv_layout *layout;
    const qg_dataset_spec *spec;
    const qg_record_sink *sink;
    const char *data;
    size_t size, pos, span; /* libcsv is being fed data[pos .. pos + span) */
    int64_t line;           /* of data[pos] */
    size_t line_start;
    struct csv_parser parser;
    unsigned char delimiter, quote; /* quote 0: none, as no text holds that byte */
    bool fresh;                     /* the next byte begins a field */
    int fields, columns;            /* of this record so far; of the header, 0 while it is read */
    place field, record, label;
    const char *name[WANTED]; /* columns wanted, NULL for none */
    bool required[WANTED];
    int index[WANTED]; /* their positions, -1 = not there */
    qg_str value[WANTED];
    const char *vote[QG_MOST_VOTES];
    size_t vote_len[QG_MOST_VOTES];
    qg_str found; /* names in the header, for messages */
    qg_code rc;
} reader;

static int no_space(unsigned char c)
{
    (void)c;
    return 0; /* white space around a field belongs to it (RFC 4180) */
}

static qg_code start_parser(reader *s)
{
    unsigned char strict = CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL;
    if (csv_init(&s->parser, strict) != 0)
        return QG_FAIL(QG_EBUG, "libcsv cannot be initialised");
    csv_set_delim(&s->parser, s->delimiter);
    csv_set_quote(&s->parser, s->quote);
    csv_set_space_func(&s->parser, no_space);
    csv_set_blk_size(&s->parser, 4096);
    s->fresh = true;
    s->fields = 0;
    for (int k = 0; k < WANTED; k++)
        qg_str_clear(&s->value[k]);
    return QG_OK;
}

static qg_code fail_here(const reader *s, const place *p, const char *msg)
{
    return QG_FAIL_AT(QG_EFORMAT, s->spec->path, p->line, p->column, NULL, "%s", msg);
}

static qg_code header_field(reader *s, const char *name, size_t len)
{
    for (int k = 0; k < WANTED; k++) {
        if (!s->name[k] || strlen(s->name[k]) != len || memcmp(s->name[k], name, len) != 0)
            continue;
        if (s->index[k] >= 0)
            return QG_FAIL_AT(QG_EFORMAT, s->spec->path, s->field.line, s->field.column, NULL,
                              "column '%s' occurs twice in the header", s->name[k]);
        s->index[k] = s->fields;
    }
    if (s->fields)
        qg_str_add(&s->found, ", ");
    qg_str_addn(&s->found, name, len);
    return QG_OK;
}

static void on_field(void *bytes, size_t len, void *ctx)
{
    reader *s = ctx;
    const char *text = len ? bytes : "";
    if (s->rc != QG_OK)
        return;
    if (s->columns == 0)
        s->rc = header_field(s, text, len);
    for (int k = 0; s->columns > 0 && k < WANTED; k++) {
        if (s->index[k] != s->fields)
            continue;
        qg_str_addn(&s->value[k], text, len);
        if (k == LABEL)
            s->label = s->field;
    }
    s->fields++;
    s->fresh = true;
}

static qg_code header_done(reader *s, size_t end)
{
    char found[QG_SHOWN * 4];
    QG_TRY(qg_check_bytes(s->spec->path, s->data + s->record.offset, end - s->record.offset,
                          s->record.line, s->record.column));
    QG_TRY(qg_str_status(&s->found));
    snprintf(found, sizeof found, "%s", s->found.data ? s->found.data : "");
    s->columns = s->fields;
    for (int k = 0; k < WANTED; k++)
        if (s->required[k] && s->index[k] < 0)
            return QG_FAIL_AT(QG_EFORMAT, s->spec->path, s->record.line, 0, NULL,
                              "the header lacks column '%s', it has: %s%s", s->name[k], found,
                              s->columns == 1 ? " (is the delimiter right?)" : "");
    return QG_OK;
}

static qg_code check_record(const reader *s, size_t end)
{
    QG_TRY(qg_check_bytes(s->spec->path, s->data + s->record.offset, end - s->record.offset,
                          s->record.line, s->record.column));
    if (s->fields != s->columns)
        return QG_FAIL_AT(QG_EFORMAT, s->spec->path, s->record.line, 1, NULL,
                          "%d field%s found, %s %d", s->fields, s->fields == 1 ? "" : "s",
                          s->layout->columns ? "expected are" : "the header has", s->columns);
    return QG_OK;
}

/* Two fields or more, and nothing in them. */
static bool is_blank(const reader *s, size_t end)
{
    for (size_t i = s->record.offset; i < end; i++)
        if ((unsigned char)s->data[i] != s->delimiter && s->data[i] != ' ')
            return false;
    return s->fields > 1;
}

static void take_votes(qg_record *r, reader *s)
{
    for (int i = 0; i < s->spec->n_votes; i++) {
        s->vote[i] = s->value[VOTES + i].data;
        s->vote_len[i] = s->value[VOTES + i].len;
    }
    if (s->spec->n_votes > 0) {
        r->vote = s->vote;
        r->vote_len = s->vote_len;
    }
}

static qg_code record_done(reader *s, size_t end)
{
    qg_record r = {.line = s->record.line, .label_field = s->name[LABEL]};
    if (is_blank(s, end))
        return QG_OK;
    if (check_record(s, end) != QG_OK)
        return s->sink->bad(s->sink->ctx);
    for (int k = 0; k < WANTED; k++)
        QG_TRY(qg_str_status(&s->value[k]));
    r.text = s->value[TEXT].data;
    r.text_len = s->value[TEXT].len;
    if (s->index[LABEL] >= 0) {
        r.label = s->value[LABEL].data;
        r.label_len = s->value[LABEL].len;
        r.label_line = s->label.line;
        r.label_column = s->label.column;
    }
    if (s->index[ID] >= 0) {
        r.id = s->value[ID].data;
        r.id_len = s->value[ID].len;
    }
    if (s->index[GROUP] >= 0) {
        r.group = s->value[GROUP].data;
        r.group_len = s->value[GROUP].len;
    }
    take_votes(&r, s);
    if (s->layout->check && s->layout->check(s->spec->path, &r) != QG_OK)
        return s->sink->bad(s->sink->ctx);
    return s->sink->each(s->sink->ctx, &r);
}

/* `end_byte` is the CR or LF that ended the record, -1 at the end of the file. */
static void on_record(int end_byte, void *ctx)
{
    reader *s = ctx;
    size_t end = end_byte < 0 ? s->size : s->pos + s->span - 1;
    if (s->rc == QG_OK)
        s->rc = s->columns == 0 ? header_done(s, end) : record_done(s, end);
    s->fields = 0;
    for (int k = 0; k < WANTED; k++)
        qg_str_clear(&s->value[k]);
}

static bool ends_line(const reader *s, size_t at)
{
    bool lf_follows = at + 1 < s->size && s->data[at + 1] == '\n';
    return s->data[at] == '\n' || (s->data[at] == '\r' && !lf_follows);
}

/* After a bad record: goes on at the line after the one that holds this place. */
static qg_code resume_after(reader *s, size_t offset, int64_t line)
{
    if (s->columns == 0)
        return qg_error_last()->code; /* nothing can be read without a header */
    QG_TRY(s->sink->bad(s->sink->ctx));
    while (offset < s->size && !ends_line(s, offset))
        offset++;
    s->pos = offset < s->size ? offset + 1 : s->size;
    s->line = line + 1;
    s->line_start = s->pos;
    csv_free(&s->parser);
    return start_parser(s);
}

static qg_code refused(reader *s, size_t at)
{
    place p = {at, s->line, (int64_t)(at - s->line_start) + 1};
    if (csv_error(&s->parser) != CSV_EPARSE)
        return QG_FAIL(QG_ENOMEM, "%s", csv_strerror(csv_error(&s->parser)));
    if (s->data[at] == 0) {
        (void)fail_here(s, &p, "a NUL byte, which no text may hold");
    } else if (s->data[at] == '"') {
        (void)fail_here(s, &p,
                        "a quote inside a field that does not begin with one; such fields are "
                        "quoted, and the quotes in them doubled, or \"quoting\" is \"none\"");
    } else if (s->field.line < s->line) {
        (void)QG_FAIL_AT(QG_EFORMAT, s->spec->path, s->field.line, s->field.column, NULL,
                         "the quote that opens here is not closed: the next one, in line %lld, has "
                         "text after it",
                         (long long)s->line);
        p = s->field;
    } else {
        (void)fail_here(s, &p,
                        "text after the closing quote of a field; quotes inside a field are "
                        "doubled, or \"quoting\" is \"none\"");
    }
    return resume_after(s, p.offset, p.line);
}

static bool matters(const reader *s, char c)
{
    return (unsigned char)c == s->quote || c == '\n' || c == '\r' ||
           (unsigned char)c == s->delimiter;
}

/* Notes where a field begins, unless this is a line end between two records. */
static void note_field(reader *s)
{
    char c = s->pos < s->size ? s->data[s->pos] : 0;
    if (!s->fresh || (s->fields == 0 && (c == '\n' || c == '\r')))
        return;
    s->field = (place){s->pos, s->line, (int64_t)(s->pos - s->line_start) + 1};
    if (s->fields == 0)
        s->record = s->field;
    s->fresh = false;
}

static qg_code feed_span(reader *s)
{
    s->span = 1;
    while (!matters(s, s->data[s->pos + s->span - 1]) && s->pos + s->span < s->size)
        s->span++;
    note_field(s);
    size_t got = csv_parse(&s->parser, s->data + s->pos, s->span, on_field, on_record, s);
    QG_TRY(s->rc);
    if (got < s->span)
        return refused(s, s->pos + got);
    s->pos += s->span;
    if (ends_line(s, s->pos - 1)) {
        s->line++;
        s->line_start = s->pos;
    }
    return QG_OK;
}

/* Ends the file; a quote left open may set `pos` back to lines that can still be read. */
static qg_code finish(reader *s)
{
    s->span = 0;
    note_field(s);
    int bad = csv_fini(&s->parser, on_field, on_record, s);
    QG_TRY(s->rc);
    if (!bad)
        return QG_OK;
    (void)fail_here(s, &s->field, "the quote that opens here is not closed");
    return resume_after(s, s->field.offset, s->field.line);
}

static qg_code read_all(reader *s)
{
    do {
        while (s->pos < s->size)
            QG_TRY(feed_span(s));
        QG_TRY(finish(s));
    } while (s->pos < s->size);
    if (s->columns == 0)
        return QG_FAIL_AT(QG_EFORMAT, s->spec->path, 1, 0, NULL, "the header is missing");
    return QG_OK;
}

qg_code qg_csv_read(const qg_csv_layout *layout, const qg_dataset_spec *spec, const char *data,
                    size_t size, const qg_record_sink *sink)
{
    reader s = {.layout = layout,
                .spec = spec,
                .sink = sink,
                .data = data,
                .size = size,
                .line = 1,
                .name = {layout->text, layout->label, layout->id, spec->group_column},
                .required = {true, layout->label_required || spec->label_column || spec->label_map,
                             spec->id_column, spec->group_column}};
    for (int k = 0; k < WANTED; k++)
        s.index[k] = -1;
    for (int i = 0; i < spec->n_votes; i++) {
        s.name[VOTES + i] = spec->vote[i];
        s.required[VOTES + i] = true;
    }
    if (spec->n_votes > 0 || spec->no_labels) {
        s.name[LABEL] = NULL;
        s.required[LABEL] = false;
    }
    s.delimiter = (unsigned char)(spec->delimiter ? spec->delimiter[0] : layout->delimiter);
    s.quote = spec->quoting == QG_QUOTING_NONE ? 0 : '"';
    if (spec->text_column)
        s.name[TEXT] = spec->text_column;
    if (spec->label_column)
        s.name[LABEL] = spec->label_column;
    if (spec->id_column)
        s.name[ID] = spec->id_column;
    if (layout->columns) {
        s.columns = layout->columns;
        s.index[TEXT] = 0;
        s.index[LABEL] = s.name[LABEL] ? 1 : -1;
    }
    QG_TRY(start_parser(&s));
    qg_code rc = read_all(&s);
    csv_free(&s.parser);
    for (int k = 0; k < WANTED; k++)
        qg_str_fini(&s.value[k]);
    qg_str_fini(&s.found);
    return rc;
}

static qg_code read_csv(const qg_dataset_spec *spec, const char *data, size_t size,
                        const qg_record_sink *sink)
{
    static const qg_csv_layout layout = {
        .delimiter = ',', .text = "text", .label = "label", .id = "id"};
    return qg_csv_read(&layout, spec, data, size, sink);
}

const qg_format qg_format_csv = {
    .name = "csv",
    .summary = "CSV (RFC 4180) with a header; columns text, and label and id if there are any",
    .extensions = ".csv",
    .options = "text_column label_column label_columns min_votes id_column group_column delimiter "
               "quoting label_map",
    .read = read_csv,
};
