/*
 * vocab.h - tokens and their ids, found by content.
 */
#ifndef QGRID_TEXT_VOCAB_H
#define QGRID_TEXT_VOCAB_H

#include "qgrid/json.h"

typedef struct qg_vocab {
    int n;
    const char **token;  /* [n], NULL for ids that no token has */
    uint32_t *slot;      /* open addressing: id + 1, 0 = empty; power of two */
    uint32_t *slot_more; /* the same for continuing pieces, without their prefix */
    size_t slots;
    size_t longest; /* bytes of the longest token */
} qg_vocab;

/** One token a line, id = line number from 0; CRLF is fine; the last of equal tokens counts.
 *  @errors QG_EIO, QG_EFORMAT with the line. Local. */
qg_code qg_vocab_load(qg_vocab *out, qg_arena *a, const char *path) QG_MUST_USE;

/** From the "vocab" object of a tokenizer.json: token -> id. */
qg_code qg_vocab_from_json(qg_vocab *out, qg_arena *a, const qg_json_doc *doc,
                           const qg_json *vocab) QG_MUST_USE;

/** Id of a token, or -1; `continuing`: of "##" + token. */
int qg_vocab_find(const qg_vocab *v, const char *token, size_t len, bool continuing);

#endif
