/*
 * rules.h - what a text rule is: it appends to `out` what it makes of a text.
 */
#ifndef QGRID_TEXT_RULES_RULES_H
#define QGRID_TEXT_RULES_RULES_H

#include "qgrid/str.h"
#include "text/unicode.h"

typedef void qg_text_rule_fn(qg_str *out, const char *text, size_t len);

#define QG_TEXT_RULE(id, name, help) qg_text_rule_fn qg_rule_##name;
#include "qgrid/text_rules.def"
#undef QG_TEXT_RULE

/** The code point at the start of `s`; U+FFFD of one byte where there is none. */
int32_t qg_rule_next(const char *s, size_t left, int *width);

#endif
