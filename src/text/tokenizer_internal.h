/*
 * tokenizer_internal.h - a tokenizer as loaded.
 */
#ifndef QGRID_TEXT_TOKENIZER_INTERNAL_H
#define QGRID_TEXT_TOKENIZER_INTERNAL_H

#include "qgrid/tokenizer.h"
#include "vocab.h"

enum { QG_SPECIALS = 5 };

struct qg_tokenizer {
    qg_vocab vocab;
    bool lower_case, strip_accents, split_cjk;
    int max_word_chars;                    /* longer words are [UNK] */
    int max_length;                        /* model_max_length, 0 = none */
    const char *special_text[QG_SPECIALS]; /* pad, unk, cls, sep, mask */
    int special_id[QG_SPECIALS];
    char sha256[65];
};

enum { QG_PAD, QG_UNK, QG_CLS, QG_SEP, QG_MASK };

/* Where the basic words of a text go: what WordPiece cuts, cleaned, lower-cased, UTF-8. */
typedef struct qg_word_sink {
    qg_code (*each)(void *ctx, const char *word, size_t len); /* an error stops it */
    void *ctx;
} qg_word_sink;

/** A tokenizer without a vocabulary, for its words. */
qg_code qg_tokenizer_bare(qg_tokenizer **out, qg_arena *a, bool lower_case) QG_MUST_USE;

/** Hands over each basic word of a text; special tokens and words longer than max_word_chars are
 *  left out. `scratch` is released again. @errors the sink's, QG_ENOMEM. Local. */
qg_code qg_tokenizer_words(const qg_tokenizer *t, qg_arena *scratch, const char *text, size_t len,
                           const qg_word_sink *sink) QG_MUST_USE;

#endif
