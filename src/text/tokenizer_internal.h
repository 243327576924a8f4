/*
 * tokenizer_internal.h - what tokenizers of every kind have, and the encoder that they give their
 * pieces to.
 */
#ifndef QGRID_TEXT_TOKENIZER_INTERNAL_H
#define QGRID_TEXT_TOKENIZER_INTERNAL_H

#include "qgrid/tokenizer.h"
#include "added.h"

enum { QG_PAD, QG_UNK, QG_CLS, QG_SEP, QG_MASK, QG_SPECIALS };

/* The first member of a kind's own struct. */
struct qg_tokenizer {
    const qg_tokenizer_kind *kind;
    qg_vocab vocab;
    int max_length;                        /* model_max_length, 0 = none */
    const char *special_text[QG_SPECIALS]; /* pad, unk, cls, sep, mask */
    int special_id[QG_SPECIALS];
    qg_added added; /* kept whole, the special ones among them; ids may lie beyond the vocabulary */
    int size;       /* ids of vocabulary and added tokens are below */
    bool left;      /* a text that is too long loses its beginning */
    char sha256[65];
};

/* Where a token stands in the text as typed. */
typedef struct qg_token_span {
    int32_t start, end;           /* code points */
    int32_t byte_start, byte_end; /* bytes */
} qg_token_span;

/* The encoding of one text under way. */
struct qg_encoder {
    qg_arena *arena;
    qg_encoding *out;
    int limit, cap; /* ids kept, without the last special token */
};

/** Adds a token; beyond the limit the encoding is truncated. @errors QG_ENOMEM. */
qg_code qg_encoder_add(qg_encoder *e, int id, qg_token_span s) QG_MUST_USE;

/** Whether a token was cut off: the rest of the text can change nothing. */
bool qg_encoder_is_full(const qg_encoder *e);

#endif
