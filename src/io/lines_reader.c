/*
 * lines_reader.c - texts from a stream, one a line (plain text or JSONL), or rows of a table.
 */
#include "qgrid/lines.h"

#include "io/record.h"

#include <errno.h>
#include <math.h>
#include <string.h>

void qg_lines_init(qg_lines *r, FILE *file, const char *name, bool jsonl)
{
    *r = (qg_lines){.file = file, .name = name, .jsonl = jsonl};
}

void qg_lines_of_table(qg_lines *r, const qg_dataset *table, const char *name)
{
    *r = (qg_lines){.table = table, .name = name};
}

qg_code qg_lines_open(qg_lines *r, const char *path, qg_lines_form form)
{
    const qg_format *f = form == QG_LINES_BY_NAME ? qg_format_of_path(path) : NULL;
    bool jsonl = form == QG_LINES_JSONL || (f && strcmp(f->name, "jsonl") == 0);
    if (strcmp(path, "-") == 0) {
        qg_lines_init(r, stdin, "standard input", jsonl);
        return QG_OK;
    }
    qg_lines_init(r, fopen(path, "rbe"), path, jsonl);
    r->owned = true;
    if (!r->file && errno == ENOMEM)
        return QG_FAIL_AT(QG_ENOMEM, path, 0, 0, NULL, "cannot open: no memory");
    if (!r->file)
        return QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "cannot open: %s", strerror(errno));
    return QG_OK;
}

void qg_lines_close(qg_lines *r)
{
    if (r->owned && r->file)
        (void)fclose(r->file);
    qg_str_fini(&r->buffer);
    *r = (qg_lines){0};
}

/* A line into the buffer, without its end; what is beyond QG_LINE_MAX is read and dropped. */
static qg_code read_line(qg_lines *r, bool *more)
{
    size_t len = 0;
    int c;
    qg_str_clear(&r->buffer);
    errno = 0;
    while ((c = getc_unlocked(r->file)) != EOF && c != '\n') {
        char byte = (char)c;
        if (len++ <= QG_LINE_MAX)
            qg_str_addn(&r->buffer, &byte, 1);
    }
    if (c == EOF && ferror(r->file))
        return QG_FAIL_AT(QG_EIO, r->name, r->line + 1, 0, NULL, "cannot read: %s",
                          strerror(errno));
    *more = c == '\n' || len > 0;
    r->line += *more;
    QG_TRY(qg_str_status(&r->buffer));
    if (len > 0 && r->buffer.data[r->buffer.len - 1] == '\r')
        len--;
    if (len > QG_LINE_MAX)
        return QG_FAIL_AT(QG_EFORMAT, r->name, r->line, 1, NULL,
                          "the line has %zu bytes, at most %d are read", len, QG_LINE_MAX);
    return QG_OK;
}

static qg_code read_ids(qg_line *out, qg_arena *a, const qg_json_doc *doc, const qg_json *v)
{
    int32_t *ids;
    if (v->type != QG_JSON_ARRAY)
        return QG_JSON_FAIL(doc, v, QG_EFORMAT, "found %s, an array of token ids is expected",
                            qg_json_kind(v));
    if (v->count == 0)
        return QG_JSON_FAIL(doc, v, QG_EFORMAT, "no token ids, at least one is expected");
    QG_NEW(ids, a, v->count);
    for (const qg_json *m = v->child; m; m = m->next) {
        if (m->type != QG_JSON_NUMBER)
            return QG_JSON_FAIL(doc, m, QG_EFORMAT, "found %s, a token id is expected",
                                qg_json_kind(m));
        if (!(m->number >= 0 && m->number <= INT32_MAX && m->number == rint(m->number)))
            return QG_JSON_FAIL(doc, m, QG_EFORMAT, "%.17g is not a token id", m->number);
        ids[out->n_ids++] = (int32_t)m->number;
    }
    out->ids = ids;
    return QG_OK;
}

static qg_code read_object(qg_line *out, qg_arena *a, const qg_json_doc *doc)
{
    const qg_json *text = qg_json_get(doc->root, "text");
    const qg_json *ids = qg_json_get(doc->root, "ids");
    const qg_json *id = qg_json_get(doc->root, "id");
    if (!text == !ids)
        return QG_JSON_FAIL(doc, doc->root, QG_EFORMAT,
                            text ? "'text' and 'ids' are both there, one is expected"
                                 : "neither 'text' nor 'ids' is there, one is expected");
    if (text && text->type != QG_JSON_STRING)
        return QG_JSON_FAIL(doc, text, QG_EFORMAT, "found %s, a string is expected",
                            qg_json_kind(text));
    if (text) {
        out->text = text->string;
        out->text_len = strlen(text->string);
    } else {
        QG_TRY(read_ids(out, a, doc, ids));
    }
    if (!id || id->type == QG_JSON_NULL)
        return QG_OK;
    if (id->type != QG_JSON_STRING && id->type != QG_JSON_NUMBER)
        return QG_JSON_FAIL(doc, id, QG_EFORMAT, "found %s, a string or a number is expected",
                            qg_json_kind(id));
    out->id = qg_json_typed(a, doc, id);
    return out->id ? QG_OK : QG_ENOMEM;
}

/* The line in the buffer, without a byte order mark and the CR of a CR LF. */
static qg_code take_line(qg_text_line *line, const qg_lines *r, qg_arena *a)
{
    const char *text = r->buffer.data ? r->buffer.data : "";
    size_t len = r->buffer.len;
    if (r->line == 1 && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    if (len > 0 && text[len - 1] == '\r')
        len--;
    *line = (qg_text_line){.text = qg_arena_strndup(a, text, len), .len = len, .number = r->line};
    if (!line->text)
        return QG_ENOMEM;
    return qg_check_line(r->name, line);
}

static qg_code next_row(qg_line *out, bool *more, qg_lines *r, qg_arena *a)
{
    const qg_dataset *t = r->table;
    qg_str id = {0};
    *more = r->row < t->n;
    if (!*more)
        return QG_OK;
    int64_t i = r->row++;
    qg_str_add_json(&id, t->sample_id[i], strlen(t->sample_id[i]));
    *out = (qg_line){.number = t->line[i], .text = t->text[i], .text_len = t->text_len[i]};
    out->id = id.failed ? NULL : qg_arena_strndup(a, id.data, id.len);
    qg_str_fini(&id);
    return out->id ? QG_OK : QG_ENOMEM;
}

qg_code qg_lines_next(qg_line *out, bool *more, qg_lines *r, qg_arena *a)
{
    qg_text_line line;
    qg_json_doc doc;
    if (r->table)
        return next_row(out, more, r, a);
    for (;;) {
        qg_mark start = qg_arena_mark(a);
        QG_TRY(read_line(r, more));
        if (!*more)
            return QG_OK;
        QG_TRY(take_line(&line, r, a));
        if (!r->jsonl || !qg_blank_line(&line))
            break;
        qg_arena_release(a, start);
    }
    *out = (qg_line){.number = line.number};
    if (r->jsonl) {
        QG_TRY(qg_json_line(&doc, a, r->name, &line));
        return read_object(out, a, &doc);
    }
    out->text = line.text;
    out->text_len = line.len;
    return QG_OK;
}
