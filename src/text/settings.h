/*
 * settings.h - what tokenizer_config.json, special_tokens_map.json and added_tokens.json say.
 */
#ifndef QGRID_TEXT_SETTINGS_H
#define QGRID_TEXT_SETTINGS_H

#include "added.h"
#include "tokenizer_internal.h"

/* Of one folder. */
typedef struct qg_token_settings {
    bool file_alone; /* tokenizer_class says only that tokenizer.json is the tokenizer */
    int lower, accents,
        cjk;        /* do_lower_case, strip_accents, tokenize_chinese_chars; -1: not said */
    int left;       /* truncation_side: 1 left, 0 right, -1 not said */
    int max_length; /* model_max_length, 0 = none */
    const char *special[QG_SPECIALS]; /* NULL: not said */
    qg_added added;                   /* tokens that are kept whole, not settled */
} qg_token_settings;

/** Keys of the special tokens: "pad_token", ... */
extern const char *const qg_special_keys[QG_SPECIALS];

/** Classes of transformers that only say that tokenizer.json is the tokenizer; NULL ends. */
extern const char *const qg_file_classes[];

/** Whether a class is one of these. */
bool qg_is_file_class(const char *tokenizer_class);

/** true, false or null (then *out stays). @errors QG_EFORMAT. */
qg_code qg_token_flag(int *out, const qg_json_doc *d, const qg_json *object,
                      const char *key) QG_MUST_USE;

/** Adds one token object of Hugging Face: "content" and flags. @errors as qg_added_put. */
qg_code qg_token_put(qg_added *list, qg_arena *a, const qg_json_doc *d, const qg_json *token,
                     int id, qg_added_weight weight) QG_MUST_USE;

/** A whole number in [0, 2^31). @errors QG_EFORMAT. */
qg_code qg_token_id(int *out, const qg_json_doc *d, const qg_json *v) QG_MUST_USE;

/** Reads those of the three files that are there.
 *  @errors QG_EIO, QG_EFORMAT, QG_EMODEL where two disagree, QG_EUNSUPPORTED by name. Local. */
qg_code qg_token_settings_load(qg_token_settings *out, qg_arena *a, const char *dir) QG_MUST_USE;

#endif
