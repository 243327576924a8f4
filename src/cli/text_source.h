/*
 * text_source.h - lines of text or token ids, as tokenize, predict and explain read them.
 */
#ifndef QGRID_TEXT_SOURCE_H
#define QGRID_TEXT_SOURCE_H

#include "cli.h"

#include "qgrid/lines.h"
#include "qgrid/tokenizer.h"

enum { QG_MOST_READ = 16 };

/* What the command line says of the texts; lives as long as they are read. */
typedef struct qg_text_source {
    const char *path;               /* "-": standard input */
    bool jsonl;                     /* --jsonl */
    const char *read[QG_MOST_READ]; /* --read KEY=VALUE: keys of a "datasets" entry of a job */
    int n_read;
    qg_dataset_spec spec; /* of a table */
    qg_dataset table;
} qg_text_source;

#define QG_READ_HELP                                                                               \
    "how the file is read: a key of a job's \"datasets\", as format=csv; may be repeated"

/** Adds a --read; -1, or the exit status of a usage mistake. */
int qg_text_source_read(qg_text_source *s, const qg_command *cmd, const char *pair);

/**
 * Opens what is named: tables (by --read or by their extension) as a job reads them, without
 * labels; all else line by line.
 *
 * @errors QG_EUSAGE (--read of an unknown key or value), those of qg_dataset_load and
 *         qg_lines_open. Close with qg_lines_close. Local.
 */
qg_code qg_text_source_open(qg_lines *out, qg_text_source *s, qg_arena *a) QG_MUST_USE;

/** Echoes what identifies a line: its "id" if it has one, and its text. Starts the object. */
void qg_line_begin(qg_str *out, const qg_line *line);

/** "[2, 17, 3]". */
void qg_ids_add(qg_str *out, const int32_t *ids, int n);

/** Ids of a line: encoded text, or the ids as they stand, below `rows`, those of the embedding
 *  table: a model may have rows that no token names. @errors QG_EFORMAT. */
qg_code qg_line_ids(qg_encoding *out, const qg_line *line, const qg_tokenizer *t, int rows,
                    qg_arena *a, int max_length) QG_MUST_USE;

/** Most tokens of a text: what is wanted (0: nothing), bounded by the model and its tokenizer. */
int qg_text_limit(int64_t wanted, const qg_config *c, const qg_tokenizer *t);

/** Warns of what is odd in a model that answers texts. @errors QG_ENOMEM. */
qg_code qg_text_doubts(qg_arena *a, const qg_config *c, const char *dir) QG_MUST_USE;

/** Writes one line of output and empties the string. @errors QG_EIO. */
qg_code qg_line_print(qg_str *out) QG_MUST_USE;

#endif
