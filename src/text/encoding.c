/*
 * encoding.c - a text's tokens between the special ones, and the words that they belong to.
 */
#include "tokenizer_internal.h"
#include "unicode.h"

#include <string.h>

static qg_code grow(qg_encoder *s)
{
    qg_encoding *e = s->out;
    int cap = s->cap ? 2 * s->cap : 64;
    int32_t **arrays[] = {&e->ids, &e->start, &e->end, &e->byte_start, &e->byte_end, &e->word};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        *arrays[i] =
            qg_arena_grow(s->arena, *arrays[i], (size_t)e->n, (size_t)cap, sizeof **arrays[i]);
        if (!*arrays[i])
            return QG_ENOMEM;
    }
    s->cap = cap;
    return QG_OK;
}

qg_code qg_encoder_add(qg_encoder *s, int id, qg_token_span p)
{
    qg_encoding *e = s->out;
    if (s->limit && e->n >= s->limit) {
        e->truncated = true;
        return QG_OK;
    }
    if (e->n == s->cap)
        QG_TRY(grow(s));
    e->ids[e->n] = id;
    e->start[e->n] = p.start;
    e->end[e->n] = p.end;
    e->byte_start[e->n] = p.byte_start;
    e->byte_end[e->n] = p.byte_end;
    e->n++;
    return QG_OK;
}

bool qg_encoder_is_full(const qg_encoder *s)
{
    return s->limit && s->out->n >= s->limit && s->out->truncated;
}

/* Maximal runs of what is not a space, over the whole text. */
static qg_code find_words(qg_encoding *e, qg_arena *a, const char *text, size_t len)
{
    int32_t point = 0, cap = 0;
    bool inside = false;
    for (size_t i = 0; i < len; point++) {
        int width;
        bool space = qg_is_space(qg_utf8_decode(text + i, &width));
        if (!space && !inside) {
            if (e->n_words == cap) {
                int32_t **arrays[] = {&e->word_start, &e->word_end, &e->word_byte_start,
                                      &e->word_byte_end};
                cap = cap ? 2 * cap : 32;
                for (size_t k = 0; k < 4; k++) {
                    *arrays[k] = qg_arena_grow(a, *arrays[k], (size_t)e->n_words, (size_t)cap,
                                               sizeof **arrays[k]);
                    if (!*arrays[k])
                        return QG_ENOMEM;
                }
            }
            e->word_start[e->n_words] = point;
            e->word_byte_start[e->n_words++] = (int32_t)i;
        }
        inside = !space;
        i += (size_t)width;
        if (inside) {
            e->word_end[e->n_words - 1] = point + 1;
            e->word_byte_end[e->n_words - 1] = (int32_t)i;
        }
    }
    return QG_OK;
}

static void assign_words(qg_encoding *e)
{
    int w = 0;
    e->word[0] = e->word[e->n - 1] = -1;
    for (int i = 1; i < e->n - 1; i++) {
        while (w < e->n_words && e->word_end[w] <= e->start[i])
            w++;
        e->word[i] = w < e->n_words ? w : -1;
    }
}

/* Cut from the left: the first n tokens after the special one are dropped. */
static void drop_first(qg_encoding *e, int n)
{
    int32_t *arrays[] = {e->ids, e->start, e->end, e->byte_start, e->byte_end};
    e->n -= n;
    e->truncated = true;
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        memmove(arrays[i] + 1, arrays[i] + 1 + n, (size_t)(e->n - 1) * sizeof **arrays);
}

qg_code qg_tokenizer_encode(qg_encoding *out, const qg_tokenizer *t, qg_arena *a, const char *text,
                            size_t len, int max_length)
{
    qg_encoder e = {.arena = a, .out = out};
    *out = (qg_encoding){0};
    if (len > INT32_MAX / 2)
        return QG_FAIL(QG_EFORMAT, "a text of %zu bytes is too long", len);
    if (max_length == 1 || max_length < 0)
        return QG_FAIL(QG_EUSAGE, "max_length %d, at least 2 is needed", max_length);
    e.limit = max_length && !t->left ? max_length - 1 : 0;
    QG_TRY(qg_encoder_add(&e, t->special_id[t->kind->first], (qg_token_span){0}));
    QG_TRY(t->kind->cut(&e, t, text, len));
    if (t->left && max_length && out->n > max_length - 1)
        drop_first(out, out->n - (max_length - 1));
    e.limit = 0;
    QG_TRY(qg_encoder_add(&e, t->special_id[t->kind->last], (qg_token_span){0}));
    QG_TRY(find_words(out, a, text, len));
    assign_words(out);
    return QG_OK;
}
