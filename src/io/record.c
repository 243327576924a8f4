/*
 * record.c - lines, checks of bytes, one JSON object a line.
 */
#include "io/record.h"

#include "qgrid/lines.h"

#include <string.h>

bool qg_next_line(qg_text_line *line, const char *data, size_t size)
{
    if (line->next >= size)
        return false;
    const char *start = data + line->next;
    size_t left = size - line->next;
    if (line->number == 0)
        line->end = memchr(data, '\n', size) ? '\n' : '\r';
    const char *end = memchr(start, line->end, left);
    size_t len = end ? (size_t)(end - start) : left;
    line->next += end ? len + 1 : len;
    line->number++;
    line->text = start;
    line->len = len > 0 && start[len - 1] == '\r' ? len - 1 : len;
    return true;
}

qg_code qg_check_bytes(const char *path, const char *data, size_t size, int64_t line,
                       int64_t column)
{
    const char *nul = size ? memchr(data, 0, size) : NULL;
    size_t bad = qg_utf8_check(data, size);
    bool is_nul = nul && (size_t)(nul - data) < bad;
    if (is_nul)
        bad = (size_t)(nul - data);
    if (bad == size)
        return QG_OK;
    for (size_t i = 0; i < bad; i++) {
        column++;
        if (data[i] == '\n' || (data[i] == '\r' && i + 1 < size && data[i + 1] != '\n')) {
            line++;
            column = 1;
        }
    }
    if (is_nul)
        return QG_FAIL_AT(QG_EFORMAT, path, line, column, NULL,
                          "a NUL byte, which no text may hold");
    return QG_FAIL_AT(QG_EFORMAT, path, line, column, NULL,
                      "byte 0x%02x is not valid UTF-8; \"encoding\" of a data set may be cp1252",
                      (unsigned)(unsigned char)data[bad]);
}

qg_code qg_check_line(const char *path, const qg_text_line *line)
{
    if (line->len > QG_LINE_MAX)
        return QG_FAIL_AT(QG_EFORMAT, path, line->number, 1, NULL,
                          "the line has %zu bytes, at most %d are read", line->len, QG_LINE_MAX);
    return qg_check_bytes(path, line->text, line->len, line->number, 1);
}

qg_code qg_json_line(qg_json_doc *doc, qg_arena *a, const char *path, const qg_text_line *line)
{
    qg_code rc = qg_json_parse(doc, a, path, line->text, line->len);
    if (rc != QG_OK) {
        /* The parser saw the line as a file of its own. */
        qg_error e = *qg_error_last();
        if (e.line > 0)
            e.line += line->number - 1;
        return qg_error_restore(&e);
    }
    doc->first_line = line->number;
    if (doc->root->type != QG_JSON_OBJECT)
        return QG_JSON_FAIL(doc, doc->root, QG_EFORMAT, "found %s, an object is expected",
                            qg_json_kind(doc->root));
    return QG_OK;
}

char *qg_json_typed(qg_arena *a, const qg_json_doc *doc, const qg_json *v)
{
    const char *p = doc->text + v->offset + 1; /* after the quote that opens the key */
    const char *end = doc->text + doc->size;
    for (; *p != '"'; p++)
        p += *p == '\\';
    for (p++; strchr(" \t\r:", *p);)
        p++;
    const char *from = p;
    if (*p == '"') {
        for (p++; *p != '"'; p++)
            p += *p == '\\';
        p++;
    } else {
        while (p < end && !strchr(" \t\r,}", *p))
            p++;
    }
    return qg_arena_strndup(a, from, (size_t)(p - from));
}

bool qg_blank_line(const qg_text_line *line)
{
    for (size_t i = 0; i < line->len; i++)
        if (line->text[i] != ' ' && line->text[i] != '\t' && line->text[i] != '\r')
            return false;
    return true;
}

char *qg_shown(char out[QG_SHOWN], const char *text, size_t len)
{
    size_t n = len;
    if (len > QG_SHOWN - 4) {
        n = QG_SHOWN - 4;
        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
            n--;
    }
    snprintf(out, QG_SHOWN, "%.*s%s", (int)n, n ? text : "", n < len ? "..." : "");
    return out;
}
