/*
 * wordpiece_json.h - a tokenizer.json whose model is WordPiece.
 */
#ifndef QGRID_TEXT_WORDPIECE_JSON_H
#define QGRID_TEXT_WORDPIECE_JSON_H

#include "settings.h"

typedef struct qg_wordpiece_json {
    qg_json_doc doc;
    qg_vocab vocab;
    bool bert;             /* its normalizer is BertNormalizer */
    int clean, cjk, lower; /* of the normalizer: 1 or 0 */
    int accents;           /* the same; -1: as lower */
    bool punctuation;      /* words end at punctuation, too */
    int left;              /* side of truncation: 1 left, 0 right, -1 not said */
    int max_word_chars;    /* longer words are unknown */
    const char *unk;       /* NULL: not said */
} qg_wordpiece_json;

/** Reads it; its added tokens go to `added`. @errors QG_EIO, QG_EFORMAT, QG_EMODEL,
 *  QG_EUNSUPPORTED with the part that is not honoured. Local. */
qg_code qg_wordpiece_json_load(qg_wordpiece_json *out, qg_added *added, qg_arena *a,
                               const char *path) QG_MUST_USE;

/** Whether its post-processor puts [CLS] and [SEP] around a text, as `t` does.
 *  @errors QG_EUNSUPPORTED: something else, or nothing. Local. */
qg_code qg_wordpiece_json_ends(const qg_json_doc *d, const qg_tokenizer *t) QG_MUST_USE;

#endif
