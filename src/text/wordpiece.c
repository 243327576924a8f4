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
#include "wordpiece.h"

#include "tokenizers.h"
#include "unicode.h"

#include "qgrid/str.h"

#include <string.h>

typedef struct state {
    const qg_wordpiece *t;
    qg_encoder *encoder; /* takes the pieces */
    /* The basic word: at most max_word_chars code points are kept, more make it [UNK]. */
    char *bytes;
    int *at;              /* [chars + 1] offset of each code point in `bytes` */
    qg_token_span *where; /* [chars] */
    int *piece;           /* [chars] ids of its pieces, and where each ends */
    int *piece_end;
    int chars;
    qg_token_span whole; /* from first to last code point, for [UNK] */
    bool too_long;
    const qg_word_sink *sink; /* takes words as they are, in place of their pieces; else NULL */
} state;

/* Longest piece of the vocabulary that starts at `from`; -1 if there is none. */
static int longest_piece(const state *s, int from, int *end)
{
    const qg_vocab *v = &s->t->common.vocab;
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
        QG_TRY(qg_encoder_add(s->encoder, s->t->common.special_id[QG_UNK], s->whole));
    for (int i = 0, from = 0; known && i < pieces; from = s->piece_end[i++]) {
        qg_token_span first = s->where[from], last = s->where[s->piece_end[i] - 1];
        QG_TRY(qg_encoder_add(
            s->encoder, s->piece[i],
            (qg_token_span){first.start, last.end, first.byte_start, last.byte_end}));
    }
    s->chars = 0;
    s->too_long = false;
    return QG_OK;
}

static void add_char(state *s, int32_t c, qg_token_span p)
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
static qg_code add_normal(state *s, int32_t c, qg_token_span p)
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
static qg_code add_typed(state *s, int32_t c, qg_token_span p)
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
    const char *text = s->t->common.special_text[which];
    int32_t chars = (int32_t)qg_utf8_length(text, strlen(text));
    qg_token_span p = {*point, *point + chars, (int32_t)*byte, (int32_t)(*byte + strlen(text))};
    QG_TRY(end_word(s));
    *point += chars;
    *byte += strlen(text);
    if (s->sink)
        return QG_OK;
    return qg_encoder_add(s->encoder, s->t->common.special_id[which], p);
}

static qg_code add_text(state *s, const char *text, size_t len)
{
    int32_t point = 0;
    for (size_t i = 0; i < len;) {
        int which = special_here(&s->t->common, text + i, len - i), width;
        if (which >= 0) {
            QG_TRY(add_special(s, which, &point, &i));
            continue;
        }
        int32_t c = qg_utf8_decode(text + i, &width);
        qg_token_span p = {point, point + 1, (int32_t)i, (int32_t)i + width};
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
        if (s->encoder && qg_encoder_is_full(s->encoder))
            return QG_OK;
    }
    return end_word(s);
}

static qg_code make_room(state *s, qg_arena *a)
{
    size_t chars = (size_t)s->t->max_word_chars;
    QG_NEW(s->bytes, a, 4 * chars + 4);
    QG_NEW(s->at, a, chars + 1);
    QG_NEW(s->where, a, chars);
    QG_NEW(s->piece, a, chars);
    QG_NEW(s->piece_end, a, chars);
    return QG_OK;
}

qg_code qg_wordpiece_words(const qg_wordpiece *t, qg_arena *scratch, const char *text, size_t len,
                           const qg_word_sink *sink)
{
    state s = {.t = t, .sink = sink};
    qg_mark mark = qg_arena_mark(scratch);
    QG_TRY(make_room(&s, scratch));
    qg_code rc = add_text(&s, text, len);
    qg_arena_release(scratch, mark);
    return rc;
}

static qg_code cut(qg_encoder *e, const qg_tokenizer *t, const char *text, size_t len)
{
    state s = {.t = (const qg_wordpiece *)(const void *)t, .encoder = e};
    QG_TRY(make_room(&s, e->arena));
    return add_text(&s, text, len);
}

static const char *piece(const qg_tokenizer *t, int id, bool *continues)
{
    const char *token = qg_tokenizer_token(t, id);
    *continues = token && token[0] == '#' && token[1] == '#' && token[2];
    return token && *continues ? token + 2 : token;
}

static const char *const classes[] = {"BertTokenizer", "BertTokenizerFast", NULL};
static const char *const files[] = {"vocab.txt", "tokenizer_config.json", "tokenizer.json",
                                    "special_tokens_map.json", NULL};

const qg_tokenizer_kind qg_tokenizer_wordpiece = {
    .name = "wordpiece",
    .summary = "words at white space and punctuation, cut into the longest pieces of vocab.txt",
    .paper = "arXiv:1810.04805",
    .classes = classes,
    .files = files,
    .first = QG_CLS,
    .last = QG_SEP,
    .load = qg_wordpiece_load,
    .entries = qg_wordpiece_entries,
    .cut = cut,
    .piece = piece,
};
