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

#endif
