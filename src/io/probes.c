/*
 * probes.c - format "probes": one JSON object a line, with two texts that differ in one thing.
 *
 *     {"text": "...", "label": "negative", "phenomenon": "verbal_neg", "cues": ["tidak"],
 *      "pair": {"text": "...", "label": "positive"}}
 *
 * Both texts are records. A key that nobody knows is refused: a misspelled "cues" would be lost.
 */
#include "io/formats.h"
#include "io/record.h"

#include "qgrid/str.h"

#include <string.h>

/* A line has at most 16 MiB: bounds what hostile ones can make of it. */
#define SCRATCH_BUDGET ((size_t)1 << 30)

static const char *const keys[] = {"id", "text", "label", "phenomenon", "cues", "pair", NULL};
static const char *const pair_keys[] = {"text", "label", NULL};

static qg_code check_keys(const qg_json_doc *doc, const qg_json *object, const char *const *known)
{
    char all[80];
    if (object->type != QG_JSON_OBJECT)
        return QG_JSON_FAIL(doc, object, QG_EFORMAT, "found %s, an object is expected",
                            qg_json_kind(object));
    for (const qg_json *m = object->child; m; m = m->next) {
        int i = 0;
        while (known[i] && strcmp(known[i], m->key) != 0)
            i++;
        if (!known[i])
            return QG_JSON_FAIL(doc, m, QG_EFORMAT, "unknown key, allowed are: %s",
                                qg_join_names(all, sizeof all, known));
    }
    return QG_OK;
}

static qg_code read_string(const qg_json **out, const qg_json_doc *doc, const qg_json *object,
                           const char *key)
{
    const qg_json *v = *out = qg_json_get(object, key);
    if (!v)
        return QG_JSON_FAIL(doc, object, QG_EFORMAT, "key '%s' is missing", key);
    if (v->type != QG_JSON_STRING)
        return QG_JSON_FAIL(doc, v, QG_EFORMAT, "found %s, a string is expected", qg_json_kind(v));
    return QG_OK;
}

static qg_code read_text(qg_record *r, const qg_json_doc *doc, const qg_json *object)
{
    const qg_json *text, *label;
    QG_TRY(read_string(&text, doc, object, "text"));
    QG_TRY(read_string(&label, doc, object, "label"));
    *r = (qg_record){.text = text->string,
                     .text_len = strlen(text->string),
                     .label = label->string,
                     .label_len = strlen(label->string),
                     .label_field = "label",
                     .line = doc->first_line};
    qg_json_place(doc, label, &r->label_line, &r->label_column);
    return QG_OK;
}

static qg_code read_phenomenon(qg_pair_record *p, const qg_json_doc *doc, const qg_json *object)
{
    const qg_json *v;
    QG_TRY(read_string(&v, doc, object, "phenomenon"));
    if (!v->string[0] || strlen(v->string) > QG_PHENOMENON_NAME || strcmp(v->string, "all") == 0)
        return QG_JSON_FAIL(doc, v, QG_EFORMAT,
                            "a name of 1 to %d bytes is expected, and not \"all\"",
                            QG_PHENOMENON_NAME);
    p->phenomenon = v->string;
    return QG_OK;
}

/* A list, or one cue alone. */
static qg_code read_cues(qg_pair_record *p, qg_arena *a, const qg_json_doc *doc,
                         const qg_json *object)
{
    const qg_json *v = qg_json_get(object, "cues");
    const char **cue;
    bool readable;
    if (!v)
        return QG_OK;
    if (v->type != QG_JSON_STRING && v->type != QG_JSON_ARRAY)
        return QG_JSON_FAIL(doc, v, QG_EFORMAT, "found %s, a list of strings is expected",
                            qg_json_kind(v));
    if (v->type == QG_JSON_ARRAY && v->count > QG_MOST_CUES)
        return QG_JSON_FAIL(doc, v, QG_EFORMAT, "%d cues, at most %d are allowed", v->count,
                            QG_MOST_CUES);
    QG_NEW(cue, a, QG_MOST_CUES);
    p->cue = cue;
    for (const qg_json *m = v->type == QG_JSON_STRING ? v : v->child; m;
         m = m == v ? NULL : m->next) {
        if (m->type != QG_JSON_STRING)
            return QG_JSON_FAIL(doc, m, QG_EFORMAT, "found %s, a string is expected",
                                qg_json_kind(m));
        QG_TRY(qg_cue_readable(&readable, a, m->string));
        if (!readable)
            return QG_JSON_FAIL(doc, m, QG_EFORMAT, "a cue without a letter or a digit");
        cue[p->n_cues++] = m->string;
    }
    return QG_OK;
}

/* A cue that neither text has is a slip of who wrote them. */
static qg_code check_cues(const qg_pair_record *p, qg_arena *a, const qg_json_doc *doc,
                          const qg_record text[2])
{
    qg_cue_place first[QG_MOST_CUES], second[QG_MOST_CUES];
    QG_TRY(qg_cue_find(first, a, text[0].text, text[0].text_len, p->cue, p->n_cues));
    QG_TRY(qg_cue_find(second, a, text[1].text, text[1].text_len, p->cue, p->n_cues));
    for (int i = 0; i < p->n_cues; i++)
        if (first[i].first < 0 && second[i].first < 0)
            return QG_JSON_FAIL(doc, qg_json_get(doc->root, "cues"), QG_EFORMAT,
                                "neither text has the cue '%.60s'", p->cue[i]);
    return QG_OK;
}

static qg_code read_ids(qg_record text[2], qg_arena *a, const qg_json_doc *doc)
{
    const qg_json *id = qg_json_get(doc->root, "id");
    if (!id)
        return QG_OK;
    QG_TRY(read_string(&id, doc, doc->root, "id"));
    text[0].id = id->string;
    text[1].id = qg_arena_printf(a, "%s/pair", id->string);
    if (!text[1].id)
        return QG_ENOMEM;
    for (int i = 0; i < 2; i++)
        text[i].id_len = strlen(text[i].id);
    return QG_OK;
}

/* Both texts are in the group that the line names: usually its phenomenon. */
static qg_code read_group(qg_record text[2], const qg_json_doc *doc, const char *key)
{
    const qg_json *v;
    if (!key)
        return QG_OK;
    QG_TRY(read_string(&v, doc, doc->root, key));
    for (int i = 0; i < 2; i++) {
        text[i].group = v->string;
        text[i].group_len = strlen(v->string);
    }
    return QG_OK;
}

static qg_code read_pair(qg_record text[2], qg_pair_record pair[2], qg_arena *a,
                         const qg_json_doc *doc, const qg_dataset_spec *spec)
{
    const qg_json *other = qg_json_get(doc->root, "pair");
    pair[0] = (qg_pair_record){0};
    QG_TRY(check_keys(doc, doc->root, keys));
    if (!other)
        return QG_JSON_FAIL(doc, doc->root, QG_EFORMAT, "key 'pair' is missing");
    QG_TRY(check_keys(doc, other, pair_keys));
    QG_TRY(read_text(&text[0], doc, doc->root));
    QG_TRY(read_text(&text[1], doc, other));
    QG_TRY(read_ids(text, a, doc));
    QG_TRY(read_group(text, doc, spec->group_column));
    QG_TRY(read_phenomenon(&pair[0], doc, doc->root));
    QG_TRY(read_cues(&pair[0], a, doc, doc->root));
    QG_TRY(check_cues(&pair[0], a, doc, text));
    pair[1] = pair[0];
    pair[1].second = true;
    text[0].pair = &pair[0];
    text[1].pair = &pair[1];
    return QG_OK;
}

static qg_code read_line(const qg_dataset_spec *spec, qg_arena *scratch, const qg_text_line *line,
                         const qg_record_sink *sink)
{
    qg_json_doc doc;
    qg_record text[2];
    qg_pair_record pair[2];
    qg_code rc = qg_check_line(spec->path, line);
    if (rc == QG_OK)
        rc = qg_json_line(&doc, scratch, spec->path, line);
    if (rc == QG_OK)
        rc = read_pair(text, pair, scratch, &doc, spec);
    if (rc == QG_EFORMAT)
        return sink->bad(sink->ctx);
    QG_TRY(rc);
    QG_TRY(sink->each(sink->ctx, &text[0]));
    return sink->each(sink->ctx, &text[1]);
}

static qg_code read_probes(const qg_dataset_spec *spec, const char *data, size_t size,
                           const qg_record_sink *sink)
{
    qg_text_line line = {0};
    qg_code rc = QG_OK;
    qg_arena *scratch = qg_arena_create(SCRATCH_BUDGET);
    if (!scratch)
        return QG_FAIL(QG_ENOMEM, "no memory to read probes");
    qg_mark start = qg_arena_mark(scratch);
    while (rc == QG_OK && qg_next_line(&line, data, size)) {
        if (qg_blank_line(&line))
            continue;
        rc = read_line(spec, scratch, &line, sink);
        qg_arena_release(scratch, start);
    }
    qg_arena_destroy(scratch);
    return rc;
}

const qg_format qg_format_probes = {
    .name = "probes",
    .summary = "one JSON object a line: text, label, phenomenon, cues, and pair {text, label}",
    .extensions = ".probes",
    .options = "group_column label_map",
    .read = read_probes,
};
