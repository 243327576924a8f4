/*
 * normalize.h - rules by which the texts of a data set are made alike, in Unicode.
 *
 * A data set declares them once, and every stage reads the texts that come out.
 */
#ifndef QGRID_NORMALIZE_H
#define QGRID_NORMALIZE_H

#include "qgrid/opt.h"

/* The rows of text_rules.def. */
typedef enum qg_text_rule {
#define QG_TEXT_RULE(id, name, help) QG_TEXT_##id,
#include "qgrid/text_rules.def"
#undef QG_TEXT_RULE
    QG_TEXT_RULES
} qg_text_rule;

/* Of one data set. */
enum { QG_MOST_TEXT_RULES = 8 };

/* Rules in their order; none: the text as it stands. */
typedef struct qg_normalization {
    int n;
    qg_text_rule rule[QG_MOST_TEXT_RULES];
} qg_normalization;

/** Names of the rules, NULL-terminated, and what they do; static. Local. */
const char *const *qg_text_rule_names(void);
const char *qg_text_rule_help(qg_text_rule rule);

/** Reads a name or a list of names. @errors QG_EJOB with the place of the name. Local. */
qg_code qg_normalization_read(qg_normalization *out, const qg_json_doc *doc,
                              const qg_json *v) QG_MUST_USE;

/** "lower whitespace", "none"; arena, NULL when out of memory. */
char *qg_normalization_name(qg_arena *a, const qg_normalization *how);

/** Applies the rules to a text; bytes that are not UTF-8 stay, or count as a sign of their own.
 *  Result in the arena, NULL when out of memory. Local. */
char *qg_normalize_text(qg_arena *a, const qg_normalization *how, const char *text, size_t len,
                        size_t *out_len);

/** Whether a text has nothing that one could read: white space, control and format characters alone
 *  (no-break and zero-width spaces among them), of which a tokenizer makes no token. Local. */
bool qg_text_is_empty(const char *text, size_t len);

#endif
