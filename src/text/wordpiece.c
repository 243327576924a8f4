/*
 * wordpiece.c - BERT's basic tokenizer and WordPiece, with offsets into the text as typed.
 *
 * One pass over the text. Each code point is cleaned, lower-cased and decomposed on its own and the
 * result collects in a "basic word"; spaces, punctuation, CJK ideographs and special tokens end it,
 * and it is then cut greedily into the longest pieces of the vocabulary.
 *
 *   text     C a f é - 1          offsets are those of the source: a piece starts where its first
 *   source   0 1 2 3 4 5          character stood and ends after its last one
 *   word     c a f e | - | 1
 */
#include "qgrid/str.h"
#include "tokenizer_internal.h"
#include "unicode.h"

#include <string.h>

typedef struct place {
    int32_t start, end;           /* code points */
    int32_t byte_start, byte_end; /* bytes */
} place;

typedef struct state {
    const qg_tokenizer *t;
    qg_arena *arena;
    qg_encoding *out;
    int limit, cap; /* ids kept, without [SEP] */
    /* The basic word: at most max_word_chars code points are kept, more make it [UNK]. */
    char *bytes;
    int *at;      /* [chars + 1] offset of each code point in `bytes` */
    place *where; /* [chars] */
    int *piece;   /* [chars] ids of its pieces, and where each ends */
    int *piece_end;
    int chars;
    place whole; /* from first to last code point, for [UNK] */
    bool too_long;
    const qg_word_sink *sink; /* words are wanted as they are, not their pieces; else NULL */
} state;

static qg_code grow(state *s)
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

static qg_code emit(state *s, int id, place p)
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

/* Longest piece of the vocabulary that starts at `from`; -1 if there is none. */
static int longest_piece(const state *s, int from, int *end)
{
    const qg_vocab *v = &s->t->vocab;
    for (*end = s->chars; *end > from; (*end)--) {
        size_t len = (size_t)(s->at[*end] - s->at[from]);
        int id = qg_vocab_find(v, s->bytes + s->at[from], len, from > 0);
        if (id >= 0)
            return id;
    }
    return -1;
}

static qg_code end_word(state *s)
{
    int pieces = 0;
    if (s->chars == 0 && !s->too_long)
        return QG_OK;
    if (s->sink) {
        qg_code rc =
            s->too_long ? QG_OK : s->sink->each(s->sink->ctx, s->bytes, (size_t)s->at[s->chars]);
        s->chars = 0;
        s->too_long = false;
        return rc;
    }
    for (int from = 0; from < s->chars && !s->too_long; pieces++) {
        s->piece[pieces] = longest_piece(s, from, &s->piece_end[pieces]);
        if (s->piece[pieces] < 0)
            break;
        from = s->piece_end[pieces];
    }
    bool known = !s->too_long && pieces > 0 && s->piece_end[pieces - 1] == s->chars &&
                 s->piece[pieces - 1] >= 0;
    if (!known)
        QG_TRY(emit(s, s->t->special_id[QG_UNK], s->whole));
    for (int i = 0, from = 0; known && i < pieces; from = s->piece_end[i++]) {
        place first = s->where[from], last = s->where[s->piece_end[i] - 1];
        QG_TRY(
            emit(s, s->piece[i], (place){first.start, last.end, first.byte_start, last.byte_end}));
    }
    s->chars = 0;
    s->too_long = false;
    return QG_OK;
}

static void add_char(state *s, int32_t c, place p)
{
    if (s->chars == 0 && !s->too_long)
        s->whole = p;
    s->whole.end = p.end;
    s->whole.byte_end = p.byte_end;
    if (s->chars == s->t->max_word_chars) {
        s->too_long = true;
        return;
    }
    s->where[s->chars] = p;
    s->at[s->chars + 1] = s->at[s->chars] + qg_utf8_encode(s->bytes + s->at[s->chars], c);
    s->chars++;
}

/* One normalised code point: punctuation is a word of its own. */
static qg_code add_normal(state *s, int32_t c, place p)
{
    if (!qg_is_punctuation(c)) {
        add_char(s, c, p);
        return QG_OK;
    }
    QG_TRY(end_word(s));
    add_char(s, c, p);
    return end_word(s);
}

/* One code point of a word as typed: lower case, then decomposition without marks. */
static qg_code add_typed(state *s, int32_t c, place p)
{
    int32_t low[2] = {c}, parts[QG_MAX_DECOMPOSED];
    int n = s->t->lower_case ? qg_lower(low, c) : 1;
    for (int i = 0; i < n; i++) {
        if (!s->t->strip_accents) {
            QG_TRY(add_normal(s, low[i], p));
            continue;
        }
        int m = qg_decompose(parts, low[i]);
        for (int k = 0; k < m; k++)
            if (!qg_is_mark(parts[k]))
                QG_TRY(add_normal(s, parts[k], p));
    }
    return QG_OK;
}

/* A special token standing in the text, exactly as written; -1 if none starts here. */
static int special_here(const qg_tokenizer *t, const char *s, size_t left)
{
    for (int i = 0; i < QG_SPECIALS; i++) {
        size_t len = strlen(t->special_text[i]);
        if (t->special_id[i] >= 0 && len <= left && memcmp(s, t->special_text[i], len) == 0)
            return i;
    }
    return -1;
}

static qg_code add_special(state *s, int which, int32_t *point, size_t *byte)
{
    const char *text = s->t->special_text[which];
    int32_t chars = (int32_t)qg_utf8_length(text, strlen(text));
    place p = {*point, *point + chars, (int32_t)*byte, (int32_t)(*byte + strlen(text))};
    QG_TRY(end_word(s));
    *point += chars;
    *byte += strlen(text);
    if (s->sink)
        return QG_OK;
    return emit(s, s->t->special_id[which], p);
}

static qg_code add_text(state *s, const char *text, size_t len)
{
    int32_t point = 0;
    for (size_t i = 0; i < len;) {
        int which = special_here(s->t, text + i, len - i), width;
        if (which >= 0) {
            QG_TRY(add_special(s, which, &point, &i));
            continue;
        }
        int32_t c = qg_utf8_decode(text + i, &width);
        place p = {point, point + 1, (int32_t)i, (int32_t)i + width};
        bool alone = s->t->split_cjk && qg_is_cjk(c);
        i += (size_t)width;
        point++;
        if (qg_is_control(c))
            continue;
        if (qg_is_space(c) || alone)
            QG_TRY(end_word(s));
        if (!qg_is_space(c))
            QG_TRY(add_typed(s, c, p));
        if (alone)
            QG_TRY(end_word(s));
        /* The rest of a long text only matters for being there. */
        if (s->limit && s->out->n >= s->limit && s->out->truncated)
            return QG_OK;
    }
    return end_word(s);
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

static qg_code make_room(state *s)
{
    size_t chars = (size_t)s->t->max_word_chars;
    QG_NEW(s->bytes, s->arena, 4 * chars + 4);
    QG_NEW(s->at, s->arena, chars + 1);
    QG_NEW(s->where, s->arena, chars);
    QG_NEW(s->piece, s->arena, chars);
    QG_NEW(s->piece_end, s->arena, chars);
    return QG_OK;
}

qg_code qg_tokenizer_words(const qg_tokenizer *t, qg_arena *scratch, const char *text, size_t len,
                           const qg_word_sink *sink)
{
    qg_encoding none = {0};
    state s = {.t = t, .arena = scratch, .out = &none, .sink = sink};
    qg_mark mark = qg_arena_mark(scratch);
    QG_TRY(make_room(&s));
    qg_code rc = add_text(&s, text, len);
    qg_arena_release(scratch, mark);
    return rc;
}

qg_code qg_tokenizer_encode(qg_encoding *out, const qg_tokenizer *t, qg_arena *a, const char *text,
                            size_t len, int max_length)
{
    state s = {.t = t, .arena = a, .out = out};
    *out = (qg_encoding){0};
    if (len > INT32_MAX / 2)
        return QG_FAIL(QG_EFORMAT, "a text of %zu bytes is too long", len);
    if (max_length == 1 || max_length < 0)
        return QG_FAIL(QG_EUSAGE, "max_length %d, at least 2 is needed", max_length);
    s.limit = max_length ? max_length - 1 : 0;
    QG_TRY(make_room(&s));
    QG_TRY(emit(&s, t->special_id[QG_CLS], (place){0}));
    QG_TRY(add_text(&s, text, len));
    s.limit = 0;
    QG_TRY(emit(&s, t->special_id[QG_SEP], (place){0}));
    QG_TRY(find_words(out, a, text, len));
    assign_words(out);
    return QG_OK;
}
