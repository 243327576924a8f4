/*
 * added.h - tokens that are added to a vocabulary: kept whole, whatever stands around them.
 */
#ifndef QGRID_TEXT_ADDED_H
#define QGRID_TEXT_ADDED_H

#include "string_table.h"
#include "vocab.h"

/* Who says a token's flags: they follow from where it stands, an object beside other special
 * tokens, a list of added tokens. */
typedef enum qg_added_weight { QG_ADDED_BARE, QG_ADDED_SPECIAL, QG_ADDED_LISTED } qg_added_weight;

typedef struct qg_added_token {
    const char *text;       /* as typed; never empty */
    int id;                 /* -1: not said yet */
    bool single_word;       /* only where no letter, digit, mark or '_' touches it */
    bool normalized;        /* looked for in the normalized text, not in the text as typed */
    qg_added_weight weight; /* of its flags: those of the heaviest source count */
    int32_t *form;          /* [form_len] its text as normalized, where `normalized` */
    int form_len;
} qg_added_token;

/* Tokens by what they begin with; of those with the same key the longest comes first. */
typedef struct qg_added_index {
    int *token; /* numbers of tokens */
    int *from;  /* [257]: those of key k are token[from[k]] to token[from[k + 1] - 1] */
} qg_added_index;

typedef struct qg_added {
    int n, cap;
    qg_added_token *token;
    qg_string_table names;     /* number of a text = place in `token` */
    qg_added_index raw, forms; /* after qg_added_finish; keys: first byte, low byte of form[0] */
} qg_added;

/* Where a token stands in a text: bytes. */
typedef struct qg_added_place {
    size_t start, end;
    const qg_added_token *token; /* NULL: none */
} qg_added_place;

/** Adds a token, or completes what another place said of it: an id, flags.
 *  @param doc,at  where it stands, for messages; NULL for tokens without id and flags
 *  @errors QG_EMODEL (two ids, two sets of flags), QG_EUNSUPPORTED (an id that is too large). */
qg_code qg_added_put(qg_added *list, qg_arena *a, const qg_added_token *token,
                     const qg_json_doc *doc, const qg_json *at) QG_MUST_USE;

/** The token of this text, or NULL. */
const qg_added_token *qg_added_named(const qg_added *list, const char *text);

/** Gives each its id: its own, else that of the vocabulary. `where` is named in messages.
 *  @errors QG_EMODEL: no id, one id for two tokens, another id than in the vocabulary;
 *  QG_EUNSUPPORTED: white space at its ends. */
qg_code qg_added_settle(qg_added *list, qg_arena *a, const qg_vocab *vocab,
                        const char *where) QG_MUST_USE;

/** Makes the indices; forms are there. @errors QG_ENOMEM. */
qg_code qg_added_finish(qg_added *list, qg_arena *a) QG_MUST_USE;

/** The first token that is not `normalized` in text[from..len): leftmost, then longest. */
qg_added_place qg_added_find(const qg_added *list, const char *text, size_t len, size_t from);

#endif
