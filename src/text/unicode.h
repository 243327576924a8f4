/*
 * unicode.h - what tokenizers, text rules and tables ask about a code point.
 */
#ifndef QGRID_TEXT_UNICODE_H
#define QGRID_TEXT_UNICODE_H

#include "qgrid/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

enum { QG_MAX_DECOMPOSED = 18 };

/** Decodes one code point of valid UTF-8; *width = its bytes. */
int32_t qg_utf8_decode(const char *s, int *width);

/** Appends UTF-8 of a code point (at most 4 bytes); returns its bytes. */
int qg_utf8_encode(char *out, int32_t c);

/** Tab, LF, CR, category Zs, and U+2028 / U+2029: separates words. */
bool qg_is_space(int32_t c);

/** The property White_Space: Z*, U+0009 .. U+000D, U+0085. */
bool qg_is_white_space(int32_t c);

/** U+0000, U+FFFD and categories Cc, Cf, Cs, Co other than tab, LF, CR: dropped. */
bool qg_is_control(int32_t c);

/** ASCII non-alphanumerics and categories P*. */
bool qg_is_punctuation(int32_t c);

/** CJK ideographs, as BERT lists them (Hangul, kana are not). */
bool qg_is_cjk(int32_t c);

/** Category L* or M*. */
bool qg_is_letter(int32_t c);

/** Letter, number or '_': what \w matches in Python. */
bool qg_is_word_character(int32_t c);

/** Alphabetic, M*, Nd, Pc or a joiner: what \w matches in Rust's regex. */
bool qg_is_joined(int32_t c);

/** Category M*. */
bool qg_is_any_mark(int32_t c);

/** Nonspacing mark. */
bool qg_is_mark(int32_t c);

/** Lower case of one code point (two for U+0130); returns how many. */
int qg_lower(int32_t out[2], int32_t c);

/** Canonical decomposition of one code point; returns how many. */
int qg_decompose(int32_t out[QG_MAX_DECOMPOSED], int32_t c);

/** Appends valid UTF-8 in normalization form C (or KC: `compatible`); other bytes as they are. */
void qg_compose(qg_str *out, const char *text, size_t len, bool compatible);

#endif
