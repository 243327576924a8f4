/*
 * vocab.c - the vocabulary and its two hash tables (FNV-1a, linear probing).
 */
#include "vocab.h"

#include "qgrid/file.h"
#include "qgrid/str.h"

#include <math.h>
#include <string.h>

enum { VOCAB_BYTES = 256 << 20, MOST_TOKENS = 1 << 24, TOKEN_BYTES = 1 << 16 };

static uint64_t hash(const char *s, size_t len)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)s[i]) * 1099511628211u;
    return h ^ h >> 32;
}

static bool continues(const char *token)
{
    return token[0] == '#' && token[1] == '#' && token[2];
}

static size_t place(const qg_vocab *v, const uint32_t *slot, const char *s, size_t len, size_t skip)
{
    size_t at = (size_t)hash(s, len) & (v->slots - 1);
    for (; slot[at]; at = (at + 1) & (v->slots - 1)) {
        const char *t = v->token[slot[at] - 1] + skip;
        if (strncmp(t, s, len) == 0 && t[len] == 0)
            break;
    }
    return at;
}

int qg_vocab_find(const qg_vocab *v, const char *token, size_t len, bool continuing)
{
    const uint32_t *slot = continuing ? v->slot_more : v->slot;
    if (len == 0 || len > v->longest)
        return -1;
    return (int)slot[place(v, slot, token, len, continuing ? 2 : 0)] - 1;
}

static qg_code index_tokens(qg_vocab *v, qg_arena *a)
{
    v->slots = 16;
    while (v->slots < 2 * (size_t)v->n)
        v->slots *= 2;
    QG_NEW(v->slot, a, v->slots);
    QG_NEW(v->slot_more, a, v->slots);
    for (int id = 0; id < v->n; id++) {
        const char *t = v->token[id];
        if (!t || !*t)
            continue;
        size_t len = strlen(t);
        v->slot[place(v, v->slot, t, len, 0)] = (uint32_t)id + 1;
        if (continues(t))
            v->slot_more[place(v, v->slot_more, t + 2, len - 2, 2)] = (uint32_t)id + 1;
        v->longest = len > v->longest ? len : v->longest;
    }
    return QG_OK;
}

qg_code qg_vocab_load(qg_vocab *out, qg_arena *a, const char *path)
{
    char *text;
    size_t size, lines = 0;
    *out = (qg_vocab){0};
    QG_TRY(qg_file_read(&text, &size, a, path, VOCAB_BYTES));
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    lines += size > 0 && text[size - 1] != '\n';
    if (lines == 0 || lines > MOST_TOKENS)
        return QG_FAIL_AT(QG_EFORMAT, path, 0, 0, NULL, "holds %zu tokens, 1 to %d are allowed",
                          lines, MOST_TOKENS);
    QG_NEW(out->token, a, lines);
    for (size_t at = 0; at < size; out->n++) {
        char *line = text + at, *end = memchr(line, '\n', size - at);
        size_t len = end ? (size_t)(end - line) : size - at;
        at += len + 1;
        line[len] = 0;
        if (len > 0 && line[len - 1] == '\r')
            line[--len] = 0;
        if (len > TOKEN_BYTES || strlen(line) != len || qg_utf8_check(line, len) != len)
            return QG_FAIL_AT(QG_EFORMAT, path, out->n + 1, 0, NULL,
                              len > TOKEN_BYTES ? "this token has more than 65536 bytes"
                                                : "this token is not valid UTF-8");
        out->token[out->n] = line;
    }
    return index_tokens(out, a);
}

qg_code qg_vocab_from_json(qg_vocab *out, qg_arena *a, const qg_json_doc *doc, const qg_json *vocab)
{
    *out = (qg_vocab){0};
    if (vocab->type != QG_JSON_OBJECT || vocab->count == 0 || vocab->count > MOST_TOKENS)
        return QG_JSON_FAIL(doc, vocab, QG_EFORMAT, "an object of 1 to %d tokens is expected",
                            MOST_TOKENS);
    out->n = vocab->count;
    QG_NEW(out->token, a, vocab->count);
    for (const qg_json *m = vocab->child; m; m = m->next) {
        if (m->type != QG_JSON_NUMBER || m->number != rint(m->number) || m->number < 0 ||
            m->number >= vocab->count || out->token[(int)m->number])
            return QG_JSON_FAIL(doc, m, QG_EFORMAT, "ids must be 0 to %d, each once",
                                vocab->count - 1);
        out->token[(int)m->number] = m->key;
    }
    return index_tokens(out, a);
}
