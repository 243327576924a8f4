/*
 * jsonl.c - format "jsonl": one JSON object a line, with a text and, if it likes, a label and an
 * id.
 *
 * Whether the file is labelled is what its first good record says; then all records must agree.
 */
#include "io/formats.h"
#include "io/record.h"

#include <math.h>
#include <string.h>

/* A line has at most 16 MiB: bounds what hostile ones can make of it. */
#define SCRATCH_BUDGET ((size_t)1 << 30)

typedef struct reader {
    const qg_dataset_spec *spec;
    const char *text_key, *label_key, *id_key;
    bool first, labelled;
    char label_number[32], group_number[32];
    const char *vote[QG_MOST_VOTES];
    size_t vote_len[QG_MOST_VOTES];
    qg_arena *scratch;
} reader;

/* A string as it stands; true and false as words; a number as a job would write it in its
 * label_map. */
static qg_code scalar(const char **out, size_t *len, char number[32], const qg_json_doc *doc,
                      const qg_json *v)
{
    if (v->type == QG_JSON_STRING) {
        *out = v->string;
    } else if (v->type == QG_JSON_BOOL) {
        *out = v->boolean ? "true" : "false";
    } else if (v->type == QG_JSON_NUMBER) {
        bool whole = v->number == rint(v->number);
        if (whole && fabs(v->number) > QG_JSON_MOST_INTEGER)
            return QG_JSON_FAIL(doc, v, QG_EFORMAT,
                                "%.0f is not below 2^53 and not exact in JSON; as a string it is",
                                v->number);
        snprintf(number, 32, whole ? "%.0f" : "%.17g", v->number);
        *out = number;
    } else {
        return QG_JSON_FAIL(doc, v, QG_EFORMAT,
                            "found %s, a string, a number, true or false is expected",
                            qg_json_kind(v));
    }
    *len = strlen(*out);
    return QG_OK;
}

/* A key that is absent or null names no label. */
static qg_code read_votes(qg_record *r, reader *s, const qg_json_doc *doc)
{
    for (int i = 0; i < s->spec->n_votes; i++) {
        const qg_json *v = qg_json_get(doc->root, s->spec->vote[i]);
        char *number;
        s->vote[i] = "";
        s->vote_len[i] = 0;
        if (!v || v->type == QG_JSON_NULL)
            continue;
        QG_NEW(number, s->scratch, 32);
        QG_TRY(scalar(&s->vote[i], &s->vote_len[i], number, doc, v));
    }
    r->vote = s->vote;
    r->vote_len = s->vote_len;
    return QG_OK;
}

static qg_code read_label(qg_record *r, reader *s, const qg_json_doc *doc)
{
    const qg_json *v = qg_json_get(doc->root, s->label_key);
    bool there = v && v->type != QG_JSON_NULL;
    if (s->spec->label_column || s->spec->label_map)
        s->labelled = true;
    else if (s->first)
        s->labelled = there;
    if (!there && s->labelled)
        return QG_JSON_FAIL(doc, doc->root, QG_EFORMAT, "key '%s' is missing", s->label_key);
    if (there && !s->labelled)
        return QG_JSON_FAIL(doc, v, QG_EFORMAT, "a label, and the first record has none");
    if (!there)
        return QG_OK;
    QG_TRY(scalar(&r->label, &r->label_len, s->label_number, doc, v));
    qg_json_place(doc, v, &r->label_line, &r->label_column);
    r->label_field = s->label_key;
    return QG_OK;
}

static qg_code read_group(qg_record *r, reader *s, const qg_json_doc *doc)
{
    const qg_json *v = s->spec->group_column ? qg_json_get(doc->root, s->spec->group_column) : NULL;
    if (!s->spec->group_column || (v && v->type == QG_JSON_NULL))
        return QG_OK;
    if (!v)
        return QG_JSON_FAIL(doc, doc->root, QG_EFORMAT, "key '%s' is missing",
                            s->spec->group_column);
    return scalar(&r->group, &r->group_len, s->group_number, doc, v);
}

/* A number as it is typed: ids have more digits than a double. */
static qg_code read_id(qg_record *r, reader *s, const qg_json_doc *doc, const qg_json *v)
{
    if (v->type != QG_JSON_STRING && v->type != QG_JSON_NUMBER)
        return QG_JSON_FAIL(doc, v, QG_EFORMAT, "found %s, a string or a number is expected",
                            qg_json_kind(v));
    r->id = v->type == QG_JSON_STRING ? v->string : qg_json_typed(s->scratch, doc, v);
    if (!r->id)
        return QG_ENOMEM;
    r->id_len = strlen(r->id);
    return QG_OK;
}

static qg_code read_object(qg_record *r, reader *s, const qg_json_doc *doc)
{
    const qg_json *text = qg_json_get(doc->root, s->text_key);
    const qg_json *id = qg_json_get(doc->root, s->id_key);
    *r = (qg_record){.line = doc->first_line};
    if (!text)
        return QG_JSON_FAIL(doc, doc->root, QG_EFORMAT, "key '%s' is missing", s->text_key);
    if (text->type != QG_JSON_STRING)
        return QG_JSON_FAIL(doc, text, QG_EFORMAT, "found %s, a string is expected",
                            qg_json_kind(text));
    r->text = text->string;
    r->text_len = strlen(text->string);
    if (id && id->type != QG_JSON_NULL)
        QG_TRY(read_id(r, s, doc, id));
    else if (s->spec->id_column)
        return QG_JSON_FAIL(doc, doc->root, QG_EFORMAT, "key '%s' is missing", s->id_key);
    if (!s->spec->no_labels)
        QG_TRY(s->spec->n_votes > 0 ? read_votes(r, s, doc) : read_label(r, s, doc));
    QG_TRY(read_group(r, s, doc));
    s->first = false;
    return QG_OK;
}

static qg_code read_line(reader *s, qg_arena *scratch, const qg_text_line *line,
                         const qg_record_sink *sink)
{
    qg_json_doc doc;
    qg_record r;
    qg_code rc = qg_check_line(s->spec->path, line);
    if (rc == QG_OK)
        rc = qg_json_line(&doc, scratch, s->spec->path, line);
    if (rc == QG_OK)
        rc = read_object(&r, s, &doc);
    if (rc == QG_EFORMAT)
        return sink->bad(sink->ctx);
    QG_TRY(rc);
    return sink->each(sink->ctx, &r);
}

/* The first byte that is no white space; 0: there is none. */
static char first_byte(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!strchr(" \t\r\n", data[i]) || data[i] == 0)
            return data[i];
    return 0;
}

static qg_code read_jsonl(const qg_dataset_spec *spec, const char *data, size_t size,
                          const qg_record_sink *sink)
{
    reader s = {.spec = spec, .first = true};
    qg_text_line line = {0};
    qg_code rc = QG_OK;
    s.text_key = spec->text_column ? spec->text_column : "text";
    s.label_key = spec->label_column ? spec->label_column : "label";
    s.id_key = spec->id_column ? spec->id_column : "id";
    qg_arena *scratch = qg_arena_create(SCRATCH_BUDGET);
    if (!scratch)
        return QG_FAIL(QG_ENOMEM, "no memory to read JSON lines");
    s.scratch = scratch;
    if (first_byte(data, size) == '[')
        rc = QG_FAIL_AT(QG_EFORMAT, spec->path, 0, 0, NULL,
                        "is one JSON array, an object a line is expected: "
                        "pandas.read_json(FILE).to_json(\"texts.jsonl\", orient=\"records\", "
                        "lines=True)");
    qg_mark start = qg_arena_mark(scratch);
    while (rc == QG_OK && qg_next_line(&line, data, size)) {
        if (qg_blank_line(&line))
            continue;
        rc = read_line(&s, scratch, &line, sink);
        qg_arena_release(scratch, start);
    }
    qg_arena_destroy(scratch);
    return rc;
}

const qg_format qg_format_jsonl = {
    .name = "jsonl",
    .summary = "one JSON object a line: text, and label and id if there are any",
    .extensions = ".jsonl .ndjson",
    .options = "text_column label_column label_columns min_votes id_column group_column label_map",
    .read = read_jsonl,
};
