/*
 * text_source.h - lines of text or token ids, as tokenize, predict and explain read them.
 */
#ifndef QGRID_TEXT_SOURCE_H
#define QGRID_TEXT_SOURCE_H

#include "qgrid/lines.h"
#include "qgrid/tokenizer.h"

/** Echoes what identifies a line: its "id" if it has one, and its text. Starts the object. */
void qg_line_begin(qg_str *out, const qg_line *line);

/** "[2, 17, 3]". */
void qg_ids_add(qg_str *out, const int32_t *ids, int n);

/** Ids of a line: encoded text, or the ids as they stand (no tokens beyond `vocabulary`). */
qg_code qg_line_ids(qg_encoding *out, const qg_line *line, const qg_tokenizer *t, qg_arena *a,
                    int max_length) QG_MUST_USE;

/** Writes one line of output and empties the string. @errors QG_EIO. */
qg_code qg_line_print(qg_str *out) QG_MUST_USE;

#endif
