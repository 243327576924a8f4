/*
 * wordpiece.h - a WordPiece tokenizer as loaded, and its words without their pieces.
 */
#ifndef QGRID_TEXT_WORDPIECE_H
#define QGRID_TEXT_WORDPIECE_H

#include "tokenizer_internal.h"
#include "unicode.h"

typedef struct qg_wordpiece {
    qg_tokenizer common;
    bool lower_case, strip_accents, split_cjk;
    bool keeps_controls;    /* the text is not cleaned of control characters */
    bool keeps_punctuation; /* words end at white space only */
    int max_word_chars;     /* longer words are [UNK] */
} qg_wordpiece;

enum { QG_MOST_NORMAL = 2 * QG_MAX_DECOMPOSED + 2 };

/** What the normalizer makes of one code point; returns how many code points. Local. */
int qg_wordpiece_normal(int32_t out[QG_MOST_NORMAL], const qg_wordpiece *t, int32_t c);

/** From the files of a model folder. @errors those of qg_tokenizer_load. Local. */
qg_code qg_wordpiece_load(qg_tokenizer **out, qg_arena *a, const char *dir) QG_MUST_USE;

/** From a vocabulary file and flags (strip_accents: -1 = follow lower_case). Local. */
qg_code qg_wordpiece_make(qg_tokenizer **out, qg_arena *a, const char *vocab_path, bool lower_case,
                          int strip_accents) QG_MUST_USE;

/** Without a vocabulary, for its words. */
qg_code qg_wordpiece_bare(qg_wordpiece **out, qg_arena *a, bool lower_case) QG_MUST_USE;

/* Where the basic words of a text go: what WordPiece cuts, cleaned, lower-cased, UTF-8. */
typedef struct qg_word_sink {
    qg_code (*each)(void *ctx, const char *word, size_t len); /* an error stops it */
    void *ctx;
} qg_word_sink;

/** Hands over each basic word of a text; special and added tokens and words longer than
 * max_word_chars are left out. `scratch` is released again. @errors the sink's, QG_ENOMEM. Local.
 */
qg_code qg_wordpiece_words(const qg_wordpiece *t, qg_arena *scratch, const char *text, size_t len,
                           const qg_word_sink *sink) QG_MUST_USE;

#endif
