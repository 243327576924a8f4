/*
 * wordpiece.c - BERT's basic tokenizer and WordPiece, with offsets into the text as typed.
 *
 * One pass over the text. Each code point is cleaned, decomposed and lower-cased on its own and the
 * result collects in a "basic word"; spaces, punctuation, CJK ideographs and added tokens, to which
 * the special ones belong, end it, and it is then cut greedily into the longest pieces of the
 * vocabulary. Added tokens are taken out first: those that are looked for in the text as typed cut
 * it into parts, and in the parts the others are looked for as the normalizer leaves them.
 *
 *   text     C a f é - 1          offsets are those of the source: a piece starts where its first
 *   source   0 1 2 3 4 5          character stood and ends after its last one
 *   word     c a f e | - | 1
 */
#include "wordpiece.h"

#include "tokenizers.h"

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
    int32_t point; /* code points of the text so far */
    int32_t last;  /* normalized code point before this one, ' ' at the start of a part */
    size_t hidden; /* no added token begins before this byte */
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

/* One normalised code point: white space ends a word, punctuation is one of its own. */
static qg_code add_normal(state *s, int32_t c, qg_token_span p)
{
    bool alone = !s->t->keeps_punctuation && qg_is_punctuation(c);
    bool space = qg_is_white_space(c);
    s->last = c;
    if (space || alone)
        QG_TRY(end_word(s));
    if (!space)
        add_char(s, c, p);
    return alone ? end_word(s) : QG_OK;
}

/* As BertNormalizer: cleaned, ideographs alone, decomposed without marks, lower case. */
int qg_wordpiece_normal(int32_t out[QG_MOST_NORMAL], const qg_wordpiece *t, int32_t c)
{
    int32_t part[QG_MAX_DECOMPOSED] = {c};
    int n = 0, parts = 1;
    bool ideograph = t->split_cjk && qg_is_cjk(c);
    if (!t->keeps_controls && qg_is_control(c))
        return 0;
    if (!t->keeps_controls && qg_is_space(c))
        part[0] = ' ';
    else if (t->strip_accents)
        parts = qg_decompose(part, c);
    if (ideograph)
        out[n++] = ' ';
    for (int i = 0; i < parts; i++) {
        if (t->strip_accents && qg_is_mark(part[i]))
            continue;
        if (t->lower_case)
            n += qg_lower(out + n, part[i]);
        else
            out[n++] = part[i];
    }
    if (ideograph)
        out[n++] = ' ';
    return n;
}

/* ------------------------------------------------------------------------------ added tokens */

/* A token that is kept whole at [i, end) of the text. */
static qg_code add_whole(state *s, const qg_added_token *token, const char *text, size_t i,
                         size_t end)
{
    int32_t chars = (int32_t)qg_utf8_length(text + i, end - i);
    qg_token_span p = {s->point, s->point + chars, (int32_t)i, (int32_t)end};
    QG_TRY(end_word(s));
    s->point += chars;
    return s->sink ? QG_OK : qg_encoder_add(s->encoder, token->id, p);
}

/* End of the shortest part of text[i..len) that becomes the token's form; 0: none does. A form
 * begins and ends with whole characters of the text. */
static size_t end_of_form(const state *s, const qg_added_token *token, const char *text, size_t len,
                          size_t i)
{
    int32_t normal[QG_MOST_NORMAL];
    int have = 0, width;
    for (; i < len && have < token->form_len; i += (size_t)width) {
        int n = qg_wordpiece_normal(normal, s->t, qg_utf8_decode(text + i, &width));
        if (n > token->form_len - have ||
            memcmp(normal, token->form + have, (size_t)n * sizeof *normal) != 0)
            return 0;
        have += n;
    }
    return have == token->form_len ? i : 0;
}

/* Whether the first code point of what text[i..len) becomes is part of a word. */
static bool goes_on(const state *s, const char *text, size_t len, size_t i)
{
    int32_t normal[QG_MOST_NORMAL];
    for (int width, n = 0; i < len; i += (size_t)width) {
        n = qg_wordpiece_normal(normal, s->t, qg_utf8_decode(text + i, &width));
        if (n > 0)
            return qg_is_joined(normal[0]);
    }
    return false;
}

/* The longest token that is looked for in normalized text and begins at i, where the text becomes
 * normal[0]. One that has to be a single word and is none hides what begins inside of it. */
static qg_added_place form_here(state *s, int32_t first, const char *text, size_t len, size_t i)
{
    const qg_added *list = &s->t->common.added;
    const int *from = list->forms.from;
    int key = first % 256;
    for (int k = from[key]; k < from[key + 1]; k++) {
        const qg_added_token *token = &list->token[list->forms.token[k]];
        size_t end = token->form[0] == first ? end_of_form(s, token, text, len, i) : 0;
        if (end == 0)
            continue;
        if (token->single_word && (qg_is_joined(s->last) || goes_on(s, text, len, end))) {
            s->hidden = end;
            break;
        }
        return (qg_added_place){i, end, token};
    }
    return (qg_added_place){i, i, NULL};
}

/* -------------------------------------------------------------------------------------- texts */

/* text[i..len): what lies between tokens that are found in the text as typed. */
static qg_code add_part(state *s, const char *text, size_t len, size_t i)
{
    int32_t normal[QG_MOST_NORMAL];
    s->last = ' ';
    s->hidden = i;
    while (i < len) {
        int width, n = qg_wordpiece_normal(normal, s->t, qg_utf8_decode(text + i, &width));
        qg_added_place here = {0};
        if (n > 0 && i >= s->hidden)
            here = form_here(s, normal[0], text, len, i);
        if (here.token) {
            QG_TRY(add_whole(s, here.token, text, i, here.end));
            s->last = here.token->form[here.token->form_len - 1];
            i = here.end;
            continue;
        }
        qg_token_span p = {s->point, s->point + 1, (int32_t)i, (int32_t)i + width};
        for (int k = 0; k < n; k++)
            QG_TRY(add_normal(s, normal[k], p));
        i += (size_t)width;
        s->point++;
        /* The rest of a long text only matters for being there. */
        if (s->encoder && qg_encoder_is_full(s->encoder))
            return QG_OK;
    }
    return end_word(s);
}

static qg_code add_text(state *s, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        qg_added_place found = qg_added_find(&s->t->common.added, text, len, i);
        QG_TRY(add_part(s, text, found.start, i));
        if (s->encoder && qg_encoder_is_full(s->encoder))
            return QG_OK;
        if (found.token)
            QG_TRY(add_whole(s, found.token, text, found.start, found.end));
        i = found.end;
    }
    return QG_OK;
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

/* Those of DistilBERT and ELECTRA are BERT's under other names. */
static const char *const classes[] = {"BertTokenizer",
                                      "BertTokenizerFast",
                                      "DistilBertTokenizer",
                                      "DistilBertTokenizerFast",
                                      "ElectraTokenizer",
                                      "ElectraTokenizerFast",
                                      NULL};
static const char *const files[] = {"vocab.txt", "tokenizer_config.json", "tokenizer.json",
                                    "special_tokens_map.json", NULL};
static const char *const rare[] = {"added_tokens.json", NULL};

const qg_tokenizer_kind qg_tokenizer_wordpiece = {
    .name = "wordpiece",
    .summary = "words at white space and punctuation, cut into the longest pieces of vocab.txt",
    .paper = "arXiv:1810.04805",
    .classes = classes,
    .files = files,
    .rare = rare,
    .first = QG_CLS,
    .last = QG_SEP,
    .load = qg_wordpiece_load,
    .cut = cut,
    .piece = piece,
};
