/*
 * tokenizer.h - text to token ids with offsets.
 */
#ifndef QGRID_TOKENIZER_H
#define QGRID_TOKENIZER_H

#include "qgrid/arena.h"
#include "qgrid/library.h"

#include <stdbool.h>

/* Splits texts into the tokens of a vocabulary. */
typedef struct qg_tokenizer qg_tokenizer;

/* One text, specials included. All arrays in the arena of the call. */
typedef struct qg_encoding {
    int n;                          /* ids, with [CLS] and [SEP] */
    int32_t *ids;                   /* [n] */
    int32_t *start, *end;           /* [n] offsets in code points of the text; specials: 0, 0 */
    int32_t *byte_start, *byte_end; /* [n] the same in bytes */
    int32_t *word; /* [n] index of the white-space word it belongs to; specials: -1 */
    int n_words;   /* maximal runs of non-space, of the whole text (also truncated ones) */
    int32_t *word_start, *word_end;           /* [n_words] code points */
    int32_t *word_byte_start, *word_byte_end; /* [n_words] bytes */
    bool truncated;
    /* Filled by qg_encoding_forms; NULL: not yet. Equal numbers stand for equal strings. */
    int32_t *word_form; /* [n] of the token's word; specials: -1 */
    int32_t *run_form;  /* [n] of the run of word characters that it is in; -1: in none */
} qg_encoding;

typedef struct qg_encoder qg_encoder; /* text/tokenizer_internal.h */

/* A kind of tokenizer: one line of text/tokenizers.def and one file each. */
typedef struct qg_tokenizer_kind {
    const char *name;    /* "wordpiece" */
    const char *summary; /* one line */
    const char *paper;
    const char *const *classes; /* of transformers, as "tokenizer_class" has them; NULL ends */
    const char *const *files;   /* of a model folder, its vocabulary first; NULL ends */
    const char *const *rare;    /* further ones, which few folders have */
    int first, last;            /* special tokens around a text: QG_CLS, QG_SEP */
    qg_code (*load)(qg_tokenizer **out, qg_arena *a, const char *dir);
    /** Gives the tokens of a text to the encoder, one after the other. */
    qg_code (*cut)(qg_encoder *e, const qg_tokenizer *t, const char *text, size_t len);
    const char *(*piece)(const qg_tokenizer *t, int id, bool *continues);
} qg_tokenizer_kind;

/** NULL-terminated table of kinds. */
extern const qg_tokenizer_kind *const qg_tokenizer_kinds[];

/** The kind of a model folder: by its tokenizer_config.json, else by the vocabulary that is there.
 *  NULL with the error set: no memory, and so not known. Local. */
const qg_tokenizer_kind *qg_tokenizer_kind_of(const char *dir);

/** The first of the files of its kind, for messages about a folder's vocabulary. Local. */
const char *qg_tokenizer_file(const char *dir);

/**
 * Loads the tokenizer of a model folder.
 *
 * @errors QG_EIO, QG_EFORMAT (file, line), QG_EUNSUPPORTED (another tokenizer class). Local.
 */
qg_code qg_tokenizer_load(qg_tokenizer **out, qg_arena *a, const char *dir) QG_MUST_USE;

/** Ids of a folder's tokenizer are below *out; -1: there is no vocabulary.
 *  @errors those of qg_tokenizer_load. */
qg_code qg_tokenizer_entries(int *out, const char *dir) QG_MUST_USE;

/** Copies the files of a folder's tokenizer to another. @errors QG_EIO. Local. */
qg_code qg_tokenizer_copy(qg_arena *a, const char *to, const char *from) QG_MUST_USE;

/**
 * Encodes valid UTF-8. At most max_length ids, specials included (0: no limit).
 * Equal to transformers' tokenizers with truncation=True. Thread-safe. Local.
 */
qg_code qg_tokenizer_encode(qg_encoding *out, const qg_tokenizer *t, qg_arena *a, const char *text,
                            size_t len, int max_length) QG_MUST_USE;

/**
 * Numbers the words of an encoding's tokens by their strings, and the runs of word characters (\w+
 * of Python's re, what lies between matches of \W+), as the text has them: case counts, and words
 * that are unknown to the vocabulary differ. The number is that of the first word (run) of this
 * string.
 *
 * @param text  as it was encoded; NULL: there are but ids, and words of equal ids are equal; each
 * is a run
 * @errors QG_ENOMEM. Local.
 */
qg_code qg_encoding_forms(qg_encoding *e, qg_arena *a, const char *text, size_t len) QG_MUST_USE;

int qg_tokenizer_size(const qg_tokenizer *t); /* ids, those of added tokens too, are below */
const char *qg_tokenizer_token(const qg_tokenizer *t, int id); /* "[UNK]" name of an id, or NULL */
/** Text of a token without the mark that says whether it continues the word before it. */
const char *qg_tokenizer_piece(const qg_tokenizer *t, int id, bool *continues);
int qg_tokenizer_id(const qg_tokenizer *t, const char *token); /* -1 = unknown */
int qg_tokenizer_max_length(const qg_tokenizer *t);            /* model_max_length, 0 = none */

/* Ids of the special tokens. */
typedef struct qg_specials {
    int32_t pad, unk, cls, sep, mask;
    int32_t size; /* ids of tokens are below; 0: not known */
} qg_specials;
qg_specials qg_tokenizer_specials(const qg_tokenizer *t);

/** SHA-256 over vocabulary and flags: equal for tokenizers that give equal results. */
const char *qg_tokenizer_sha256(const qg_tokenizer *t);

/** utf8proc, which knows the width of what is shown. Local. */
qg_library qg_utf8proc_library(void);

/** Unicode: the version of our own tables of characters, whatever is installed. Local. */
qg_library qg_unicode_library(void);

#endif
