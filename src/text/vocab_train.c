/*
 * vocab_train.c - from texts to words, characters and the vocabulary.
 */
#include "qgrid/vocab_train.h"

#include "wordpiece.h"
#include "unicode.h"
#include "vocab_merge.h"

#include <stdlib.h>
#include <string.h>

enum { CODE_POINTS = 0x110000 };

const qg_vocab_options qg_vocab_options_default = {
    .size = 30000, .alphabet = 1000, .min_character = 1, .min_pair = 2, .lower_case = true};

struct qg_vocab_trainer {
    qg_arena *arena;
    qg_vocab_options options;
    qg_wordpiece *tokenizer;
    qg_string_table words;
    int64_t *times; /* [words.cap] of each word */
    int cap;
    qg_vocab_count count;
};

qg_code qg_vocab_trainer_make(qg_vocab_trainer **out, qg_arena *a, const qg_vocab_options *options)
{
    qg_vocab_trainer *t;
    QG_NEW(t, a, 1);
    t->arena = t->words.arena = a;
    t->options = *options;
    *out = t;
    return qg_wordpiece_bare(&t->tokenizer, a, options->lower_case);
}

static qg_code count_word(void *ctx, const char *word, size_t len)
{
    qg_vocab_trainer *t = ctx;
    int index;
    QG_TRY(qg_string_table_put(&index, &t->words, word, len));
    if (index >= t->cap) {
        t->times = qg_arena_grow(t->arena, t->times, (size_t)t->cap, (size_t)t->words.cap,
                                 sizeof *t->times);
        if (!t->times)
            return QG_ENOMEM;
        t->cap = t->words.cap;
    }
    t->times[index]++;
    t->count.words++;
    return QG_OK;
}

qg_code qg_vocab_trainer_add(qg_vocab_trainer *t, const char *text, size_t len)
{
    qg_arena *scratch = qg_arena_create(0);
    if (!scratch)
        return QG_FAIL(QG_ENOMEM, "no memory");
    qg_word_sink sink = {count_word, t};
    qg_code rc = qg_wordpiece_words(t->tokenizer, scratch, text, len, &sink);
    qg_arena_destroy(scratch);
    return rc;
}

/* A character and how often it occurs. */
typedef struct character {
    int32_t point;
    int64_t times;
} character;

static int frequent_first(const void *pa, const void *pb)
{
    const character *a = pa, *b = pb;
    if (a->times != b->times)
        return a->times > b->times ? -1 : 1;
    return (a->point > b->point) - (a->point < b->point);
}

/* in[c] = 1 for characters of the alphabet. */
static qg_code choose_alphabet(uint8_t *in, qg_vocab_trainer *t)
{
    int64_t *times;
    character *found;
    int n = 0, width;
    QG_NEW(times, t->arena, CODE_POINTS);
    for (int w = 0; w < t->words.n; w++)
        for (const char *s = t->words.text[w]; *s; s += width)
            times[qg_utf8_decode(s, &width)] += t->times[w];
    for (int32_t c = 0; c < CODE_POINTS; c++)
        n += times[c] > 0;
    QG_NEW(found, t->arena, n);
    n = 0;
    for (int32_t c = 0; c < CODE_POINTS; c++)
        if (times[c] > 0)
            found[n++] = (character){c, times[c]};
    qsort(found, (size_t)n, sizeof *found, frequent_first);
    for (int i = 0; i < n && i < t->options.alphabet; i++)
        if (found[i].times >= t->options.min_character) {
            in[found[i].point] = 1;
            t->count.characters++;
        }
    return QG_OK;
}

/* Whether a word stays within the alphabet; forms[c] gets 1 where it begins with c, 2 where c
 * continues it. */
static bool note_forms(uint8_t *forms, const uint8_t *in, const char *word)
{
    int width;
    for (const char *s = word; *s; s += width)
        if (!in[qg_utf8_decode(s, &width)])
            return false;
    for (const char *s = word; *s; s += width)
        forms[qg_utf8_decode(s, &width)] |= s == word ? 1 : 2;
    return true;
}

static qg_code add_piece(qg_string_table *pieces, const char *prefix, int32_t point)
{
    char text[8];
    int ignored;
    size_t n = strlen(prefix);
    memcpy(text, prefix, n);
    n += (size_t)qg_utf8_encode(text + n, point);
    return qg_string_table_put(&ignored, pieces, text, n);
}

static qg_code add_characters(qg_string_table *pieces, const uint8_t *forms, int size)
{
    static const char *const specials[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    int ignored;
    for (int i = 0; i < QG_SPECIALS; i++)
        QG_TRY(qg_string_table_put(&ignored, pieces, specials[i], strlen(specials[i])));
    for (int more = 0; more < 2; more++)
        for (int32_t c = 0; c < CODE_POINTS; c++)
            if (forms[c] & (1 << more))
                QG_TRY(add_piece(pieces, more ? "##" : "", c));
    if (pieces->n > size)
        return QG_FAIL(QG_EUSAGE,
                       "a vocabulary of %d does not hold the specials and characters, which are %d",
                       size, pieces->n);
    return QG_OK;
}

static qg_code split(qg_piece_word *out, qg_string_table *pieces, qg_arena *a, const char *word)
{
    int n = 0, width;
    QG_NEW(out->piece, a, strlen(word));
    for (const char *s = word; *s; s += width) {
        char text[8] = "##";
        int index;
        size_t skip = s == word ? 0 : 2;
        (void)qg_utf8_decode(s, &width);
        memcpy(text + skip, s, (size_t)width);
        QG_TRY(qg_string_table_put(&index, pieces, text, skip + (size_t)width));
        out->piece[n++] = index;
    }
    out->n = n;
    return QG_OK;
}

/* Words within the alphabet, in pieces of one character. */
static qg_code split_words(qg_piece_word **out, int *n, qg_string_table *pieces,
                           qg_vocab_trainer *t)
{
    uint8_t *in, *forms, *kept;
    qg_piece_word *words;
    QG_NEW(in, t->arena, CODE_POINTS);
    QG_NEW(forms, t->arena, CODE_POINTS);
    QG_NEW(kept, t->arena, t->words.n);
    QG_NEW(words, t->arena, t->words.n);
    QG_TRY(choose_alphabet(in, t));
    for (int w = 0; w < t->words.n; w++) {
        kept[w] = note_forms(forms, in, t->words.text[w]);
        t->count.left_out += kept[w] ? 0 : t->times[w];
    }
    QG_TRY(add_characters(pieces, forms, t->options.size));
    *n = 0;
    for (int w = 0; w < t->words.n; w++) {
        if (!kept[w])
            continue;
        words[*n].count = t->times[w];
        QG_TRY(split(&words[(*n)++], pieces, t->arena, t->words.text[w]));
    }
    *out = words;
    return QG_OK;
}

qg_code qg_vocab_trainer_finish(const char *const **token, int *n, qg_vocab_trainer *t)
{
    qg_string_table pieces = {.arena = t->arena};
    qg_piece_word *words;
    int n_words;
    t->count.distinct = t->words.n;
    if (t->words.n == 0)
        return QG_FAIL(QG_EFORMAT, "the texts have no words");
    QG_TRY(split_words(&words, &n_words, &pieces, t));
    QG_TRY(qg_vocab_merge(&pieces, t->arena, words, n_words, t->options.size, t->options.min_pair));
    *token = pieces.text;
    *n = pieces.n;
    return QG_OK;
}

qg_vocab_count qg_vocab_trainer_count(const qg_vocab_trainer *t)
{
    return t->count;
}
