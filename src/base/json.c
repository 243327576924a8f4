/*
 * json.c - strict scan for places, then cJSON for values; both trees are walked in step.
 *
 * The scanner checks the text and notes the offset of every value in document order. cJSON builds
 * its tree from the same text, hence in the same order; the copy into the arena joins the two.
 */
#include "qgrid/json.h"

#include "qgrid/file.h"
#include "qgrid/library.h"
#include "qgrid/str.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct scanner {
    qg_json_doc *doc;
    size_t pos;
    size_t *offset; /* of each value (of its key in objects), document order */
    size_t n, cap;
    qg_arena *arena;
} scanner;

static void place_of(const qg_json_doc *doc, size_t offset, int64_t *line, int64_t *column)
{
    *line = doc->first_line;
    *column = 1;
    for (size_t i = 0; i < offset && i < doc->size; i++) {
        (*column)++;
        if (doc->text[i] == '\n') {
            (*line)++;
            *column = 1;
        }
    }
}

static qg_code fail_pos(const scanner *s, size_t pos, const char *msg)
{
    int64_t line, column;
    place_of(s->doc, pos, &line, &column);
    return QG_FAIL_AT(QG_EFORMAT, s->doc->path, line, column, NULL, "%s", msg);
}

static int peek(const scanner *s)
{
    return s->pos < s->doc->size ? (unsigned char)s->doc->text[s->pos] : -1;
}

static void skip_space(scanner *s)
{
    for (;;) {
        int c = peek(s);
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            return;
        s->pos++;
    }
}

/* Something else stands where `expected` should: a comment, which other languages have, is named.
 */
static qg_code fail_expected(const scanner *s, const char *expected)
{
    int c = peek(s), d = s->pos + 1 < s->doc->size ? s->doc->text[s->pos + 1] : 0;
    if (c == '#' || (c == '/' && (d == '/' || d == '*')))
        expected = "JSON has no comments";
    return fail_pos(s, s->pos, expected);
}

static qg_code note_value(scanner *s, size_t offset)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 64;
        s->offset = qg_arena_grow(s->arena, s->offset, s->n, cap, sizeof *s->offset);
        if (!s->offset)
            return QG_ENOMEM;
        s->cap = cap;
    }
    s->offset[s->n++] = offset;
    return QG_OK;
}

static int hex4(const scanner *s, size_t pos)
{
    int v = 0;
    for (size_t i = pos; i < pos + 4; i++) {
        int c = i < s->doc->size ? (unsigned char)s->doc->text[i] : 0;
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0)
            return -1;
        v = v * 16 + d;
    }
    return v;
}

static qg_code scan_escape(scanner *s)
{
    size_t start = s->pos++;
    int c = peek(s);
    s->pos++;
    if (c >= 0 && c != 0 && strchr("\"\\/bfnrt", c))
        return QG_OK;
    if (c != 'u')
        return fail_pos(s, start, "unknown escape in a string");
    int v = hex4(s, s->pos);
    if (v < 0)
        return fail_pos(s, start, "\\u wants four hexadecimal digits");
    s->pos += 4;
    if (v == 0) /* strings end at it */
        return fail_pos(s, start, "\\u0000, which no text may hold");
    if (v >= 0xdc00 && v <= 0xdfff)
        return fail_pos(s, start, "a low surrogate without its high one");
    if (v < 0xd800 || v > 0xdbff)
        return QG_OK;
    int low = peek(s) == '\\' && s->pos + 1 < s->doc->size && s->doc->text[s->pos + 1] == 'u'
                  ? hex4(s, s->pos + 2)
                  : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return fail_pos(s, start, "a high surrogate without its low one");
    s->pos += 6;
    return QG_OK;
}

static qg_code scan_string(scanner *s)
{
    size_t start = s->pos++;
    for (;;) {
        int c = peek(s);
        if (c < 0 || c == '\n')
            return fail_pos(s, start, "this string is not closed");
        if (c < 0x20)
            return fail_pos(s, s->pos, "a control character inside a string");
        if (c == '\\') {
            QG_TRY(scan_escape(s));
            continue;
        }
        s->pos++;
        if (c == '"')
            return QG_OK;
    }
}

static qg_code scan_number(scanner *s)
{
    size_t start = s->pos;
    const char *t = s->doc->text;
    size_t end = s->doc->size, p = s->pos;
#define DIGIT(i) ((i) < end && t[i] >= '0' && t[i] <= '9')
    if (p < end && t[p] == '-')
        p++;
    if (!DIGIT(p))
        return fail_expected(s, "not a JSON value");
    if (t[p] == '0' && DIGIT(p + 1))
        return fail_pos(s, start, "a number must not begin with 0");
    while (DIGIT(p))
        p++;
    if (p < end && t[p] == '.') {
        if (!DIGIT(p + 1))
            return fail_pos(s, start, "a digit is missing after the decimal point");
        for (p++; DIGIT(p);)
            p++;
    }
    if (p < end && (t[p] == 'e' || t[p] == 'E')) {
        p++;
        if (p < end && (t[p] == '+' || t[p] == '-'))
            p++;
        if (!DIGIT(p))
            return fail_pos(s, start, "a digit is missing in the exponent");
        while (DIGIT(p))
            p++;
    }
#undef DIGIT
    if (p - start > 60)
        return fail_pos(s, start, "this number has more than 60 characters");
    char buf[64];
    memcpy(buf, t + start, p - start);
    buf[p - start] = 0;
    if (!isfinite(strtod(buf, NULL)))
        return fail_pos(s, start, "this number is too large");
    s->pos = p;
    return QG_OK;
}

static qg_code scan_word(scanner *s)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(words[i]);
        if (s->doc->size - s->pos >= n && memcmp(s->doc->text + s->pos, words[i], n) == 0) {
            s->pos += n;
            return QG_OK;
        }
    }
    return scan_number(s);
}

static qg_code scan_value(scanner *s, size_t offset, int depth);

/* A key and its colon. */
static qg_code scan_key(scanner *s)
{
    if (peek(s) != '"')
        return fail_expected(s, "a key in double quotes is expected");
    QG_TRY(scan_string(s));
    skip_space(s);
    if (peek(s) != ':')
        return fail_expected(s, "':' is expected after a key");
    s->pos++;
    return QG_OK;
}

static qg_code scan_members(scanner *s, int depth, bool object)
{
    size_t open = s->pos++;
    int close = object ? '}' : ']';
    skip_space(s);
    if (peek(s) == close) {
        s->pos++;
        return QG_OK;
    }
    for (;;) {
        skip_space(s);
        size_t offset = s->pos;
        if (object)
            QG_TRY(scan_key(s));
        skip_space(s);
        QG_TRY(scan_value(s, object ? offset : s->pos, depth + 1));
        skip_space(s);
        size_t comma = s->pos;
        int c = peek(s);
        if (c != ',' && c != close)
            return c < 0
                       ? fail_pos(s, open,
                                  object ? "this object is not closed" : "this array is not closed")
                       : fail_expected(s, object ? "',' or '}' is expected"
                                                 : "',' or ']' is expected");
        s->pos++;
        if (c == close)
            return QG_OK;
        skip_space(s);
        if (peek(s) == close)
            return fail_pos(s, comma, object ? "a comma before }" : "a comma before ]");
    }
}

static qg_code scan_value(scanner *s, size_t offset, int depth)
{
    if (depth > QG_JSON_DEPTH)
        return fail_pos(s, s->pos, "values are nested more than 64 deep");
    QG_TRY(note_value(s, offset));
    int c = peek(s);
    if (c < 0)
        return fail_pos(s, s->pos, "a value is missing");
    if (c == '{' || c == '[')
        return scan_members(s, depth, c == '{');
    return c == '"' ? scan_string(s) : scan_word(s);
}

static int by_key_and_place(const void *a, const void *b)
{
    const qg_json *x = *(const qg_json *const *)a, *y = *(const qg_json *const *)b;
    int order = strcmp(x->key, y->key);
    return order ? order : x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* By sorting: an object may have a million keys. */
static qg_code refuse_duplicates(const qg_json_doc *doc, qg_arena *a, const qg_json *object)
{
    const qg_json **member, *twin = NULL;
    size_t n = 0;
    qg_mark mark = qg_arena_mark(a);
    QG_NEW(member, a, object->count);
    for (const qg_json *m = object->child; m; m = m->next)
        member[n++] = m;
    qsort(member, n, sizeof *member, by_key_and_place);
    for (size_t i = 1; i < n; i++)
        if (strcmp(member[i - 1]->key, member[i]->key) == 0 &&
            (!twin || member[i]->offset < twin->offset))
            twin = member[i];
    qg_arena_release(a, mark);
    if (twin)
        return QG_JSON_FAIL(doc, twin, QG_EFORMAT, "key '%s' occurs twice", twin->key);
    return QG_OK;
}

/* Copies one cJSON value; `at` counts values in document order. Depth is bounded by the scan. */
static qg_code copy_value(qg_json *v, qg_arena *a, const scanner *s, const cJSON *c, size_t *at)
{
    QG_ASSERT(*at < s->n);
    v->offset = s->offset[(*at)++];
    v->type = cJSON_IsString(c)   ? QG_JSON_STRING
              : cJSON_IsNumber(c) ? QG_JSON_NUMBER
              : cJSON_IsBool(c)   ? QG_JSON_BOOL
              : cJSON_IsArray(c)  ? QG_JSON_ARRAY
              : cJSON_IsObject(c) ? QG_JSON_OBJECT
                                  : QG_JSON_NULL;
    v->boolean = cJSON_IsTrue(c);
    v->number = v->type == QG_JSON_NUMBER ? c->valuedouble : 0;
    if (v->type == QG_JSON_STRING && !(v->string = qg_arena_strdup(a, c->valuestring)))
        return QG_ENOMEM;
    qg_json *prev = NULL;
    for (const cJSON *m = c->child; m; m = m->next) {
        qg_json *w;
        QG_NEW(w, a, 1);
        if (v->type == QG_JSON_OBJECT && !(w->key = qg_arena_strdup(a, m->string)))
            return QG_ENOMEM;
        w->parent = v;
        QG_TRY(copy_value(w, a, s, m, at));
        if (prev)
            prev->next = w;
        else
            v->child = w;
        prev = w;
        v->count++;
    }
    return v->type == QG_JSON_OBJECT ? refuse_duplicates(s->doc, a, v) : QG_OK;
}

qg_code qg_json_parse(qg_json_doc *doc, qg_arena *a, const char *path, const char *text,
                      size_t size)
{
    *doc = (qg_json_doc){.path = path, .text = text, .size = size, .first_line = 1};
    scanner s = {.doc = doc, .arena = a};
    size_t bad = qg_utf8_check(text, size);
    if (bad < size)
        return fail_pos(&s, bad, "not valid UTF-8");
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        s.pos = 3; /* a byte order mark */
    size_t start = s.pos;
    skip_space(&s);
    QG_TRY(scan_value(&s, s.pos, 1));
    skip_space(&s);
    if (s.pos < size)
        return fail_pos(&s, s.pos, "something follows the end of the document");

    cJSON *c = cJSON_ParseWithLength(text + start, size - start);
    if (!c) /* the text was found to be sound, and not too deep */
        return QG_FAIL_AT(QG_ENOMEM, path, 0, 0, NULL, "no memory for the document");
    qg_json *root = qg_arena_alloc(a, 1, sizeof *root);
    size_t at = 0;
    qg_code rc = root ? copy_value(root, a, &s, c, &at) : QG_ENOMEM;
    cJSON_Delete(c);
    doc->root = root;
    return rc;
}

qg_code qg_json_load(qg_json_doc *doc, qg_arena *a, const char *path, size_t max)
{
    char *text;
    size_t size;
    QG_TRY(qg_file_read(&text, &size, a, path, max));
    return qg_json_parse(doc, a, path, text, size);
}

qg_library qg_cjson_library(void)
{
    return (qg_library){
        "cJSON",
        QG_STR(CJSON_VERSION_MAJOR) "." QG_STR(CJSON_VERSION_MINOR) "." QG_STR(CJSON_VERSION_PATCH),
        cJSON_Version()};
}

void qg_json_place(const qg_json_doc *doc, const qg_json *v, int64_t *line, int64_t *column)
{
    place_of(doc, v->offset, line, column);
}
